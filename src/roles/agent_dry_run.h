// tickscope agent --dry-run: reads every target once and shows what would be sent.
#pragma once

#include "agent/agent_config.h"

namespace tickscope::roles {

/// Samples go to standard output, a line each, what became of each target to standard error. Nothing is sent, no page of a game
/// server is removed, and no spool is opened. Returns the process's exit code: 1 when a target is down.
[[nodiscard]] int DryRunAgent(const agent::AgentConfig& config);

}  // namespace tickscope::roles
