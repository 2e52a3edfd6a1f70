// Inventory: the agents that pushed, and what each said of itself last.
//
// Bounds    agents_max; who was silent longest goes.
// Threads   Thread-safe.
// Metrics   tickscope_fleet_agents
#pragma once

#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "control/agent_report.h"
#include "model/tenant.h"

namespace tickscope::control {

struct SeenAgent {
  TenantId tenant;
  std::string sender;
  AgentReport report;
  TimeMs seen_ms = 0;
  std::string address;
};

class Inventory {
 public:
  /// The registry outlives the inventory, and must not be asked after it.
  Inventory(MetricRegistry& metrics, std::size_t agents_max);

  void Note(SeenAgent agent) TICKSCOPE_EXCLUDES(mu_);
  struct Page {
    std::vector<SeenAgent> agents;
    std::size_t total = 0;   ///< Of the tenant, or of all.
    std::string next_after;  ///< What to ask for next; empty at the end.
  };
  /// Agents of a tenant (of all when it is empty) by name, at most `most` after the one called `after` ("TENANT/SENDER").
  [[nodiscard]] Page List(const TenantId& tenant, const std::string& after, std::size_t most) const
      TICKSCOPE_EXCLUDES(mu_);

 private:
  using Key = std::pair<TenantId, std::string>;
  struct Entry {
    SeenAgent agent;
    std::list<Key>::iterator use;
  };

  const std::size_t agents_max_;
  Gauge* const count_;
  mutable Mutex mu_;
  std::map<Key, Entry> agents_ TICKSCOPE_GUARDED_BY(mu_);
  std::list<Key> uses_ TICKSCOPE_GUARDED_BY(mu_);  // The one heard last is the first.
};

}  // namespace tickscope::control
