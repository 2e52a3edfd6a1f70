#include "exchange/sample_order.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace tickscope::exchange {
namespace {

// Keeps the samples with these indices, in that order.
void Pick(const std::vector<std::size_t>& indices, SampleColumns& samples) {
  SampleColumns picked;
  picked.times_ms.reserve(indices.size());
  picked.values.reserve(indices.size());
  for (const std::size_t i : indices) {
    picked.times_ms.push_back(samples.times_ms[i]);
    picked.values.push_back(samples.values[i]);
    if (!samples.histograms.empty()) picked.histograms.push_back(std::move(samples.histograms[i]));
    if (!samples.start_times_ms.empty()) picked.start_times_ms.push_back(samples.start_times_ms[i]);
  }
  if (std::ranges::all_of(picked.histograms, [](const HistogramPtr& h) { return h == nullptr; }))
    picked.histograms.clear();
  samples = std::move(picked);
}

}  // namespace

void AppendSamples(const SampleColumns& more, std::size_t from, std::size_t to, SampleColumns& out) {
  const auto append = [from, to](const auto& source, auto& target) {
    target.insert(target.end(), source.begin() + static_cast<std::ptrdiff_t>(from),
                  source.begin() + static_cast<std::ptrdiff_t>(to));
  };
  const std::size_t before = out.size();
  append(more.times_ms, out.times_ms);
  append(more.values, out.values);
  if (!more.histograms.empty()) {
    out.histograms.resize(before);
    append(more.histograms, out.histograms);
  } else if (!out.histograms.empty()) {
    out.histograms.resize(out.size());
  }
  if (!more.start_times_ms.empty()) {
    out.start_times_ms.resize(before, 0);
    append(more.start_times_ms, out.start_times_ms);
  } else if (!out.start_times_ms.empty()) {
    out.start_times_ms.resize(out.size(), 0);
  }
}

void SortFirstWins(SampleColumns& samples) {
  const std::vector<TimeMs>& times = samples.times_ms;
  if (std::ranges::adjacent_find(times, std::ranges::greater_equal{}) == times.end()) return;
  std::vector<std::size_t> indices(times.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::ranges::stable_sort(indices, {}, [&times](std::size_t i) { return times[i]; });
  const auto same = std::ranges::unique(indices, {}, [&times](std::size_t i) { return times[i]; });
  indices.erase(same.begin(), same.end());
  Pick(indices, samples);
}

void ClipTo(const TimeWindow& window, SampleColumns& samples) {
  const std::vector<TimeMs>& times = samples.times_ms;
  if (times.empty() || (times.front() >= window.start_ms && times.back() <= window.end_ms)) return;
  const auto first =
      static_cast<std::size_t>(std::ranges::lower_bound(times, window.start_ms) - times.begin());
  const auto last = static_cast<std::size_t>(std::ranges::upper_bound(times, window.end_ms) - times.begin());
  std::vector<std::size_t> indices(last > first ? last - first : 0);
  std::iota(indices.begin(), indices.end(), first);
  Pick(indices, samples);
}

void CutOut(const std::vector<TimeWindow>& windows, SampleColumns& samples) {
  if (windows.empty()) return;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const TimeMs time_ms = samples.times_ms[i];
    const bool is_cut = std::ranges::any_of(windows, [time_ms](const TimeWindow& window) {
      return time_ms >= window.start_ms && time_ms <= window.end_ms;
    });
    if (!is_cut) indices.push_back(i);
  }
  if (indices.size() < samples.size()) Pick(indices, samples);
}

}  // namespace tickscope::exchange
