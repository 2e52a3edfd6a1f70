#include "roles/agent_targets.h"

namespace tickscope::roles {

discovery::DiscoveryPlan DiscoveryPlanOf(const agent::AgentConfig& config) {
  discovery::DiscoveryPlan plan{.scrapes = {}, .host = config.host_metadata};
  for (const agent::ScrapeConfig& scrape : config.scrape_configs)
    plan.scrapes.push_back(scrape.discovery);
  return plan;
}

void TakeFound(const discovery::Found& found, agent::AgentConfig& config) {
  for (std::size_t i = 0; i < config.scrape_configs.size() && i < found.groups.size(); ++i)
    config.scrape_configs[i].discovered = found.groups[i];
  config.host_labels = found.host_labels;
}

}  // namespace tickscope::roles
