// Routes about the process itself: /-/ready, /-/healthy, /metrics, and a page at / where there is no console. All run on
// the server's loop.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/metrics.h"
#include "http/router.h"

namespace tickscope::api {

struct ProcessRoutes {
  std::function<Status()> ready;
  const MetricRegistry& metrics;  ///< Outlives the router.
};

void RegisterProcessRoutes(http::Router& router, const ProcessRoutes& routes);

/// HTML that says what is served; `note` is HTML under its heading.
[[nodiscard]] std::string LandingPage(std::string_view version, std::string_view note);
/// The same at /.
void RegisterLandingPage(http::Router& router, std::string_view version);

}  // namespace tickscope::api
