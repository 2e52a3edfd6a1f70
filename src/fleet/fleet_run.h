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
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "fleet/latency_recorder.h"
#include "fleet/ledger.h"
#include "fleet/run_plan.h"
#include "fleet/sdk_servers.h"
#include "fleet/stop_flag.h"
#include "http/client.h"
#include "wire/remote_write_headers.h"

namespace tickscope::fleet {

inline constexpr std::size_t kErrorNamesMax = 32;

struct RunOptions {
  RunPlan plan;
  std::uint64_t tick_count = 0;  ///< 0 runs until stopped.
  double speed = 1;              ///< Times real time; 0 is as fast as possible.
  wire::RemoteWriteProtocol protocol = wire::RemoteWriteProtocol::kV1;
  std::size_t connections = 4;
  http::Url url;              ///< The receiver's remote-write endpoint.
  std::string tenant;         ///< Sent as X-Scope-OrgID unless empty.
  std::string authorization;  ///< Sent as such unless empty.
  std::chrono::milliseconds retry_for{300'000};
  const SdkServers* sdk = nullptr;  ///< Outlives the run; needed when the plan has SDK servers.
};

/// What a run has done so far.
struct RunReport {
  double seconds = 0;  ///< Since the start.
  std::uint64_t samples_acknowledged = 0;
  std::uint64_t samples_refused = 0;
  std::uint64_t requests_acknowledged = 0;
  std::uint64_t retries = 0;
  std::uint64_t bytes_sent = 0;                 ///< Bodies of acknowledged requests.
  std::map<std::string, std::uint64_t> errors;  ///< By status or transport error.
  std::string last_error;
  bool paced = false;
  /// From when a request was due (paced runs), and from when its last attempt was sent, to its acknowledgement.
  std::chrono::nanoseconds from_due_p50{}, from_due_p99{}, from_due_max{};
  std::chrono::nanoseconds from_sent_p50{}, from_sent_p99{}, from_sent_max{};
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
  [[nodiscard]] RunReport Report() const TICKSCOPE_EXCLUDES(mu_);

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
  void CountError(std::string name, std::string_view message) TICKSCOPE_EXCLUDES(mu_);
  void GiveUp(std::string_view message) TICKSCOPE_EXCLUDES(mu_);

  const RunOptions options_;
  const MakeClient make_client_;
  const Clock& clock_;
  LedgerWriter* const ledger_;
  const std::uint64_t seed_;
  const std::chrono::nanoseconds started_;

  StopFlag stop_;
  std::atomic<std::size_t> lanes_left_;
  std::atomic<std::uint64_t> samples_acknowledged_{0};
  std::atomic<std::uint64_t> samples_refused_{0};
  std::atomic<std::uint64_t> requests_acknowledged_{0};
  std::atomic<std::uint64_t> retries_{0};
  std::atomic<std::uint64_t> bytes_sent_{0};
  LatencyRecorder from_due_;
  LatencyRecorder from_sent_;

  mutable Mutex mu_;
  std::map<std::string, std::uint64_t> errors_ TICKSCOPE_GUARDED_BY(mu_);
  std::string last_error_ TICKSCOPE_GUARDED_BY(mu_);
  Status outcome_ TICKSCOPE_GUARDED_BY(mu_);

  WorkerPool lanes_;  // Last: its threads use all of the above.
};

}  // namespace tickscope::fleet
