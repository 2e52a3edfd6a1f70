#include "rollup/series_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tickscope::rollup {
namespace {

constexpr std::array<std::string_view, 4> kCounterEndings = {"_total", "_bucket", "_count", "_sum"};

// A counter that is reset more often is none.
constexpr std::size_t kWindowsPerFall = 4;

constexpr AggregateSet kOfGauges = {Aggregate::kCount, Aggregate::kSum, Aggregate::kMin, Aggregate::kMax,
                                    Aggregate::kLast};

std::size_t CountFalls(const std::vector<double>& values) {
  std::size_t falls = 0;
  for (std::size_t i = 1; i < values.size(); ++i)
    falls += static_cast<std::size_t>(values[i] < values[i - 1]);
  return falls;
}

constexpr AggregateSet kOfHistograms = AggregateSet::All().Without(Aggregate::kFirst);

}  // namespace

bool IsNamedAsCounter(const Labels& labels) {
  const std::string_view name = labels.Get(kMetricName);
  return std::ranges::any_of(kCounterEndings, [name](std::string_view end) { return name.ends_with(end); });
}

AggregateSet WorthKeeping(const Labels& labels, const RollupRows& rows) {
  if (rows.holds_histograms()) return kOfHistograms;
  const std::vector<double>& last = rows[Aggregate::kLast].values;
  const bool is_counter = IsNamedAsCounter(labels) && CountFalls(last) * kWindowsPerFall <= last.size();
  return is_counter ? kOfCounters : kOfGauges;
}

}  // namespace tickscope::rollup
