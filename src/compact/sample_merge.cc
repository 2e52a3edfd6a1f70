#include "compact/sample_merge.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace tickscope::compact {
namespace {

bool SameBuckets(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, SameBits);
}

const Histogram* HistogramAt(const SampleColumns& columns, std::size_t i) {
  return columns.histograms.empty() ? nullptr : columns.histograms[i].get();
}

TimeMs StartAt(const SampleColumns& columns, std::size_t i) {
  return columns.start_times_ms.empty() ? 0 : columns.start_times_ms[i];
}

bool SameSample(const SampleColumns& a, std::size_t i, const SampleColumns& b, std::size_t k) {
  const Histogram* const x = HistogramAt(a, i);
  const Histogram* const y = HistogramAt(b, k);
  if ((x == nullptr) != (y == nullptr) || StartAt(a, i) != StartAt(b, k)) return false;
  return x == nullptr ? SameBits(a.values[i], b.values[k]) : SameHistogram(*x, *y);
}

}  // namespace

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool SameHistogram(const Histogram& a, const Histogram& b) {
  return a.reset_hint == b.reset_hint && a.schema == b.schema &&
         SameBits(a.zero_threshold, b.zero_threshold) && SameBits(a.zero_count, b.zero_count) &&
         SameBits(a.count, b.count) && SameBits(a.sum, b.sum) && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && SameBuckets(a.positive_buckets, b.positive_buckets) &&
         SameBuckets(a.negative_buckets, b.negative_buckets) && SameBuckets(a.custom_bounds, b.custom_bounds);
}

SampleColumns MergeSamples(std::span<SampleColumns> columns, SampleConflicts& counts) {
  if (columns.size() == 1) return std::move(columns.front());
  const auto is_set = [&](const auto member) {
    return std::ranges::any_of(columns, [&](const SampleColumns& each) { return !(each.*member).empty(); });
  };
  const bool has_histograms = is_set(&SampleColumns::histograms);
  const bool has_starts = is_set(&SampleColumns::start_times_ms);
  // Which column and which of its samples, by time; of equal times in the order of columns.
  struct At {
    std::uint32_t column;
    std::uint32_t sample;
  };
  std::vector<At> order;
  for (std::uint32_t column = 0; column < columns.size(); ++column) {
    for (std::uint32_t i = 0; i < columns[column].size(); ++i)
      order.push_back({column, i});
  }
  std::ranges::stable_sort(order, {}, [&](const At& at) { return columns[at.column].times_ms[at.sample]; });
  SampleColumns out;
  At last{};
  for (const At& at : order) {
    SampleColumns& from = columns[at.column];
    if (!out.times_ms.empty() && out.times_ms.back() == from.times_ms[at.sample]) {
      const bool is_same = SameSample(from, at.sample, columns[last.column], last.sample);
      ++(is_same ? counts.duplicates : counts.conflicts);
      continue;
    }
    out.times_ms.push_back(from.times_ms[at.sample]);
    out.values.push_back(from.values[at.sample]);
    if (has_histograms)
      out.histograms.push_back(from.histograms.empty() ? nullptr : from.histograms[at.sample]);
    if (has_starts) out.start_times_ms.push_back(StartAt(from, at.sample));
    last = at;
  }
  return out;
}

}  // namespace tickscope::compact
