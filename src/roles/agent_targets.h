// Between an agent's configuration and the targets that are found for it.
#pragma once

#include "agent/agent_config.h"
#include "discovery/discovery.h"

namespace tickscope::roles {

/// Where to look for what the configuration does not list.
[[nodiscard]] discovery::DiscoveryPlan DiscoveryPlanOf(const agent::AgentConfig& config);
/// Makes what was found by that plan part of the configuration.
void TakeFound(const discovery::Found& found, agent::AgentConfig& config);

}  // namespace tickscope::roles
