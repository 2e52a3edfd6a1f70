#include "control/control_config.h"

#include "control/schema_number.h"

namespace tickscope::control {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kNumberMax = 1'000'000'000'000;

}  // namespace

void Read(config::YamlMap map, ControlConfig& control) {
  control.signing_key_file = map.String("signing_key_file", control.signing_key_file);
  control.cadence_min_ms =
      map.DurationMs("cadence_min", control.cadence_min_ms, {.min = 100, .max = kHourMs});
  control.incident_cadence_ms =
      map.DurationMs("incident_cadence", control.incident_cadence_ms, {.min = 100, .max = kHourMs});
  if (control.incident_cadence_ms < control.cadence_min_ms)
    map.Complain("incident_cadence", "incident_cadence is below cadence_min");
  control.ttl_max_ms =
      map.DurationMs("ttl_max", control.ttl_max_ms, {.min = 1'000, .max = 30 * 24 * kHourMs});
  const auto number = [&](const char* key, std::uint64_t fallback, std::int64_t min, std::int64_t max) {
    return static_cast<std::uint64_t>(
        map.Int(key, static_cast<std::int64_t>(fallback), {.min = min, .max = max}));
  };
  if (const auto version =
          ParseSchemaNumber(map.String("schema_version", SchemaNumberText(control.schema_version)));
      version) {
    control.schema_version = *version;
  } else {
    map.Complain("schema_version", "expected a schema's version, as \"1.4\"");
  }
  control.key_epoch = number("key_epoch", control.key_epoch, 0, kNumberMax);
  control.agents_max = number("agents_max", control.agents_max, 1, 1'000'000);
}

void Write(const ControlConfig& control, config::YamlWriter& out) {
  out.Comment(
      "Ed25519 key in PEM with which the gateway signs what agents are told (openssl genpkey -algorithm "
      "ed25519); agents have the public one. Empty: they are told nothing.");
  out.String("signing_key_file", control.signing_key_file);
  out.Comment("The quickest that agents may be told to read.");
  out.DurationMs("cadence_min", control.cadence_min_ms);
  out.Comment("How often agents read during an incident, unless it is said.");
  out.DurationMs("incident_cadence", control.incident_cadence_ms);
  out.Comment("The longest an incident may last.");
  out.DurationMs("ttl_max", control.ttl_max_ms);
  out.Comment("Version of the schema that agents should judge by, as \"1.4\"; empty says nothing.");
  out.String("schema_version", SchemaNumberText(control.schema_version));
  out.Comment("Epoch of the key that agents should make tokens with; 0 says nothing.");
  out.Int("key_epoch", static_cast<std::int64_t>(control.key_epoch));
  out.Comment("Agents of the inventory; who was silent longest goes.");
  out.Int("agents_max", static_cast<std::int64_t>(control.agents_max));
}

}  // namespace tickscope::control
