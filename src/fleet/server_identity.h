// Server identity: where a simulated game server stands and what it runs, a pure function of its number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "model/labels.h"

namespace tickscope::fleet {

/// The six labels every series of a server carries.
struct ServerIdentity {
  std::string build;
  std::string map;
  std::string mode;
  std::string region;
  std::string server;  ///< Unique in the fleet.
  std::string zone;
};

/// Regions in the proportions 45 % NA, 35 % EU, 20 % APAC, three zones each; one server in ten runs the next
/// build.
[[nodiscard]] ServerIdentity MakeServerIdentity(std::uint32_t server_index);

/// How much later the region's clocks are than UTC, for the diurnal load.
[[nodiscard]] std::int64_t RegionOffsetMs(std::string_view region);

/// Labels of one series of the catalog on that server.
[[nodiscard]] Labels SeriesLabels(const ServerIdentity& server, std::size_t series_index);

}  // namespace tickscope::fleet
