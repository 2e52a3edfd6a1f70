// FleetRun: sends a plan's samples to a remote-write receiver, paced or as fast as it takes them.
//
// Each connection is a lane with a thread, an HTTP client and every n-th group. Within a lane requests go out one
// after the other in the order they are due. The pace is an open loop: a request that is late does not move the next
// one's due time, so a slow receiver shows in the latency counted from when requests were due.
//
// A request is sent again until it is acknowledged: after 429, 5xx or a broken connection, with growing, jittered
// pauses, for at most retry_for. Other answers refuse it for good; it is counted and left out of the ledger.
//
// Threads   Thread-safe, but for construction and destruction.
// Bounds    One request a lane in memory; error names are at most kErrorNamesMax.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "fleet/ledger.h"
#include "fleet/push_target.h"
#include "fleet/run_counts.h"
#include "fleet/run_plan.h"
#include "fleet/sdk_servers.h"
#include "fleet/stop_flag.h"
#include "http/client.h"

namespace tickscope::fleet {

struct RunOptions {
  RunPlan plan;
  std::uint64_t tick_count = 0;  ///< 0 runs until stopped.
  double speed = 1;              ///< Times real time; 0 is as fast as possible.
  std::size_t connections = 4;
  PushTarget to;
  std::chrono::milliseconds retry_for{300'000};
  const SdkServers* sdk = nullptr;  ///< Outlives the run; needed when the plan has SDK servers.
};

class FleetRun {
 public:
  using MakeClient = std::function<std::unique_ptr<http::Client>()>;

  /// Starts the lanes. `clock` and `ledger` (may be null) outlive the run; `make_client` is called once a lane, on
  /// its thread; `seed` is for the jitter of pauses.
  FleetRun(RunOptions options, MakeClient make_client, const Clock& clock, LedgerWriter* ledger,
           std::uint64_t seed);
  /// Stops and waits.
  ~FleetRun();
  FleetRun(const FleetRun&) = delete;
  FleetRun& operator=(const FleetRun&) = delete;

  /// Makes the lanes end soon, requests under way included.
  void Stop() { stop_.Set(); }
  /// Stops and waits until every lane has ended.
  void StopAndWait();
  /// True once every lane has ended.
  [[nodiscard]] bool Done() const { return lanes_left_.load() == 0; }
  /// Why the run gave up; ok while it goes on and after an ordinary end.
  [[nodiscard]] Status Outcome() const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] RunReport Report() const;

 private:
  struct Group;
  struct Send;
  enum class Attempt : std::uint8_t { kAcknowledged, kRefused, kAgain };

  void RunLane(std::size_t lane);
  void RunGroups(std::size_t lane, http::Client& client, Random& random);
  /// Appends the values of the group's next `ticks` scrapes: server by server, time by time. `lane` may be null.
  [[nodiscard]] Status AppendValues(Group& group, std::uint64_t ticks, SdkLane* lane,
                                    std::vector<double>& values) const;
  [[nodiscard]] std::chrono::nanoseconds DueTime(std::uint32_t group, std::uint64_t last_tick) const;
  /// False when the lane must end.
  [[nodiscard]] bool SendUntilAnswered(const Send& send, http::Client& client, Random& random);
  [[nodiscard]] Attempt SendOnce(const Send& send, http::Client& client, std::chrono::milliseconds& pause);
  void GiveUp(std::string_view message) TICKSCOPE_EXCLUDES(mu_);

  const RunOptions options_;
  const MakeClient make_client_;
  const Clock& clock_;
  LedgerWriter* const ledger_;
  const std::uint64_t seed_;
  const std::chrono::nanoseconds started_;

  StopFlag stop_;
  std::atomic<std::size_t> lanes_left_;
  RunCounts counts_;

  mutable Mutex mu_;
  Status outcome_ TICKSCOPE_GUARDED_BY(mu_);

  WorkerPool lanes_;  // Last: its threads use all of the above.
};

}  // namespace tickscope::fleet
