// Which settings a running agent does not take up by a reload.
#pragma once

#include <string>
#include <vector>

#include "agent/agent_config.h"

namespace tickscope::agent {

/// Keys that differ and change with a restart only, as a file has them: "listen", "logs.spool.bytes_max". Lists are told by item:
/// "logs.http[0].body_bytes_max" is that of the wanted configuration. Spools of remote_write are not among them: Agent::Apply refuses those.
[[nodiscard]] std::vector<std::string> RestartOnlyChanges(const AgentConfig& running,
                                                          const AgentConfig& wanted);

}  // namespace tickscope::agent
