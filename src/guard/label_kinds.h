// Which kinds of private data are looked for in the values of a label, by its name.
#pragma once

#include <string_view>

#include "guard/pii_kind.h"

namespace tickscope::guard {

/// All, but: nothing in le and quantile; no addresses or ids of machines in labels that name machines; no numbers and
/// random words in labels that name versions; no ids in labels that name traces.
[[nodiscard]] PiiKinds KindsForLabel(std::string_view name);

/// Whether a label of that name says which machine something is about: an address of one's own network may be in it.
[[nodiscard]] bool IsMachineLabel(std::string_view name);

}  // namespace tickscope::guard
