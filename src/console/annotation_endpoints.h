// annotations: list, add, remove.
#pragma once

#include "base/clock.h"
#include "console/annotations.h"
#include "console/console_config.h"
#include "console/console_route.h"

namespace tickscope::console {

/// `annotations` and `clock` outlive the router.
void AddAnnotationEndpoints(ConsoleRoutes& routes, Annotations& annotations, const Clock& clock,
                            const ConsoleConfig& config);

/// Who sends: proven, else `said`, else a header of Grafana's or ours.
[[nodiscard]] std::string AuthorOf(const http::Request& request, std::string_view said);

}  // namespace tickscope::console
