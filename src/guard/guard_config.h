// GuardConfig: the guard's settings, as a server's and an agent's configuration have them.
#pragma once

#include <string>
#include <vector>

#include "guard/guard.h"

namespace tickscope::guard {

/// Most bytes of a schema file.
inline constexpr std::size_t kSchemaBytesMax = 4U << 20;

struct GuardConfig {
  GuardMode mode = GuardMode::kAuto;
  std::string schema_file;  ///< Empty for none.
  std::vector<std::string> player_patterns;

  friend bool operator==(const GuardConfig&, const GuardConfig&) = default;
};

/// What the settings mean; `schema_text` is what the schema file holds.
/// Errors: kInvalidArgument with the mistakes of the schema, each with file, line and column.
[[nodiscard]] Result<GuardOptions> MakeGuardOptions(const GuardConfig& config, std::string_view schema_text);

}  // namespace tickscope::guard
