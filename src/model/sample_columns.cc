#include "model/sample_columns.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

namespace tickscope {

void SortSamples(SampleColumns& samples, std::size_t from) {
  const std::size_t count = samples.size() - from;
  const auto times = samples.times_ms.begin() + static_cast<std::ptrdiff_t>(from);
  if (std::is_sorted(times, samples.times_ms.end(), std::less_equal<>())) return;
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return samples.times_ms[from + a] < samples.times_ms[from + b];
  });
  if (!samples.histograms.empty()) samples.histograms.resize(samples.size());
  if (!samples.start_times_ms.empty()) samples.start_times_ms.resize(samples.size());
  if (!samples.counts.empty()) samples.counts.resize(samples.size(), 1);
  SampleColumns sorted;
  for (const std::uint32_t i : order) {
    const TimeMs time_ms = samples.times_ms[from + i];
    if (!sorted.times_ms.empty() && sorted.times_ms.back() == time_ms) continue;
    sorted.times_ms.push_back(time_ms);
    sorted.values.push_back(samples.values[from + i]);
    if (!samples.histograms.empty()) sorted.histograms.push_back(std::move(samples.histograms[from + i]));
    if (!samples.start_times_ms.empty()) sorted.start_times_ms.push_back(samples.start_times_ms[from + i]);
    if (!samples.counts.empty()) sorted.counts.push_back(samples.counts[from + i]);
  }
  const auto replace = [from](auto& to, auto& with) {
    to.resize(from);
    to.insert(to.end(), std::make_move_iterator(with.begin()), std::make_move_iterator(with.end()));
  };
  replace(samples.times_ms, sorted.times_ms);
  replace(samples.values, sorted.values);
  if (!samples.histograms.empty()) replace(samples.histograms, sorted.histograms);
  if (!samples.start_times_ms.empty()) replace(samples.start_times_ms, sorted.start_times_ms);
  if (!samples.counts.empty()) replace(samples.counts, sorted.counts);
}

void AppendSamples(const SampleColumns& more, SampleColumns& samples) {
  const std::size_t before = samples.size();
  // What either lacks is `none`.
  const auto append = [&](const auto& from, auto& to, const auto& none) {
    if (from.empty() && to.empty()) return;
    to.resize(before, none);
    to.insert(to.end(), from.begin(), from.end());
    to.resize(before + more.size(), none);
  };
  samples.times_ms.insert(samples.times_ms.end(), more.times_ms.begin(), more.times_ms.end());
  samples.values.insert(samples.values.end(), more.values.begin(), more.values.end());
  append(more.histograms, samples.histograms, HistogramPtr());
  append(more.start_times_ms, samples.start_times_ms, TimeMs{0});
  append(more.counts, samples.counts, 1.0);
}

}  // namespace tickscope
