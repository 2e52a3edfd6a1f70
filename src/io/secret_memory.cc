#include "io/secret_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace tickscope::io {
namespace {

std::size_t WholePages(std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (std::max<std::size_t>(size, 1) + page - 1) / page * page;
}

// Closes a descriptor at the end of a scope.
class OpenDescriptor {
 public:
  explicit OpenDescriptor(int fd) : fd_(fd) {}
  ~OpenDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenDescriptor(const OpenDescriptor&) = delete;
  OpenDescriptor& operator=(const OpenDescriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

std::unexpected<Error> Refuse(ErrorCode code, const std::string& path, std::string_view why) {
  std::string message = "cannot use the file of secrets: path=";
  message.append(path).append(": ").append(why);
  return Fail(code, std::move(message));
}

}  // namespace

SecretMemory::SecretMemory(std::size_t size) : size_(size) {
  void* const pages =
      ::mmap(nullptr, WholePages(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TICKSCOPE_CHECK(pages != MAP_FAILED);
  begin_ = static_cast<std::byte*>(pages);
  TICKSCOPE_CHECK(::madvise(pages, WholePages(size), MADV_DONTDUMP) == 0);
  // Both are best effort: an old kernel has no MADV_WIPEONFORK, an unprivileged process may lock little.
  static_cast<void>(::madvise(pages, WholePages(size), MADV_WIPEONFORK));
  static_cast<void>(::mlock(pages, WholePages(size)));
}

SecretMemory::~SecretMemory() {
  Free();
}

SecretMemory::SecretMemory(SecretMemory&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretMemory& SecretMemory::operator=(SecretMemory&& other) noexcept {
  if (this == &other) return *this;
  Free();
  begin_ = std::exchange(other.begin_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

void SecretMemory::Free() {
  if (begin_ == nullptr) return;
  Wipe(bytes());
  ::munmap(begin_, WholePages(size_));
}

Result<SecretMemory> ReadSecretFile(const std::string& path, std::size_t bytes_max) {
  const OpenDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const int error_number = errno;
    return Refuse(error_number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kPermissionDenied, path,
                  std::generic_category().message(error_number));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return Refuse(ErrorCode::kPermissionDenied, path, "it is no regular file");
  if (status.st_uid != ::geteuid() && status.st_uid != 0)
    return Refuse(ErrorCode::kPermissionDenied, path, "it belongs to another user");
  if ((status.st_mode & 077U) != 0)
    return Refuse(ErrorCode::kPermissionDenied, path, "others may use it: want mode 0600 or 0400");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > bytes_max) return Refuse(ErrorCode::kOutOfRange, path, "it is too large");
  SecretMemory memory(size);
  std::size_t read = 0;
  while (read < size) {
    const ::ssize_t got = ::read(file.get(), memory.bytes().data() + read, size - read);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Refuse(ErrorCode::kUnavailable, path, "it cannot be read whole");
    read += static_cast<std::size_t>(got);
  }
  return memory;
}

void ForbidCoreDumps() {
  TICKSCOPE_CHECK(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}

Status KeepMemoryOutOfCoreDumps() {
  // core(5): of all kinds of mappings the first page of ELF files alone.
  constexpr std::string_view kElfHeaders = "0x10";
  const OpenDescriptor file(::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC));
  if (file.get() >= 0 && ::write(file.get(), kElfHeaders.data(), kElfHeaders.size()) ==
                             static_cast<::ssize_t>(kElfHeaders.size()))
    return {};
  const int error = errno;
  ForbidCoreDumps();
  return Fail(ErrorCode::kUnavailable,
              fmt::format("/proc/self/coredump_filter: {}", std::generic_category().message(error)));
}

void Wipe(std::span<std::byte> bytes) {
  ::explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace tickscope::io
