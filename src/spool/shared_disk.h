// SharedDisk: the spools of one process together, so that what is worth least goes first, whosever it is.
//
//   Spool::Append finds no room -> MakeRoom: the least worthy class of the other spools loses its oldest segment -> Append tries again
//
// What is worth less gives way whatever its share is: a share is of its spool's budget, and the disk has less than that. Of classes that are
// worth the same the largest gives way, if it is larger than who asks. What gave way is counted by its own spool, reason="gave_way".
//
// Two things may be used up: a disk that several spools lie on, which the disk says; and `bytes_max` for all of them, wherever they lie.
//
// Threads   Thread-safe: spools live on several threads. This one's lock comes before a spool's, and a spool asks while it holds none. Both are
//           held over the removal of a file: a disk that is full is the only time when anybody waits for that.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"

namespace tickscope::spool {

class Spool;

/// What records are worth, the worthiest first.
enum class Worth : std::uint8_t { kMetrics, kErrorLogs, kLogs };

class SharedDisk {
 public:
  /// Names the disk that a directory lies on: the same for two that share one.
  using DiskOf = std::function<Result<std::uint64_t>(const std::string& directory)>;

  /// `bytes_max` of all spools together; 0 for no such bound.
  explicit SharedDisk(DiskOf disk_of, std::uint64_t bytes_max = 0)
      : disk_of_(std::move(disk_of)), bytes_max_(bytes_max) {}
  SharedDisk(const SharedDisk&) = delete;
  SharedDisk& operator=(const SharedDisk&) = delete;

  /// Holds from the next append on.
  void SetBytesMax(std::uint64_t bytes_max) { bytes_max_ = bytes_max; }
  /// Of all spools.
  [[nodiscard]] std::uint64_t disk_bytes() const TICKSCOPE_EXCLUDES(mu_);

 private:
  friend class Spool;
  struct Member {
    Spool* spool = nullptr;
    std::uint64_t disk = 0;
  };
  enum class Where : std::uint8_t { kSameDisk, kAnywhere };

  [[nodiscard]] Status Join(Spool& spool, const std::string& directory) TICKSCOPE_EXCLUDES(mu_);
  void Leave(const Spool& spool) TICKSCOPE_EXCLUDES(mu_);
  /// Whether `need` more bytes are within `bytes_max`.
  [[nodiscard]] bool Fits(std::uint64_t need) const TICKSCOPE_EXCLUDES(mu_);
  /// Has one segment of another spool go for a class of `asker` that is worth `worth` and has `bytes`. False when none may.
  [[nodiscard]] bool MakeRoom(const Spool& asker, Worth worth, std::uint64_t bytes, Where where)
      TICKSCOPE_EXCLUDES(mu_);

  const DiskOf disk_of_;
  std::atomic<std::uint64_t> bytes_max_;
  mutable Mutex mu_;
  std::vector<Member> members_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::spool
