#include "agent/fleet_config.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

}  // namespace

FleetConfig ReadFleetConfig(config::YamlMap map) {
  FleetConfig fleet;
  fleet.public_key_file = map.String("public_key_file", "");
  fleet.fetch_jitter_ms = map.DurationMs("fetch_jitter", fleet.fetch_jitter_ms, {.min = 0, .max = kHourMs});
  fleet.cadence_min_ms = map.DurationMs("cadence_min", fleet.cadence_min_ms, {.min = 100, .max = kHourMs});
  fleet.ttl_max_ms = map.DurationMs("ttl_max", fleet.ttl_max_ms, {.min = 1'000, .max = 30 * 24 * kHourMs});
  return fleet;
}

void WriteFleetConfig(const FleetConfig& fleet, config::YamlWriter& out) {
  out.Comment(
      "Public key (PEM, Ed25519) of who may tell this agent how often to read; empty: nobody. What is not "
      "signed by it, or older than what is known, is refused and counted.");
  out.String("public_key_file", fleet.public_key_file);
  out.Comment("Settings are asked for after a random time up to this.");
  out.DurationMs("fetch_jitter", fleet.fetch_jitter_ms);
  out.Comment("The quickest that targets are read, whatever is said.");
  out.DurationMs("cadence_min", fleet.cadence_min_ms);
  out.Comment("After so long at most targets are read as configured again, whatever is said.");
  out.DurationMs("ttl_max", fleet.ttl_max_ms);
}

}  // namespace tickscope::agent
