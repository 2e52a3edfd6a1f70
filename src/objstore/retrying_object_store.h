// RetryingObjectStore: another store, whose calls are repeated while they fail for reasons that pass.
//
// Invariants   R1 Only kUnavailable, kDeadlineExceeded and kResourceExhausted are repeated: what is refused stays
//                 refused. That every call may be repeated is O2 of ObjectStore.
//              R2 A call ends: after attempts_max attempts, or when the deadline leaves no room for another one. It then
//                 fails with the last error, which says how often it was tried.
//              R3 A wait is uniform between nothing and a bound that doubles (full jitter), so that many callers whose
//                 store comes back do not all come back with it.
//              R4 A Get that came short although the object goes on is repeated like one that failed.
// Threads      As the store below. A call that waits holds no lock.
// Metrics      tickscope_objstore_calls_total{op,result}, _retries_total{op}, _seconds{op} (with all attempts),
//              _bytes_total{direction}.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "io/pause.h"
#include "objstore/object_store.h"
#include "objstore/store_options.h"

namespace tickscope::objstore {

class RetryingObjectStore final : public ObjectStore {
 public:
  /// What it needs from outside; all of it outlives the store. `random` is used under a lock of the store's own and by
  /// nobody else.
  struct World {
    const Clock& clock;
    Random& random;
    io::Pause& pause;  ///< Stopping it makes calls fail at once instead of being repeated.
    MetricRegistry& metrics;
  };

  RetryingObjectStore(std::unique_ptr<ObjectStore> below, const RetryOptions& options, World world);

  [[nodiscard]] Status Put(const std::string& name, std::string_view content) override;
  [[nodiscard]] Status PutFile(const std::string& name, io::FileSystem& files,
                               const std::string& path) override;
  [[nodiscard]] Result<std::string> Get(const std::string& name, std::uint64_t offset,
                                        std::size_t length) override;
  [[nodiscard]] Result<std::string> GetWithin(const std::string& name, std::uint64_t offset,
                                              std::size_t length, std::uint64_t size) override;
  [[nodiscard]] Result<std::uint64_t> Size(const std::string& name) override;
  [[nodiscard]] Result<std::vector<ObjectInfo>> List(const std::string& prefix) override;
  [[nodiscard]] Status Delete(const std::string& name) override;

 private:
  enum class Operation : std::uint8_t { kPut, kGet, kSize, kList, kDelete };
  static constexpr std::size_t kOperationCount = 5;
  struct OperationMetrics {
    Counter* done = nullptr;
    Counter* missing = nullptr;
    Counter* failed = nullptr;
    Counter* retries = nullptr;
    HistogramMetric* seconds = nullptr;
  };

  /// Takes attempts until one succeeds or R2 holds.
  template <typename T>
  [[nodiscard]] Result<T> Repeat(Operation operation, const std::function<Result<T>()>& attempt);
  /// How long to wait before attempt number `attempt` (2 is the first repetition).
  [[nodiscard]] std::chrono::milliseconds Backoff(unsigned attempt) TICKSCOPE_EXCLUDES(random_mu_);

  const std::unique_ptr<ObjectStore> below_;
  const RetryOptions options_;
  const Clock& clock_;
  io::Pause& pause_;
  Mutex random_mu_;
  Random& random_ TICKSCOPE_GUARDED_BY(random_mu_);
  std::array<OperationMetrics, kOperationCount> metrics_;
  Counter* const bytes_sent_;
  Counter* const bytes_received_;
};

}  // namespace tickscope::objstore
