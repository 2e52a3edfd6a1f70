// Discovery: asks the sources of a set of scrape configs on their schedules, and tells when what they found is other than before.
//
// A source that fails keeps what it found last. The first look is taken in Follow, so that an agent starts with all its targets.
//
// Threads   Follow and the timers on the loop's thread; looks on the executor, one at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "discovery/discovery_config.h"
#include "discovery/ec2_host.h"
#include "discovery/target_source.h"
#include "io/event_loop.h"
#include "io/file_system.h"
#include "io/network.h"

namespace tickscope::discovery {

/// All that is known now.
struct Found {
  std::vector<std::vector<TargetGroup>> groups;  ///< By scrape config.
  LabelPairs host_labels;

  friend bool operator==(const Found&, const Found&) = default;
};

struct DiscoveryPlan {
  std::vector<DiscoveryConfig> scrapes;  ///< By scrape config.
  HostMetadataConfig host;

  friend bool operator==(const DiscoveryPlan&, const DiscoveryPlan&) = default;
};

/// Everything outlives the discovery.
struct DiscoveryContext {
  io::Network& network;
  io::EventLoop& loop;
  io::FileSystem& fs;
  const Clock& clock;
  MetricRegistry& metrics;
};

class Discovery {
 public:
  using Executor = std::function<bool(WorkerPool::Task&&)>;

  /// `on_change` is called on the loop's thread.
  Discovery(const DiscoveryContext& context, Executor executor, std::function<void(const Found&)> on_change);
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  /// From now on what `plan` names; what was found of another plan is forgotten. Looks at everything once, and blocks for that.
  [[nodiscard]] Found Follow(const DiscoveryPlan& plan);
  /// No more looks; one under way is of no consequence.
  void Stop();

 private:
  struct Following;
  void Schedule();
  void OnTimer();

  const DiscoveryContext context_;
  const Executor executor_;
  const std::function<void(const Found&)> on_change_;
  Counter* const failures_;
  std::shared_ptr<Following> following_;  // Shared with a look under way.
  std::optional<io::TimerId> timer_;
};

}  // namespace tickscope::discovery
