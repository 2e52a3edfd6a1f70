// ViewersRun: people in front of dashboards, as a server sees them.
//
// In the mode `grafana` a viewer opens a dashboard (build info, metadata, the values of its variables), then sends all of
// its queries at each refresh, over as many connections as a browser has, with start and end aligned to the step. It is an
// open loop: a refresh is due whether or not the one before is done, and time counts from when it was due. In the mode
// `page` a viewer follows all of its queries over one stream (/api/v1/stream), and comes back with what it saw last when
// that ends.
//
// Threads   A few loops, each with its share of the viewers. Report is thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/client.h"
#include "io/network.h"
#include "viewers/dashboard.h"
#include "viewers/viewer_stats.h"

namespace tickscope::viewers {

enum class ViewerMode : std::uint8_t { kGrafana, kPage };

struct ViewersOptions {
  http::Url server;    ///< Its target is a path that goes before /api/v1.
  std::string tenant;  ///< Sent as X-Scope-OrgID unless empty.
  std::size_t count = 200;
  ViewerMode mode = ViewerMode::kGrafana;
  std::chrono::milliseconds refresh{10'000};
  std::chrono::milliseconds timeout{60'000};
  std::size_t connections_per_viewer = 6;
  std::size_t threads = 1;
  std::uint64_t seed = 1;        ///< Of jitter.
  http::ClientOptions client{};  ///< TLS and token; the rest of it follows from what is above.
};

class ViewersRun {
 public:
  /// Begins; viewers come within one refresh, spread by chance, and take the dashboards in turn. `network` and `clock`
  /// outlive the run. Requires: at least one dashboard, viewer and thread.
  ViewersRun(io::Network& network, const Clock& clock, ViewersOptions options,
             std::vector<Dashboard> dashboards);
  /// Leaves at once.
  ~ViewersRun();
  ViewersRun(const ViewersRun&) = delete;
  ViewersRun& operator=(const ViewersRun&) = delete;

  /// So far; cpu_seconds is the caller's to add.
  [[nodiscard]] ViewersReport Report() const;

 private:
  class Lane;

  const Clock& clock_;
  const std::chrono::nanoseconds started_;
  ViewerStats stats_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace tickscope::viewers
