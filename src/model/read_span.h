// Read span: from what a stretch of time is read, so that plans and answers can name it.
//
// A store has samples as they came, and perhaps windows that were added up before. Of windows one row a window is read; it
// stands at the window's end for the samples after the end of the window before it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tickscope {

struct ReadSpan {
  std::string_view source;  ///< "memory", "disk", "raw", "1m", "5m", "1h" or "cold"; lives for ever.
  TimeMs start_ms = 0;      ///< Inclusive at both ends; of windows their ends.
  TimeMs end_ms = 0;
  std::int64_t resolution_ms = 0;  ///< Length of a window; 0 for samples as they came.
  std::uint32_t files = 0;         ///< Blocks that are read; 0 for memory.

  friend bool operator==(const ReadSpan&, const ReadSpan&) = default;
};

/// Stretches that touch, or overlap, and are from one source as one. Requires: by start.
[[nodiscard]] std::vector<ReadSpan> JoinSpans(const std::vector<ReadSpan>& spans);

/// What a selector is going to read.
struct ReadPlan {
  std::vector<ReadSpan> spans;  ///< By start; sources may overlap where both may have samples.
  bool tells_columns =
      false;  ///< Whether Queryable::Scan answers, unless samples turn out to be of a kind it does not.
};

}  // namespace tickscope
