#include "io/secret_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "io/posix_file_system.h"
#include "io/secret_memory.h"

namespace tickscope::io {
namespace {

std::unexpected<Error> FailErrno(const char* doing, const std::string& path) {
  const int error_number = errno;
  std::string message = "cannot ";
  message.append(doing).append(": path=").append(path).append(": ");
  message.append(std::generic_category().message(error_number));
  const bool is_full = error_number == ENOSPC || error_number == EDQUOT;
  return Fail(is_full ? ErrorCode::kResourceExhausted : ErrorCode::kUnavailable, std::move(message));
}

// A whole file with that content under a name of its own, which then gets the name it is to have unless somebody was first.
Status Make(const std::string& path, std::size_t bytes) {
  std::string secret(bytes, '\0');
  for (std::size_t filled = 0; filled < bytes;) {
    const ::ssize_t got = ::getrandom(secret.data() + filled, bytes - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return FailErrno("read random bytes", path);
    filled += static_cast<std::size_t>(got);
  }
  const std::string fresh = path + ".new." + std::to_string(::getpid());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return FailErrno("create a file", fresh);
  const bool is_written = ::fchmod(fd, 0600) == 0 &&
                          ::write(fd, secret.data(), bytes) == static_cast<::ssize_t>(bytes) &&
                          ::fsync(fd) == 0;
  const Status written = is_written ? Status{} : FailErrno("write", fresh);
  ::close(fd);
  Status linked;
  if (written && ::link(fresh.c_str(), path.c_str()) != 0 && errno != EEXIST)
    linked = FailErrno("link", path);
  static_cast<void>(::unlink(fresh.c_str()));
  TICKSCOPE_RETURN_IF_ERROR(written);
  TICKSCOPE_RETURN_IF_ERROR(linked);
  return MakePosixFileSystem()->SyncDirectory(ParentDirectory(path));
}

}  // namespace

Result<std::string> KeepSecretFile(const std::string& path, std::size_t bytes) {
  auto memory = ReadSecretFile(path, bytes);
  if (!memory && memory.error().code == ErrorCode::kNotFound) {
    TICKSCOPE_RETURN_IF_ERROR(Make(path, bytes));
    memory = ReadSecretFile(path, bytes);
  }
  if (!memory) return std::unexpected(memory.error());
  std::string secret(AsText(memory->bytes()));
  if (secret.size() != bytes)
    return Fail(ErrorCode::kCorruption, "the secret has another size: remove it for a new one: path=" + path);
  return secret;
}

}  // namespace tickscope::io
