// ClosestName: what somebody who mistyped a name probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tickscope::config {

/// The candidate that the fewest typing mistakes (a letter added, lost, changed or two swapped) turn into
/// `name`, first one on a tie. Empty when none is near: more than a third of the letters would have to
/// change. Cost: O(name * candidate) each; a name over 64 bytes has no near candidate.
[[nodiscard]] std::string ClosestName(std::string_view name, std::span<const std::string> candidates);

}  // namespace tickscope::config
