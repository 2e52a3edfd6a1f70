// Glob: names by pattern, as a shell has them: * for any characters, ? for one, [a-z] and [!a-z] for one of a set.
#pragma once

#include <string_view>

namespace tickscope::logs {

/// Whether the pattern matches all of the name. A name that begins with a point is matched only by a pattern that does. A set that does not
/// end is a bracket. Linear in the name for each '*' at most.
[[nodiscard]] bool GlobMatches(std::string_view pattern, std::string_view name);

}  // namespace tickscope::logs
