// Spool: what waits on disk for a receiver that is away, class by class, within a budget.
//
// Classes are in the order of their worth: samples of SLIs before logs of errors before the rest. Each has a share of the budget that
// no other class takes from it; beyond its share it keeps what the others leave. When the budget is used up, or the disk is full, the least
// worthy class that has more than its share loses its oldest segment, and what was in it is counted.
//
// Threads   Not thread-safe.
// Metrics   tickscope_spool_bytes{class}, tickscope_spool_waiting_bytes{class}, tickscope_spool_records_total{class},
//           tickscope_spool_lost_items_total{class,reason}, tickscope_spool_damages{class}
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/random.h"
#include "spool/spool_queue.h"

namespace tickscope::spool {

struct SpoolClass {
  std::string name;  ///< Also of its directory: letters, digits, '_'.
  std::uint64_t share_bytes = 0;
  bool newest_first = false;
};

struct SpoolOptions {
  std::string directory;
  std::uint64_t bytes_max = 1U << 30;
  std::uint64_t segment_bytes = 4U << 20;
  std::vector<SpoolClass> classes;  ///< The worthiest first.
  MetricLabels labels;              ///< Of its metrics, besides the class.
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
  /// Errors: kInvalidArgument for a record that never fits; kResourceExhausted when nothing can go for it: it is counted as lost, then.
  [[nodiscard]] Status Append(std::size_t of_class, ByteView payload, std::uint32_t items, TimeMs made_ms);
  /// As SpoolQueue, of all classes.
  [[nodiscard]] Status Commit();
  /// The next record of the worthiest class that has one.
  struct Taken {
    std::size_t of_class = 0;
    SpoolRecord record;
  };
  [[nodiscard]] Result<std::optional<Taken>> Next();
  void Done(const Taken& taken);

  /// As SpoolQueue, of all classes.
  [[nodiscard]] Status VisitNewest(const std::function<void(ByteView)>& visit) const;

  [[nodiscard]] std::uint64_t disk_bytes() const;
  [[nodiscard]] std::uint64_t waiting_bytes() const;
  /// The queue of a class, to ask it.
  [[nodiscard]] const SpoolQueue& queue(std::size_t of_class) const { return *parts_[of_class].queue; }

 private:
  struct Part {
    SpoolClass options;
    std::unique_ptr<SpoolQueue> queue;
    Gauge* bytes = nullptr;
    Gauge* waiting_bytes = nullptr;
    Gauge* damages = nullptr;
    Counter* records = nullptr;
    Counter* lost_to_budget = nullptr;
    Counter* lost_to_full_disk = nullptr;
  };

  explicit Spool(SpoolOptions options) : options_(std::move(options)) {}
  // Lets a segment go for `need` more bytes of a class. False when none may.
  [[nodiscard]] bool MakeRoom(std::size_t of_class, std::uint64_t need, bool is_disk_full);
  void Show(Part& part);

  const SpoolOptions options_;
  std::unique_ptr<io::DirectoryLock> lock_;
  std::vector<Part> parts_;
};

}  // namespace tickscope::spool
