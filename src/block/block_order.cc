#include "block/block_order.h"

#include <charconv>
#include <limits>
#include <optional>

namespace tickscope::block {
namespace {

bool IsBucketMetric(std::string_view metric) {
  return metric.ends_with("_bucket");
}

// A bucket's bound; none when the label is not there or no number, which sorts before all numbers.
std::optional<double> BoundOf(std::string_view le) {
  double bound = 0;
  if (le == "+Inf") return std::numeric_limits<double>::infinity();
  const auto [end, error] = std::from_chars(le.data(), le.data() + le.size(), bound);
  if (error != std::errc() || end != le.data() + le.size() || bound != bound) return std::nullopt;
  return bound;
}

// Compares label by label, but for the metric name and, if asked to, `le`.
std::strong_ordering CompareOthers(const Labels& a, const Labels& b, bool with_le) {
  const auto skip = [with_le](Labels::Iterator at, const Labels::Iterator& end) {
    while (at != end && (at->name == kMetricName || (!with_le && at->name == kBucketLabel)))
      ++at;
    return at;
  };
  auto at_a = skip(a.begin(), a.end());
  auto at_b = skip(b.begin(), b.end());
  for (; at_a != a.end() && at_b != b.end(); at_a = skip(++at_a, a.end()), at_b = skip(++at_b, b.end())) {
    if (const auto order = at_a->name <=> at_b->name; order != 0) return order;
    if (const auto order = at_a->value <=> at_b->value; order != 0) return order;
  }
  if (at_a == a.end() && at_b == b.end()) return std::strong_ordering::equal;
  return at_a == a.end() ? std::strong_ordering::less : std::strong_ordering::greater;
}

}  // namespace

bool BlockOrder(const Labels& a, const Labels& b) {
  const std::string_view metric = a.metric_name();
  if (const auto order = metric <=> b.metric_name(); order != 0) return order < 0;
  if (!IsBucketMetric(metric)) return CompareOthers(a, b, true) < 0;
  if (const auto order = CompareOthers(a, b, false); order != 0) return order < 0;
  const std::string_view le_a = a.Get(kBucketLabel);
  const std::string_view le_b = b.Get(kBucketLabel);
  const auto bound_a = BoundOf(le_a);
  const auto bound_b = BoundOf(le_b);
  if (bound_a != bound_b) return bound_a < bound_b;
  // "1" and "1.0" are two series.
  return le_a < le_b;
}

bool IsSameFamily(const Labels& a, const Labels& b) {
  return IsBucketMetric(a.metric_name()) && a.metric_name() == b.metric_name() &&
         CompareOthers(a, b, false) == std::strong_ordering::equal && a.Has(kBucketLabel) &&
         b.Has(kBucketLabel);
}

}  // namespace tickscope::block
