// Spool: what waits on disk for a receiver that is away, class by class, within a budget.
//
// Classes are in the order of their worth: samples of SLIs before logs of errors before the rest. Each has a share of the budget that
// no other class takes from it; beyond its share it keeps what the others leave. When the budget is used up, or the disk is full, the least
// worthy class that has more than its share loses its oldest segment, and what was in it is counted. Spools that share a disk let each other
// have room by the same order (shared_disk.h).
//
// Threads   Thread-safe for the sake of spools on other threads that want room; one thread appends and takes. Its lock is held over calls
//           to the file system: nobody else waits for it but on a disk that is full.
// Metrics   tickscope_spool_bytes{class}, tickscope_spool_waiting_bytes{class}, tickscope_spool_records_total{class},
//           tickscope_spool_lost_items_total{class,reason}, tickscope_spool_damages{class}
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "spool/shared_disk.h"
#include "spool/spool_queue.h"

namespace tickscope::spool {

struct SpoolClass {
  std::string name;  ///< Also of its directory: letters, digits, '_'.
  std::uint64_t share_bytes = 0;
  bool newest_first = false;
  Worth worth = Worth::kLogs;  ///< Beside classes of other spools.
};

struct SpoolOptions {
  std::string directory;
  std::uint64_t bytes_max = 1U << 30;
  std::uint64_t segment_bytes = 4U << 20;
  std::vector<SpoolClass> classes;  ///< The worthiest first.
  MetricLabels labels;              ///< Of its metrics, besides the class.
  SharedDisk* shared = nullptr;     ///< With whom it shares disks; outlives it. Null: with nobody.
};

class Spool {
 public:
  /// Takes the directory for this process. The registry outlives the spool.
  /// Errors: kInvalidArgument when the shares are more than the budget, or a class has no room for two segments; kUnavailable when
  /// another process has the directory; as the file system.
  [[nodiscard]] static Result<std::unique_ptr<Spool>> Open(io::FileSystem& fs, Random& random,
                                                           MetricRegistry& metrics, SpoolOptions options);
  ~Spool();

  /// Adds a record to a class, in the place of less worthy ones when there is no room. Durable when Commit returns.
  /// Errors: kInvalidArgument for a record that never fits; kResourceExhausted when nothing can go for it; whether it is lost, who calls knows.
  [[nodiscard]] Status Append(std::size_t of_class, ByteView payload, std::uint32_t items, TimeMs made_ms)
      TICKSCOPE_EXCLUDES(mu_);
  /// As SpoolQueue, of all classes.
  [[nodiscard]] Status Commit() TICKSCOPE_EXCLUDES(mu_);
  /// The next record of the worthiest class that has one.
  struct Taken {
    std::size_t of_class = 0;
    SpoolRecord record;
  };
  [[nodiscard]] Result<std::optional<Taken>> Next() TICKSCOPE_EXCLUDES(mu_);
  void Done(const Taken& taken) TICKSCOPE_EXCLUDES(mu_);

  /// As SpoolQueue, of all classes. `visit` does not call the spool.
  [[nodiscard]] Status VisitNewest(const std::function<void(ByteView)>& visit) const TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::uint64_t disk_bytes() const { return disk_bytes_; }
  [[nodiscard]] std::uint64_t waiting_bytes() const TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::size_t class_count() const { return options_.classes.size(); }
  [[nodiscard]] Worth worth(std::size_t of_class) const { return options_.classes[of_class].worth; }
  // As SpoolQueue, of one class.
  [[nodiscard]] std::uint64_t class_bytes(std::size_t of_class) const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::uint64_t epoch(std::size_t of_class) const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::uint64_t next_number(std::size_t of_class) const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] Result<std::uint64_t> LastNumber(std::size_t of_class, std::uint64_t epoch) const
      TICKSCOPE_EXCLUDES(mu_);

 private:
  friend class SharedDisk;
  struct Part {
    SpoolClass options;
    std::unique_ptr<SpoolQueue> queue;
    Gauge* bytes = nullptr;
    Gauge* waiting_bytes = nullptr;
    Gauge* damages = nullptr;
    Counter* records = nullptr;
    Counter* lost_to_budget = nullptr;
    Counter* lost_to_full_disk = nullptr;
    Counter* gave_way = nullptr;
  };
  // What is used up.
  enum class Shortage : std::uint8_t { kBudget, kSharedBudget, kDisk };

  explicit Spool(SpoolOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Status OpenParts(io::FileSystem& fs, Random& random, MetricRegistry& metrics)
      TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] Status Put(std::size_t of_class, ByteView payload, std::uint32_t items, TimeMs made_ms)
      TICKSCOPE_EXCLUDES(mu_);
  // What the disk has to have for a record.
  [[nodiscard]] std::uint64_t BytesToAppend(std::size_t of_class, std::size_t payload_bytes) const
      TICKSCOPE_EXCLUDES(mu_);
  // Has other spools, or this one, let a segment go for `need` more bytes of a class. False when none may.
  [[nodiscard]] bool MakeRoom(std::size_t of_class, std::uint64_t need, Shortage shortage)
      TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] bool MakeOwnRoom(std::size_t of_class, std::uint64_t need, Shortage shortage)
      TICKSCOPE_EXCLUDES(mu_);
  // Lets the oldest segment of a class go for another spool. False when it has none that may.
  [[nodiscard]] bool GiveWay(std::size_t of_class) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] bool LetGo(Part& part, Counter& lost) TICKSCOPE_REQUIRES(mu_);
  void Show(Part& part) TICKSCOPE_REQUIRES(mu_);

  const SpoolOptions options_;
  std::unique_ptr<io::DirectoryLock> lock_;
  mutable Mutex mu_;
  std::vector<Part> parts_ TICKSCOPE_GUARDED_BY(mu_);
  std::atomic<std::uint64_t> disk_bytes_{0};  // Of all parts, as last shown.
};

}  // namespace tickscope::spool
