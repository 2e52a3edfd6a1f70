// MemoryFileSystem: the FileSystem of tests. It keeps what was written apart from what was synced, so that a
// test can cut the power, and fails on request.
//
//   MemoryFileSystem fs;
//   fs.Inject({.operation = FileOperation::kSync, .nth = 3});  // The third sync from now fails.
//   fs.CutPowerAfter(17);                                      // Or: everything fails after 17 more changes,
//   fs.Crash({.unsynced = CrashPolicy::Unsynced::kTorn, .seed = 42});  // and this is what the next start
//   finds.
//
// Invariants   F1 After Crash with kLost a file holds exactly what it held at its last Sync, and a directory
//                 exactly the names it had at its last SyncDirectory.
//              F2 After Crash with kTorn a file holds either that, or a prefix of what was appended later as
//              well,
//                 whose end may read as zeros; a directory has all its unsynced changes or none.
//              F3 A handle opened before Crash fails with kUnavailable afterwards.
// Threads      Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/file_system.h"

namespace tickscope::io {

enum class FileOperation : std::uint8_t {
  kOpenAppend,
  kOpenRead,
  kAppend,
  kSync,
  kTruncate,
  kRead,
  kCreateDirectories,
  kList,
  kRename,
  kLink,
  kRemove,
  kSyncDirectory,
};
inline constexpr std::size_t kFileOperationCount = 12;

/// Makes one operation (or a run of them) fail.
struct FileFault {
  static constexpr std::uint64_t kForever = ~std::uint64_t{0};

  FileOperation operation = FileOperation::kAppend;
  std::uint64_t nth = 1;      ///< Which matching operation from now on; 1 is the next.
  std::uint64_t times = 1;    ///< How many in a row fail from there.
  std::string path_contains;  ///< Only operations on such paths count; empty means all.
  Error error = {ErrorCode::kUnavailable, "injected fault"};
  std::uint64_t bytes_kept = 0;  ///< kAppend only: bytes that reach the file before it fails.
};

/// What a power cut does to data that was not synced.
struct CrashPolicy {
  enum class Unsynced : std::uint8_t {
    kLost,  ///< All of it is gone.
    kTorn,  ///< A seeded random part survives (F2).
  };
  Unsynced unsynced = Unsynced::kLost;
  std::uint64_t seed = 0;
};

class MemoryFileSystem final : public FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;
  MemoryFileSystem(const MemoryFileSystem&) = delete;
  MemoryFileSystem& operator=(const MemoryFileSystem&) = delete;

  [[nodiscard]] Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path,
                                                               OpenMode mode) override;
  [[nodiscard]] Result<std::unique_ptr<ReadFile>> OpenRead(const std::string& path) override;
  /// A copy: what happens to the file later does not show.
  [[nodiscard]] Result<std::unique_ptr<MappedFile>> Map(const std::string& path) override;
  /// Counts as kOpenAppend, a write as kAppend. What was written counts against the capacity, and is lost in a crash.
  [[nodiscard]] Result<std::unique_ptr<SparseFile>> CreateSparse(const std::string& path,
                                                                 std::uint64_t size) override;
  [[nodiscard]] Status CreateDirectories(const std::string& path) override;
  [[nodiscard]] Result<std::vector<DirectoryEntry>> List(const std::string& directory) override;
  [[nodiscard]] Status Rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Status Link(const std::string& from, const std::string& to) override;
  [[nodiscard]] Status Remove(const std::string& path) override;
  [[nodiscard]] Status SyncDirectory(const std::string& directory) override;
  [[nodiscard]] Result<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& directory) override;
  [[nodiscard]] Result<std::uint64_t> FreeBytes(const std::string& directory) override;

  void Inject(FileFault fault);
  void ClearFaults();
  /// Size of the disk. An append that does not fit writes what does and fails with kResourceExhausted.
  void SetCapacity(std::uint64_t bytes);
  /// Lets `changes` more changing operations succeed (all but opens for reading, reads and lists), then fails
  /// everything with kUnavailable until Crash. The append that meets the cut may survive in part.
  void CutPowerAfter(std::uint64_t changes);
  /// Drops all handles, locks and faults, applies `policy`, and works again.
  void Crash(const CrashPolicy& policy);
  /// XORs one stored byte, as a decaying disk would. The file is there and long enough.
  void FlipBits(const std::string& path, std::uint64_t offset, std::uint8_t mask);

  /// Operations of that kind attempted so far.
  [[nodiscard]] std::uint64_t operation_count(FileOperation operation) const;
  /// Changing operations attempted so far: the number of places where CutPowerAfter can strike.
  [[nodiscard]] std::uint64_t change_count() const;

 private:
  class State;
  class MemoryAppendFile;
  class MemoryReadFile;
  class MemorySparseFile;
  class MemoryDirectoryLock;
  const std::shared_ptr<State> state_;
};

}  // namespace tickscope::io
