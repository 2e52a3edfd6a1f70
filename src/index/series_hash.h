// SeriesHash: a hash of a series' labels that is the same in every process, for sketches that are kept in files.
#pragma once

#include <cstdint>
#include <span>

#include "model/labels.h"

namespace tickscope::index {

/// Labels in order of name.
[[nodiscard]] std::uint64_t SeriesHash(std::span<const LabelView> labels);

}  // namespace tickscope::index
