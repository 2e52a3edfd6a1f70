// Histogram notation of PromQL test scripts: {{schema:1 count:4 sum:10 buckets:[1 2 1]}}.
//
// Items in any order, all optional, 0 by default; nothing is derived from anything else:
//
//   schema counter_reset_hint(unknown|reset|not_reset|gauge) sum count z_bucket(count) z_bucket_w(threshold)
//   buckets:[...] offset    consecutive positive buckets and the index of the first
//   n_buckets:[...] n_offset    the same on the negative side
//   custom_values:[...]    upper bounds, schema -53 only
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "model/histogram.h"

namespace tickscope::promqltest {

/// Most buckets a side may list.
inline constexpr std::size_t kNotationBucketsMax = 10'000;

struct HistogramNotation {
  Histogram histogram;
  bool hint_written = false;  ///< A hint that was not written is not compared.
};

/// Reads one "{{...}}" from the front of `text` and removes it.
/// Errors: kInvalidArgument saying what is wrong.
[[nodiscard]] Result<HistogramNotation> TakeHistogram(std::string_view& text);

/// The histogram in this notation; buckets between spans are written as 0.
[[nodiscard]] std::string FormatHistogram(const Histogram& histogram);

}  // namespace tickscope::promqltest
