// Routes about the process itself: /-/ready, /-/healthy, /metrics and the page at /. All run on the server's
// loop.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "base/metrics.h"
#include "http/router.h"

namespace tickscope::api {

struct ProcessRoutes {
  std::function<Status()> ready;
  const MetricRegistry& metrics;  ///< Outlives the router.
  std::string version;
};

void RegisterProcessRoutes(http::Router& router, const ProcessRoutes& routes);

}  // namespace tickscope::api
