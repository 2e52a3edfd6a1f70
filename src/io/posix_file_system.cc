#include "io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace tickscope::io {
namespace {

// Pieces handed to the kernel at once; IOV_MAX is 1024 on Linux, and more than this per call gains nothing.
constexpr std::size_t kPiecesPerWrite = 64;

// Less than the kernel would map, more than any file of ours.
constexpr std::uint64_t kMappedBytesMax = std::uint64_t{1} << 40;

ErrorCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return ErrorCode::kResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermissionDenied;
    case EXDEV:
    case EMLINK:
    case EOPNOTSUPP:
      return ErrorCode::kUnsupported;
    default:
      return ErrorCode::kUnavailable;
  }
}

std::unexpected<Error> FailErrno(std::string_view doing, const std::string& path, int error_number) {
  std::string message = "cannot ";
  message.append(doing).append(": path=").append(path).append(": ");
  message.append(std::generic_category().message(error_number));
  return Fail(CodeOf(error_number), std::move(message));
}

// Repeats a call that a signal interrupted.
template <typename Call>
auto Retrying(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR)
    result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Result<Descriptor> Open(std::string_view doing, const std::string& path, int flags) {
  const int fd = Retrying([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0640); });
  if (fd < 0) return FailErrno(doing, path, errno);
  return Descriptor(fd);
}

Result<std::uint64_t> SizeOf(const Descriptor& fd, const std::string& path) {
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return FailErrno("stat", path, errno);
  return static_cast<std::uint64_t>(info.st_size);
}

class PosixAppendFile final : public AppendFile {
 public:
  PosixAppendFile(Descriptor fd, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  Status Append(std::span<const ByteView> pieces) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    std::size_t piece = 0;
    std::size_t skip = 0;  // Bytes of pieces[piece] already written.
    while (piece < pieces.size()) {
      std::array<iovec, kPiecesPerWrite> vectors;
      const std::size_t count = std::min(kPiecesPerWrite, pieces.size() - piece);
      for (std::size_t i = 0; i < count; ++i) {
        const ByteView rest = pieces[piece + i].subspan(i == 0 ? skip : 0);
        vectors[i] = {const_cast<std::byte*>(rest.data()), rest.size()};
      }
      const ssize_t written = Retrying([&] {
        return ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(size_));
      });
      if (written < 0) return FailErrno("write", path_, errno);
      size_ += static_cast<std::uint64_t>(written);
      for (auto left = static_cast<std::size_t>(written); piece < pieces.size();) {
        const std::size_t rest = pieces[piece].size() - skip;
        if (left < rest) {
          skip += left;
          break;
        }
        left -= rest;
        skip = 0;
        ++piece;
      }
    }
    return {};
  }

  Status Sync() override {
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    if (Retrying([&] { return ::fdatasync(fd_.get()); }) != 0) {
      sync_failed_ = true;
      return FailErrno("sync", path_, errno);
    }
    return {};
  }

  Status Reserve(std::uint64_t bytes) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    const int failed =
        Retrying([&] { return ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)); });
    if (failed != 0 && errno != EOPNOTSUPP) return FailErrno("reserve", path_, errno);
    return {};
  }

  Status Truncate(std::uint64_t size) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckUsable());
    if (Retrying([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); }) != 0) {
      return FailErrno("truncate", path_, errno);
    }
    size_ = size;
    return {};
  }

  std::uint64_t size() const override { return size_; }

 private:
  // The kernel marks pages clean after a failed fsync, so a second one would report a success that is none.
  Status CheckUsable() const {
    if (sync_failed_)
      return Fail(ErrorCode::kUnavailable, "file unusable after a failed sync: path=" + path_);
    return {};
  }

  Descriptor fd_;
  const std::string path_;
  std::uint64_t size_;
  bool sync_failed_ = false;
};

class PosixReadFile final : public ReadFile {
 public:
  PosixReadFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      const ssize_t got = Retrying([&] {
        return ::pread(fd_.get(), out.data() + filled, out.size() - filled,
                       static_cast<off_t>(offset + filled));
      });
      if (got < 0) return FailErrno("read", path_, errno);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

  Result<std::uint64_t> Size() const override { return SizeOf(fd_, path_); }

 private:
  const Descriptor fd_;
  const std::string path_;
};

class PosixMappedFile final : public MappedFile {
 public:
  PosixMappedFile(const void* at, std::size_t size) : bytes_(static_cast<const std::byte*>(at), size) {}
  ~PosixMappedFile() override {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  PosixMappedFile(const PosixMappedFile&) = delete;
  PosixMappedFile& operator=(const PosixMappedFile&) = delete;

  ByteView bytes() const override { return bytes_; }
  void Release(std::uint64_t offset, std::uint64_t size) const override {
    // Whole pages within the range only.
    static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t end =
        offset > bytes_.size() || size > bytes_.size() - offset ? bytes_.size() : offset + size;
    const std::uint64_t from = (offset + page - 1) / page * page;
    const std::uint64_t to = end / page * page;
    if (from < to)
      static_cast<void>(::madvise(const_cast<std::byte*>(&bytes_[from]), to - from, MADV_DONTNEED));
  }

 private:
  const ByteView bytes_;
};

class PosixSparseFile final : public SparseFile {
 public:
  PosixSparseFile(Descriptor fd, std::string path, const void* at, std::size_t size)
      : fd_(std::move(fd)), path_(std::move(path)), mapping_(at, size) {}

  Status WriteAt(std::uint64_t offset, ByteView bytes) override {
    const std::uint64_t size = mapping_.bytes().size();
    if (offset > size || bytes.size() > size - offset) {
      return Fail(ErrorCode::kOutOfRange, "write past the end: path=" + path_);
    }
    while (!bytes.empty()) {
      const ssize_t written = Retrying(
          [&] { return ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (written < 0) return FailErrno("write", path_, errno);
      offset += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  ByteView bytes() const override { return mapping_.bytes(); }

 private:
  const Descriptor fd_;
  const std::string path_;
  // Shares its pages with what is written by the descriptor.
  const PosixMappedFile mapping_;
};

// flock on the directory itself: no lock file to clean up, and the kernel releases it when the process ends.
class PosixDirectoryLock final : public DirectoryLock {
 public:
  explicit PosixDirectoryLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  const Descriptor fd_;
};

class DirectoryStream {
 public:
  explicit DirectoryStream(const std::string& path) : dir_(::opendir(path.c_str())) {}
  ~DirectoryStream() {
    if (dir_ != nullptr) ::closedir(dir_);
  }
  DirectoryStream(const DirectoryStream&) = delete;
  DirectoryStream& operator=(const DirectoryStream&) = delete;

  [[nodiscard]] DIR* get() const { return dir_; }

 private:
  DIR* dir_;
};

int OpenFlags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kCreateNew:
      return O_WRONLY | O_CREAT | O_EXCL;
    case OpenMode::kTruncate:
      return O_WRONLY | O_CREAT | O_TRUNC;
    case OpenMode::kOpenExisting:
      return O_WRONLY;
  }
  std::unreachable();
}

bool IsDirectory(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path, OpenMode mode) override {
    TICKSCOPE_ASSIGN_OR_RETURN(Descriptor fd, Open("open for append", path, OpenFlags(mode)));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, SizeOf(fd, path));
    return std::make_unique<PosixAppendFile>(std::move(fd), path, size);
  }

  Result<std::unique_ptr<ReadFile>> OpenRead(const std::string& path) override {
    TICKSCOPE_ASSIGN_OR_RETURN(Descriptor fd, Open("open for reading", path, O_RDONLY));
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return FailErrno("stat", path, errno);
    if (S_ISDIR(info.st_mode)) return FailErrno("open for reading", path, EISDIR);
    return std::make_unique<PosixReadFile>(std::move(fd), path);
  }

  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) override {
    TICKSCOPE_ASSIGN_OR_RETURN(const Descriptor fd, Open("open for mapping", path, O_RDONLY));
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return FailErrno("stat", path, errno);
    if (S_ISDIR(info.st_mode)) return FailErrno("map", path, EISDIR);
    const auto size = static_cast<std::size_t>(info.st_size);
    // The kernel refuses to map nothing.
    if (size == 0) return std::make_unique<PosixMappedFile>(nullptr, 0);
    void* const at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return FailErrno("map", path, errno);
    return std::make_unique<PosixMappedFile>(at, size);
  }

  Result<std::unique_ptr<SparseFile>> CreateSparse(const std::string& path, std::uint64_t size) override {
    if (size > kMappedBytesMax) return FailErrno("create sparse", path, EFBIG);
    // A new file, not one emptied: others may still have the old one mapped, and would lose its pages.
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return FailErrno("create sparse", path, errno);
    TICKSCOPE_ASSIGN_OR_RETURN(Descriptor fd, Open("create sparse", path, O_RDWR | O_CREAT | O_EXCL));
    if (Retrying([&] { return ::ftruncate(fd.get(), static_cast<off_t>(size)); }) != 0) {
      return FailErrno("create sparse", path, errno);
    }
    // The kernel refuses to map nothing.
    if (size == 0) return std::make_unique<PosixSparseFile>(std::move(fd), path, nullptr, 0);
    void* const at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return FailErrno("map", path, errno);
    return std::make_unique<PosixSparseFile>(std::move(fd), path, at, size);
  }

  Status CreateDirectories(const std::string& path) override {
    for (std::size_t end = 0; end < path.size();) {
      end = std::min(path.find('/', end + 1), path.size());
      const std::string prefix = path.substr(0, end);
      if (::mkdir(prefix.c_str(), 0750) == 0) {
        TICKSCOPE_RETURN_IF_ERROR(SyncDirectory(ParentDirectory(prefix)));
      } else if (const int error_number = errno; !IsDirectory(prefix)) {
        return FailErrno("create directory", prefix, error_number);
      }
    }
    return {};
  }

  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    const DirectoryStream stream(directory);
    if (stream.get() == nullptr) return FailErrno("list directory", directory, errno);
    std::vector<DirectoryEntry> entries;
    for (;;) {
      errno = 0;
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat info{};
      if (::fstatat(::dirfd(stream.get()), entry->d_name, &info, 0) != 0) {
        if (errno == ENOENT) continue;  // Removed since readdir, or a dangling link.
        return FailErrno("stat", directory + "/" + entry->d_name, errno);
      }
      const bool is_directory = S_ISDIR(info.st_mode);
      entries.push_back(
          {std::string(name), is_directory, is_directory ? 0 : static_cast<std::uint64_t>(info.st_size)});
    }
    if (errno != 0) return FailErrno("list directory", directory, errno);
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return FailErrno("rename to " + to, from, errno);
    return {};
  }

  Status Link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0) return FailErrno("link to " + to, from, errno);
    return {};
  }

  Status Remove(const std::string& path) override {
    if (::remove(path.c_str()) != 0) return FailErrno("remove", path, errno);
    return {};
  }

  Status SyncDirectory(const std::string& directory) override {
    TICKSCOPE_ASSIGN_OR_RETURN(const Descriptor fd,
                               Open("open directory", directory, O_RDONLY | O_DIRECTORY));
    if (Retrying([&] { return ::fsync(fd.get()); }) != 0)
      return FailErrno("sync directory", directory, errno);
    return {};
  }

  Result<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& directory) override {
    TICKSCOPE_ASSIGN_OR_RETURN(Descriptor fd, Open("open directory", directory, O_RDONLY | O_DIRECTORY));
    if (Retrying([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno != EWOULDBLOCK) return FailErrno("lock directory", directory, errno);
      return Fail(ErrorCode::kUnavailable, "directory is in use by another process: path=" + directory);
    }
    return std::make_unique<PosixDirectoryLock>(std::move(fd));
  }

  Result<std::uint64_t> FreeBytes(const std::string& directory) override {
    struct statvfs info{};
    if (Retrying([&] { return ::statvfs(directory.c_str(), &info); }) != 0) {
      return FailErrno("read free space", directory, errno);
    }
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  }
};

}  // namespace

std::unique_ptr<FileSystem> MakePosixFileSystem() {
  return std::make_unique<PosixFileSystem>();
}

}  // namespace tickscope::io
