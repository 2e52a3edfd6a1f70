#include "io/shared_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include <array>

#include "io/file_system.h"

namespace tickscope::io {
namespace {

std::unexpected<Error> LoaderError(const std::string& path) {
  const char* const reason = dlerror();
  return Fail(ErrorCode::kUnavailable,
              "cannot load " + path + ": " + (reason == nullptr ? "unknown reason" : reason));
}

}  // namespace

Result<void*> LoadSymbol(const std::string& path, const std::string& symbol) {
  // Never closed on purpose; the loader counts references and loads a path once.
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return LoaderError(path);
  void* const address = dlsym(library, symbol.c_str());
  if (address == nullptr) return LoaderError(path);
  return address;
}

std::string LibraryDirectory() {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t size = readlink("/proc/self/exe", buffer.data(), buffer.size());
  if (size <= 0 || static_cast<std::size_t>(size) == buffer.size()) return {};
  const std::string binary(buffer.data(), static_cast<std::size_t>(size));
  return ParentDirectory(ParentDirectory(binary)) + "/lib";
}

}  // namespace tickscope::io
