// The limit on series that one selector may match, as every storage says it.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace tickscope {

/// Errors: kResourceExhausted when more than `max` series match.
[[nodiscard]] Status CheckSeriesCount(std::uint64_t matching, std::uint64_t max);

}  // namespace tickscope
