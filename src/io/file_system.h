// FileSystem: the only way to files. Production is PosixFileSystem; tests hold a MemoryFileSystem that can
// fail, tear writes and forget what was not synced.
//
// Durable means synced: data by AppendFile::Sync, names by FileSystem::SyncDirectory.
// Paths are '/'-separated and never derived from outside input.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace tickscope::io {

/// A file that grows at its end. One writer; not thread-safe. Closed by destruction.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  /// Appends all pieces in order. *Appended*, not durable. After an error the file may hold a prefix of them.
  /// Errors: kResourceExhausted when the disk is full, else kUnavailable.
  [[nodiscard]] virtual Status Append(std::span<const ByteView> pieces) = 0;
  /// Makes everything appended durable. After a failure the state on disk is unknown and the file refuses
  /// further use with kUnavailable: never retry, recover.
  [[nodiscard]] virtual Status Sync() = 0;
  /// Takes room for `bytes` of the file on the disk, so that appends up to there do not find it full. A hint where there is no such thing.
  /// Errors: kResourceExhausted.
  [[nodiscard]] virtual Status Reserve(std::uint64_t /*bytes*/) { return {}; }
  /// Cuts the file to `size` bytes.
  [[nodiscard]] virtual Status Truncate(std::uint64_t size) = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

/// A file open for reading at any offset. Thread-safe.
class ReadFile {
 public:
  virtual ~ReadFile() = default;
  /// Fills `out` from `offset`; returns how many bytes there were, fewer only at the end of the file.
  [[nodiscard]] virtual Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) const = 0;
  [[nodiscard]] virtual Result<std::uint64_t> Size() const = 0;
};

/// A whole file as memory, unchanging as long as nobody writes to it. Thread-safe. Pages are read when first
/// touched, so a failing disk shows as a signal, not an error: map what was checksummed when written, and check.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  [[nodiscard]] virtual ByteView bytes() const = 0;
  /// Lets the range leave the process's memory until it is touched again: who reads a large file once through keeps
  /// small by it. A hint; the bytes stay what they are.
  virtual void Release(std::uint64_t /*offset*/, std::uint64_t /*size*/) const {}
};

/// A file of fixed size that is filled in any order and read as memory; what was not written reads as zeros and takes no
/// room on the disk. For copies that can be made again: nothing of it is durable. Writes to different places and reads
/// of what was written before may go on at the same time. Closed by destruction; the file stays.
class SparseFile {
 public:
  virtual ~SparseFile() = default;
  /// Errors: kOutOfRange past the end; kResourceExhausted when the disk is full, and a part may be written then.
  [[nodiscard]] virtual Status WriteAt(std::uint64_t offset, ByteView bytes) = 0;
  /// All of it, at the same address as long as this lives. Pages are read when first touched, as in MappedFile.
  [[nodiscard]] virtual ByteView bytes() const = 0;
};

/// Held while a process owns a directory; released by destruction or by the process's end.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

struct DirectoryEntry {
  std::string name;  ///< Without the directory.
  bool is_directory = false;
  std::uint64_t size = 0;  ///< Bytes, files only.
};

enum class OpenMode : std::uint8_t {
  kCreateNew,     ///< Fails with kAlreadyExists when the file is there.
  kTruncate,      ///< Creates or empties.
  kOpenExisting,  ///< Appends to a file that is there; kNotFound otherwise.
};

/// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path,
                                                                       OpenMode mode) = 0;
  /// Errors: kNotFound.
  [[nodiscard]] virtual Result<std::unique_ptr<ReadFile>> OpenRead(const std::string& path) = 0;
  /// Maps a file that will not change any more. Errors: kNotFound.
  [[nodiscard]] virtual Result<std::unique_ptr<MappedFile>> Map(const std::string& path) = 0;
  /// Creates a file of `size` bytes, replacing one that is there. Until it is let go it is reached by this object alone:
  /// other ways to read it may see nothing. Errors: kResourceExhausted when `size` is more than can be mapped.
  [[nodiscard]] virtual Result<std::unique_ptr<SparseFile>> CreateSparse(const std::string& path,
                                                                         std::uint64_t size) = 0;
  /// Creates the directory and its parents, durably; fine when they are there.
  [[nodiscard]] virtual Status CreateDirectories(const std::string& path) = 0;
  /// Entries sorted by name. Errors: kNotFound.
  [[nodiscard]] virtual Result<std::vector<DirectoryEntry>> List(const std::string& directory) = 0;
  /// Atomically gives `from` the name `to`, replacing it.
  [[nodiscard]] virtual Status Rename(const std::string& from, const std::string& to) = 0;
  /// Gives the file `from` the further name `to`, so that both are one file; a directory cannot have two.
  /// Errors: kNotFound; kAlreadyExists when `to` is taken; kUnsupported across disks or where there are no links:
  /// copy then.
  [[nodiscard]] virtual Status Link(const std::string& from, const std::string& to) = 0;
  /// Removes a file or an empty directory. Errors: kNotFound.
  [[nodiscard]] virtual Status Remove(const std::string& path) = 0;
  /// Makes creations, renames and removals in the directory durable.
  [[nodiscard]] virtual Status SyncDirectory(const std::string& directory) = 0;
  /// Takes the directory for this process. Errors: kUnavailable when another process holds it.
  [[nodiscard]] virtual Result<std::unique_ptr<DirectoryLock>> LockDirectory(
      const std::string& directory) = 0;
  /// Bytes an unprivileged process may still write on the directory's disk.
  [[nodiscard]] virtual Result<std::uint64_t> FreeBytes(const std::string& directory) = 0;
};

/// "a/b" for "a/b/c", "/" for "/a", "." for "a".
[[nodiscard]] std::string ParentDirectory(std::string_view path);

/// Whole content of a small file. Errors: kNotFound; kOutOfRange when it exceeds `bytes_max`.
[[nodiscard]] Result<std::string> ReadWholeFile(FileSystem& fs, const std::string& path,
                                                std::uint64_t bytes_max);

/// Writes `content` under a temporary name, syncs, renames, syncs the directory: readers see the old or the
/// new file, also after a crash. One writer a path at a time.
[[nodiscard]] Status WriteFileAtomically(FileSystem& fs, const std::string& path, std::string_view content);

}  // namespace tickscope::io
