// Glob: names by pattern, as a shell has them: * for any characters, ? for one, [a-z] and [!a-z] for one of a set.
#pragma once

#include <cstdint>
#include <string_view>

namespace tickscope {

/// Whether a name that begins with a point is only matched by a pattern that does.
enum class HiddenNames : std::uint8_t { kLikeOthers, kOnlyNamed };

/// Whether the pattern matches all of the name. A set that does not end is a bracket. Linear in the name for each '*' at
/// most.
[[nodiscard]] bool GlobMatches(std::string_view pattern, std::string_view name, HiddenNames hidden);

}  // namespace tickscope
