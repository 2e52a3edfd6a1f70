#include "fleet/server_identity.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "fleet/game_catalog.h"

namespace tickscope::fleet {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

struct Region {
  std::string_view name;
  std::int64_t offset_ms;
};
constexpr Region kNa{"na", -6 * kHourMs};
constexpr Region kEu{"eu", 1 * kHourMs};
constexpr Region kApac{"apac", 9 * kHourMs};
// Which region each of twenty servers stands in; interleaved, so that a small fleet has all three.
constexpr std::array<const Region*, 20> kRegionOf = {&kNa, &kEu,   &kApac, &kNa, &kEu, &kNa,  &kEu,
                                                     &kNa, &kEu,   &kApac, &kNa, &kEu, &kNa,  &kEu,
                                                     &kNa, &kApac, &kNa,   &kEu, &kNa, &kApac};
constexpr std::array<std::string_view, 3> kZones = {"a", "b", "c"};
constexpr std::array<std::string_view, 4> kModes = {"battle_royale", "ranked", "casual", "event"};
constexpr std::array<std::string_view, 6> kMaps = {"harbor",   "glacier", "old_town",
                                                   "refinery", "canyon",  "orbital"};
constexpr std::string_view kCurrentBuild = "4.17.2-r90311";
constexpr std::string_view kNextBuild = "4.18.0-r90744";

}  // namespace

ServerIdentity MakeServerIdentity(std::uint32_t server_index) {
  const Region& region = *kRegionOf[server_index % kRegionOf.size()];
  // Each property steps at its own pace, so that every combination occurs.
  const std::uint32_t turn = server_index / static_cast<std::uint32_t>(kRegionOf.size());
  const std::string_view zone = kZones[(server_index + turn) % kZones.size()];
  return {.build = std::string(server_index % 10 == 9 ? kNextBuild : kCurrentBuild),
          .map = std::string(kMaps[(server_index / 2 + turn) % kMaps.size()]),
          .mode = std::string(kModes[(server_index + turn) % kModes.size()]),
          .region = std::string(region.name),
          .server = fmt::format("{}-{}-{:05}", region.name, zone, server_index),
          .zone = fmt::format("{}-{}", region.name, zone)};
}

std::int64_t RegionOffsetMs(std::string_view region) {
  for (const Region* known : kRegionOf) {
    if (known->name == region) return known->offset_ms;
  }
  return 0;
}

Labels SeriesLabels(const ServerIdentity& server, std::size_t series_index) {
  const CatalogSeries& series = TheGameCatalog().series[series_index];
  return Labels({{kMetricName, series.name},
                 {"build", server.build},
                 {"map", server.map},
                 {"mode", server.mode},
                 {"region", server.region},
                 {"server", server.server},
                 {"zone", server.zone},
                 {series.label, series.label_value}});
}

}  // namespace tickscope::fleet
