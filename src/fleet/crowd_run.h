// CrowdRun: a fleet as its gateway sees it: thousands of agents, each with a connection of its own that it keeps, each pushing its
// server's scrape when it is due.
//
// It is an open loop, as FleetRun is: what is late does not move what comes next. A push that fails is counted and not sent
// again, and a scrape that is due while the one before is still under way is left out and counted as "behind": the question is
// what the gateway bears, not what arrives. There is no ledger.
//
// Threads   A few loops, each with its share of the agents. Report is thread-safe.
// Memory    About 20 KB an agent, most of it buffers of its connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "fleet/push_target.h"
#include "fleet/run_counts.h"
#include "fleet/run_plan.h"
#include "http/client.h"
#include "io/network.h"

namespace tickscope::fleet {

struct CrowdOptions {
  RunPlan plan;  ///< servers_per_request and points_per_request are 1; in real time.
  PushTarget to;
  http::ClientOptions client;
  std::size_t threads = 1;
  std::chrono::milliseconds warm_up{
      0};  ///< What is answered before is not counted: connections and series are new then.
};

class CrowdRun {
 public:
  /// Begins; agents come within one cadence, or half of the warm-up. `network` and `clock` outlive the run.
  CrowdRun(io::Network& network, const Clock& clock, CrowdOptions options);
  /// Leaves at once.
  ~CrowdRun();
  CrowdRun(const CrowdRun&) = delete;
  CrowdRun& operator=(const CrowdRun&) = delete;

  [[nodiscard]] RunReport Report() const;

 private:
  class Lane;

  const Clock& clock_;
  const std::chrono::nanoseconds started_;
  RunCounts counts_;
  const std::chrono::nanoseconds counted_from_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace tickscope::fleet
