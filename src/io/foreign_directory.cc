#include "io/foreign_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tickscope::io {
namespace {

constexpr std::size_t kEntriesMax = 100'000;

std::unexpected<Error> FailErrno(std::string_view doing, std::string_view name, int error_number) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (error_number == ENOENT) code = ErrorCode::kNotFound;
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS)
    code = ErrorCode::kPermissionDenied;
  // A link where none may be, a file where a directory should be, a socket.
  if (error_number == ELOOP || error_number == ENOTDIR || error_number == ENXIO)
    code = ErrorCode::kInvalidArgument;
  std::string message = "cannot ";
  message.append(doing).append(": name=").append(name).append(": ");
  message.append(std::generic_category().message(error_number));
  return Fail(code, std::move(message));
}

FileIdentity IdentityOf(const struct stat& info) {
  return {.device = static_cast<std::uint64_t>(info.st_dev),
          .inode = static_cast<std::uint64_t>(info.st_ino)};
}

class ForeignReadFile final : public ReadFile {
 public:
  ForeignReadFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  ~ForeignReadFile() override { ::close(fd_); }
  ForeignReadFile(const ForeignReadFile&) = delete;
  ForeignReadFile& operator=(const ForeignReadFile&) = delete;

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t got =
          ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return FailErrno("read", name_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<std::uint64_t> Size() const override {
    struct stat info{};
    if (::fstat(fd_, &info) != 0) return FailErrno("stat", name_, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  const int fd_;
  const std::string name_;
};

class PosixForeignDirectory final : public ForeignDirectory {
 public:
  explicit PosixForeignDirectory(DIR* directory) : directory_(directory), fd_(::dirfd(directory)) {}
  ~PosixForeignDirectory() override { ::closedir(directory_); }
  PosixForeignDirectory(const PosixForeignDirectory&) = delete;
  PosixForeignDirectory& operator=(const PosixForeignDirectory&) = delete;

  Result<std::vector<std::string>> Names(std::string_view suffix) override {
    std::vector<std::string> names;
    ::rewinddir(directory_);
    for (std::size_t looked_at = 0; looked_at < kEntriesMax; ++looked_at) {
      errno = 0;
      const dirent* const entry = ::readdir(directory_);
      if (entry == nullptr && errno != 0) return FailErrno("list", "", errno);
      if (entry == nullptr) break;
      const std::string_view name(entry->d_name);
      if (name.size() > suffix.size() && name.ends_with(suffix)) names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  Result<FileIdentity> Identify(const std::string& name) override {
    struct stat info{};
    if (::fstatat(fd_, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return FailErrno("stat", name, errno);
    return IdentityOf(info);
  }

  Result<ForeignFile> OpenRead(const std::string& name) override {
    if (name.contains('/')) return FailErrno("open for reading", name, ELOOP);
    // Without waiting: the other end of a pipe may never be opened.
    const int fd = ::openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return FailErrno("open for reading", name, errno);
    auto file = std::make_unique<ForeignReadFile>(fd, name);
    struct stat info{};
    if (::fstat(fd, &info) != 0) return FailErrno("stat", name, errno);
    if (!S_ISREG(info.st_mode)) return Fail(ErrorCode::kInvalidArgument, "not a plain file: name=" + name);
    return ForeignFile{.file = std::move(file), .identity = IdentityOf(info)};
  }

  Status Remove(const std::string& name, const FileIdentity& identity) override {
    TICKSCOPE_ASSIGN_OR_RETURN(const FileIdentity now, Identify(name));
    if (now != identity) return Fail(ErrorCode::kNotFound, "another file has the name by now: name=" + name);
    if (::unlinkat(fd_, name.c_str(), 0) != 0) return FailErrno("remove", name, errno);
    return {};
  }

 private:
  DIR* const directory_;
  const int fd_;
};

}  // namespace

Result<std::unique_ptr<ForeignDirectory>> OpenForeignDirectory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return FailErrno("open the directory", path, errno);
  DIR* const directory = ::fdopendir(fd);
  if (directory == nullptr) {
    const int error_number = errno;
    ::close(fd);
    return FailErrno("open the directory", path, error_number);
  }
  return std::make_unique<PosixForeignDirectory>(directory);
}

}  // namespace tickscope::io
