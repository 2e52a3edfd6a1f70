// What is in a sample batch, by number: for who shows a stream and applies nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

namespace tickscope::codec {

/// What a batch holds, by number.
struct SampleBatchSummary {
  std::string_view tenant;  ///< Of the batch's bytes.
  TimeMs received_ms = 0;
  std::uint64_t new_series = 0;
  std::uint64_t samples = 0;
  std::uint64_t histograms = 0;
  std::uint64_t metadata = 0;
  std::uint64_t exemplars = 0;
};

/// Counts what is in a batch without what it builds on, and without reading all of it. Errors: as DecodeSampleBatch.
[[nodiscard]] Result<SampleBatchSummary> SummarizeSampleBatch(ByteView bytes);

}  // namespace tickscope::codec
