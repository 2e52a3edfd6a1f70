// HistogramForm: how the values of a timer become a histogram.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace tickscope::statsd {

struct HistogramForm {
  std::vector<double> bounds;  ///< Of a classic one: ascending, finite, +Inf understood. Native when empty.
  int scale = 3;               ///< Of a native one: its finest schema, -4 to 8.
  std::uint32_t buckets_max = 160;

  [[nodiscard]] bool is_native() const { return bounds.empty(); }
  friend bool operator==(const HistogramForm&, const HistogramForm&) = default;
};

/// By the metric's name as it is sent, without _bucket.
using HistogramForms = std::unordered_map<std::string, HistogramForm>;

}  // namespace tickscope::statsd
