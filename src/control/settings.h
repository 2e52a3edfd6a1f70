// FleetSettings: what the whole fleet goes by, as the gateway says it, and as it is signed.
//
//   tickscope-fleet-settings 1
//   generation 1800000000017        ascending; an agent goes back to none
//   now 1800000012000               the gateway's clock when it said so: agents' own may be off by hours
//   cadence 5000                    how often to read, 0 as configured
//   until 1800001800000             when that ends; 0 with cadence 0
//   schema 1000003                  version of the schema that series are judged by (schema_number.h), 0 not said
//   keys 12                         epoch of the tokenizer's key, 0 not said
//
// Lines are in this order, one blank, no other. A settings text is small, so that 5,000 agents may ask for it in a few seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace tickscope::control {

/// Headers of pushes and their answers.
inline constexpr std::string_view kGenerationHeader =
    "X-Tickscope-Generation";  ///< Of answers: NUMBER.SIGNATURE
inline constexpr std::string_view kSignatureHeader = "X-Tickscope-Signature";  ///< Of settings.
inline constexpr std::string_view kAgentHeader = "X-Tickscope-Agent";  ///< Of pushes: control/agent_report.h
inline constexpr std::string_view kSettingsPath = "/api/v1/fleet/settings";

inline constexpr std::size_t kSettingsBytesMax = 1024;

struct FleetSettings {
  std::uint64_t generation = 0;
  TimeMs now_ms = 0;
  std::int64_t cadence_ms = 0;
  TimeMs until_ms = 0;
  std::uint64_t schema_version = 0;
  std::uint64_t key_epoch = 0;

  friend bool operator==(const FleetSettings&, const FleetSettings&) = default;
};

[[nodiscard]] std::string SettingsText(const FleetSettings& settings);
/// Errors: kInvalidArgument.
[[nodiscard]] Result<FleetSettings> ParseSettings(std::string_view text);

/// What is signed of a generation alone.
[[nodiscard]] std::string GenerationText(std::uint64_t generation);
/// NUMBER.SIGNATURE apart; nothing when it is no such text.
struct SignedGeneration {
  std::uint64_t generation = 0;
  std::string_view signature;
};
[[nodiscard]] std::optional<SignedGeneration> ParseGeneration(std::string_view header);

}  // namespace tickscope::control
