// What an exemplar's labels must be.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "model/labels.h"

namespace tickscope::ingest {

/// Characters (code points) an exemplar's label names and values may have together, as OpenMetrics says.
inline constexpr std::size_t kExemplarCharactersMax = 128;

/// The labels sorted by name, without empty values. `labels` is changed on the way.
/// Errors: kInvalidArgument for a name that is empty or there twice, for what is not UTF-8, and for too many characters.
[[nodiscard]] Result<Labels> MakeExemplarLabels(std::vector<LabelView>& labels);

}  // namespace tickscope::ingest
