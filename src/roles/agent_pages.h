// What an agent shows of itself: a page for people, and the same as JSON.
#pragma once

#include <functional>
#include <string>

#include "agent/agent_status.h"
#include "base/clock.h"
#include "http/router.h"
#include "io/event_loop.h"

namespace tickscope::roles {

/// Adds GET / and /api/v1/agent/status. `describe` is called on `loop`, where the agent is; `loop` and `clock` outlive the router,
/// and the loop runs while requests come.
void RegisterAgentPages(http::Router& router, io::EventLoop& loop, const Clock& clock,
                        std::function<agent::AgentStatus()> describe, std::string version);

/// The page, and the JSON object.
[[nodiscard]] std::string AgentPage(const agent::AgentStatus& status, std::string_view version,
                                    TimeMs now_ms);
[[nodiscard]] std::string AgentStatusJson(const agent::AgentStatus& status, std::string_view version);

}  // namespace tickscope::roles
