// Values whose field's name says what they are: player_id=4711-abc, "password":"hunter2", Authorization: Bearer ....
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "guard/pii_finding.h"

namespace tickscope::guard {

/// The value behind the '=' or ':' at `at`, when the name before it is one of a player or of a secret. Values that say
/// nothing (null, ***, numbers below 1000, tokens) are none.
[[nodiscard]] std::optional<PiiFinding> FindNamedValue(std::string_view text, std::size_t at);

/// Whether the name before the '=' or ':' at `at` may be one that FindNamedValue knows: by its last two letters.
[[nodiscard]] bool MayEndFieldName(std::string_view text, std::size_t at);

/// What values of a field of that name are, if they are private: also for names of labels.
[[nodiscard]] std::optional<PiiKind> KindOfField(std::string_view name);

}  // namespace tickscope::guard
