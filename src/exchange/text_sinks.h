// Text formats of `tickscope export`.
//
//   openmetrics   wait_seconds{region="eu"} 0.25 1700000000.123      in the end "# EOF"
//   csv           time_ms,value,series
//                 1700000000123,0.25,"wait_seconds{region=""eu""}"
//   jsonl         {"metric":{"__name__":"wait_seconds","region":"eu"},"values":[0.25],"timestamps":[1700000000123]}
//
// What they hold: floats in the shortest form that reads back to the same double. csv and jsonl write a staleness marker as
// StaleNaN and any NaN but the usual one as NaN:BITS in hexadecimal, in jsonl as texts; jsonl has native histograms, as
// objects in "histograms" with null for floats. openmetrics has neither markers nor histograms, nor series without a metric
// name; these and histograms in csv are left out and counted. All its NaNs read back as one. It names no types, so `le`
// stays as it is.
//
// Threads   Not thread-safe.
// Memory    A megabyte of output.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "exchange/sample_flow.h"

namespace tickscope::exchange {

/// Where text goes, piece by piece.
using TextOutput = std::function<Status(std::string_view text)>;

[[nodiscard]] std::unique_ptr<SampleSink> MakeOpenMetricsSink(TextOutput output);
[[nodiscard]] std::unique_ptr<SampleSink> MakeCsvSink(TextOutput output);
[[nodiscard]] std::unique_ptr<SampleSink> MakeJsonLinesSink(TextOutput output);

}  // namespace tickscope::exchange
