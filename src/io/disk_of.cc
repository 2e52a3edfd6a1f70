#include "io/disk_of.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace tickscope::io {

Result<std::uint64_t> DiskOf(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) return static_cast<std::uint64_t>(info.st_dev);
  const int error_number = errno;
  ErrorCode code = ErrorCode::kUnavailable;
  if (error_number == ENOENT || error_number == ENOTDIR) code = ErrorCode::kNotFound;
  if (error_number == EACCES) code = ErrorCode::kPermissionDenied;
  return Fail(code,
              "cannot tell its disk: path=" + path + ": " + std::generic_category().message(error_number));
}

}  // namespace tickscope::io
