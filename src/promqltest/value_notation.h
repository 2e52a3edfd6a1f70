// Value notation of PromQL test scripts: the samples of one series, slot by slot.
//
//   5 -2.5 1e3 0x1f Inf NaN   one sample            stale   a staleness marker
//   _  _x3                    1 and 3 empty slots
//   1x4                       5 samples of 1        {{...}}x4
//   1+2x4  1-2x4              1 3 5 7 9, 1 -1 -3..  {{A}}+{{B}}x4
//
// and of the start times beside them, as offsets from each sample's own time: _ -1m -30sx2 -1m-1mx2 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/histogram.h"

namespace tickscope::promqltest {

/// Most slots one line, and one script, may fill.
inline constexpr std::size_t kSlotsMax = 1'000'000;

struct SlotValue {
  double value = 0;
  HistogramPtr histogram;     ///< Set when the sample is a histogram.
  bool hint_written = false;  ///< The histogram's reset hint was written.
};

/// One a slot, nullopt for an empty one.
using SlotValues = std::vector<std::optional<SlotValue>>;
using SlotOffsets = std::vector<std::optional<std::int64_t>>;  // Milliseconds.

/// Errors: kInvalidArgument naming the item; kOutOfRange beyond kSlotsMax.
[[nodiscard]] Result<SlotValues> ParseValues(std::string_view text);
[[nodiscard]] Result<SlotOffsets> ParseStartOffsets(std::string_view text);

/// A duration with an optional sign.
[[nodiscard]] Result<std::int64_t> ParseSignedDurationMs(std::string_view text);

}  // namespace tickscope::promqltest
