#include "block/rate_scan.h"

#include <algorithm>

#include "base/check.h"
#include "codec/value_column.h"
#include "model/sample.h"

namespace tickscope::block {

RateScan::RateScan(const BlockReader& block, RateGrid grid) : block_(block), cursor_(block), grid_(grid) {}

RateScan::Window RateScan::Extend(std::int64_t first_ms, std::int64_t last_ms, std::size_t count,
                                  std::int64_t start_ms, std::int64_t end_ms) {
  Window window;
  window.sampled = static_cast<double>(last_ms - first_ms) / 1000;
  const double average = window.sampled / static_cast<double>(count - 1);
  // A series that begins or ends within the window is extended by half a sample's distance, not to its edge.
  const double threshold = average * 1.1;
  window.to_start = static_cast<double>(first_ms - start_ms) / 1000;
  window.to_end = static_cast<double>(end_ms - last_ms) / 1000;
  if (window.to_start >= threshold) window.to_start = average / 2;
  if (window.to_end >= threshold) window.to_end = average / 2;
  window.per_increase = (window.sampled + window.to_start + window.to_end) / window.sampled /
                        (static_cast<double>(end_ms - start_ms) / 1000);
  return window;
}

Status RateScan::LoadTimes(TimesId id) {
  if (has_times_ && times_id_ == id) return {};
  TICKSCOPE_RETURN_IF_ERROR(block_.ReadTimes(id, times_ms_));
  times_id_ = id;
  has_times_ = true;
  windows_.assign(grid_.step_count, {});
  for (std::size_t step = 0; step < grid_.step_count; ++step) {
    const TimeMs end_ms = grid_.start_ms + static_cast<std::int64_t>(step) * grid_.step_ms;
    const TimeMs start_ms = end_ms - grid_.range_ms;
    const auto first = std::upper_bound(times_ms_.begin(), times_ms_.end(), start_ms);
    const auto end = std::upper_bound(first, times_ms_.end(), end_ms);
    Window& window = windows_[step];
    if (end - first >= 2)
      window = Extend(*first, *std::prev(end), static_cast<std::size_t>(end - first), start_ms, end_ms);
    window.first = static_cast<std::uint32_t>(first - times_ms_.begin());
    window.end = static_cast<std::uint32_t>(end - times_ms_.begin());
  }
  return {};
}

double RateScan::RateOf(const Window& window, double increase, double first) const {
  // A counter was not below zero before its first sample. The usual case takes no division.
  if (increase <= 0 || first < 0 || window.to_start * increase <= window.sampled * first) [[likely]] {
    return increase * window.per_increase;
  }
  const double to_start = window.sampled * (first / increase);
  const double factor = (window.sampled + to_start + window.to_end) / window.sampled;
  return increase * factor / (static_cast<double>(grid_.range_ms) / 1000);
}

void RateScan::AddPlain(std::span<const double> values, std::span<double> sums,
                        std::span<std::uint32_t> counts) const {
  for (std::size_t step = 0; step < windows_.size(); ++step) {
    const Window& window = windows_[step];
    if (window.end - window.first < 2) continue;
    const double first = values[window.first];
    sums[step] += RateOf(window, values[window.end - 1] - first, first);
    ++counts[step];
  }
}

void RateScan::AddAny(std::span<const double> values, std::span<double> sums,
                      std::span<std::uint32_t> counts) const {
  for (std::size_t step = 0; step < windows_.size(); ++step) {
    const TimeMs end_ms = grid_.start_ms + static_cast<std::int64_t>(step) * grid_.step_ms;
    std::size_t count = 0;
    std::size_t first = 0;
    std::size_t last = 0;
    double resets = 0;
    for (std::size_t row = windows_[step].first; row < windows_[step].end; ++row) {
      if (codec::IsMissing(values[row]) || IsStaleNan(values[row])) continue;
      if (count == 0) {
        first = row;
      } else if (values[row] < values[last]) {
        resets += values[last];
      }
      last = row;
      ++count;
    }
    if (count < 2) continue;
    const Window window = Extend(times_ms_[first], times_ms_[last], count, end_ms - grid_.range_ms, end_ms);
    sums[step] += RateOf(window, values[last] - values[first] + resets, values[first]);
    ++counts[step];
  }
}

Status RateScan::Add(SeriesId id, std::span<double> sums, std::span<std::uint32_t> counts) {
  TICKSCOPE_CHECK(sums.size() == grid_.step_count && counts.size() == grid_.step_count);
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, cursor_.Entry(id));
  if (entry->holds_histograms) return {};
  TICKSCOPE_RETURN_IF_ERROR(LoadTimes(entry->times));
  const bool is_plain =
      std::all_of(entry->stats.begin(), entry->stats.end(), [](const codec::ColumnStats& stats) {
        return stats.gaps == 0 && stats.stale == 0 && stats.resets == 0 && !stats.has_nan;
      });
  const auto chunk_count = static_cast<std::uint32_t>(entry->stats.size());
  if (chunk_count == 1) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::span<const double> values, cursor_.Column(id, 0));
    is_plain ? AddPlain(values, sums, counts) : AddAny(values, sums, counts);
    return {};
  }
  values_.clear();
  for (std::uint32_t chunk = 0; chunk < chunk_count; ++chunk) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::span<const double> values, cursor_.Column(id, chunk));
    values_.insert(values_.end(), values.begin(), values.end());
  }
  // Between two chunks there may be a reset that neither knows of.
  is_plain&& std::is_sorted(values_.begin(), values_.end()) ? AddPlain(values_, sums, counts)
                                                            : AddAny(values_, sums, counts);
  return {};
}

}  // namespace tickscope::block
