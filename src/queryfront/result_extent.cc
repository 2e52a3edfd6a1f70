#include "queryfront/result_extent.h"

#include <algorithm>
#include <map>
#include <string>

#include "codec/fixed.h"

namespace tickscope::queryfront {
namespace {

using codec::PutFixed;
using codec::PutText;
using codec::PutVarint;
using codec::PutZigZag;

// The index in `steps` and `values` of the first step that is `step` or later.
std::size_t Find(const ExtentSeries& series, std::uint32_t step) {
  if (series.steps.empty()) return std::min<std::size_t>(step, series.values.size());
  return static_cast<std::size_t>(std::ranges::lower_bound(series.steps, step) - series.steps.begin());
}

std::uint32_t StepAt(const ExtentSeries& series, std::size_t i) {
  return series.steps.empty() ? static_cast<std::uint32_t>(i) : series.steps[i];
}

// E2: no list when every step is there.
void DropFullList(ExtentSeries& series, std::uint32_t count) {
  if (series.values.size() == count) series.steps = {};
}

}  // namespace

std::uint64_t Extent::memory_bytes() const {
  std::uint64_t bytes = sizeof(Extent) + series.capacity() * sizeof(ExtentSeries);
  for (const ExtentSeries& one : series) {
    bytes += one.labels.packed().size() + one.steps.capacity() * sizeof(std::uint32_t) +
             one.values.capacity() * sizeof(double) + one.histograms.capacity() * sizeof(HistogramPtr);
    for (const HistogramPtr& histogram : one.histograms) {
      if (histogram == nullptr) continue;
      bytes += sizeof(Histogram) + 8 * (histogram->positive_buckets.size() +
                                        histogram->negative_buckets.size() + histogram->custom_bounds.size());
    }
  }
  return bytes;
}

bool Extent::has_histograms() const {
  return std::ranges::any_of(series, [](const ExtentSeries& one) { return !one.histograms.empty(); });
}

Extent PackExtent(const promql::Matrix& matrix, TimeMs first_ms, std::int64_t step_ms, std::uint32_t count,
                  std::uint64_t number) {
  Extent extent{.first_ms = first_ms, .step_ms = step_ms, .count = count, .number = number, .series = {}};
  const TimeMs last_ms = extent.last_ms();
  for (const promql::MatrixSeries& from : matrix) {
    const auto first = std::ranges::lower_bound(from.points, first_ms, {}, &promql::Point::time_ms);
    const auto end = std::ranges::upper_bound(from.points, last_ms, {}, &promql::Point::time_ms);
    if (first == end) continue;
    ExtentSeries series{from.labels, {}, {}, {}};
    const auto size = static_cast<std::size_t>(end - first);
    series.values.reserve(size);
    if (size < count) series.steps.reserve(size);
    for (auto point = first; point != end; ++point) {
      if (size < count)
        series.steps.push_back(static_cast<std::uint32_t>((point->time_ms - first_ms) / step_ms));
      series.values.push_back(point->value);
      if (point->histogram == nullptr) continue;
      series.histograms.resize(size);
      series.histograms[series.values.size() - 1] = point->histogram;
    }
    extent.series.push_back(std::move(series));
  }
  return extent;
}

std::uint32_t StepsUntil(const Extent& extent, TimeMs until_ms) {
  if (until_ms < extent.first_ms) return 0;
  if (until_ms >= extent.last_ms()) return extent.count;
  return static_cast<std::uint32_t>((until_ms - extent.first_ms) / extent.step_ms) + 1;
}

Extent Slice(const Extent& extent, std::uint32_t from, std::uint32_t count) {
  Extent slice{.first_ms = extent.At(from),
               .step_ms = extent.step_ms,
               .count = count,
               .number = extent.number,
               .series = {}};
  for (const ExtentSeries& whole : extent.series) {
    const std::size_t begin = Find(whole, from);
    const std::size_t end = Find(whole, from + count);
    if (begin == end) continue;
    const auto part = [&](const auto& column) {
      using Column = std::decay_t<decltype(column)>;
      if (column.empty()) return Column();
      return Column(column.begin() + static_cast<std::ptrdiff_t>(begin),
                    column.begin() + static_cast<std::ptrdiff_t>(end));
    };
    ExtentSeries series{whole.labels, part(whole.steps), part(whole.values), part(whole.histograms)};
    for (std::uint32_t& step : series.steps)
      step -= from;
    if (std::ranges::all_of(series.histograms, [](const HistogramPtr& h) { return h == nullptr; }))
      series.histograms = {};
    DropFullList(series, count);
    slice.series.push_back(std::move(series));
  }
  return slice;
}

promql::Matrix UnpackExtents(std::span<const ExtentPtr> extents) {
  std::map<Labels, std::size_t> sizes;
  for (const ExtentPtr& extent : extents) {
    for (const ExtentSeries& series : extent->series)
      sizes[series.labels] += series.values.size();
  }
  promql::Matrix matrix;
  matrix.reserve(sizes.size());
  for (const auto& [labels, size] : sizes) {
    matrix.push_back({labels, {}});
    matrix.back().points.reserve(size);
  }
  for (const ExtentPtr& extent : extents) {
    // Both are sorted.
    auto to = matrix.begin();
    for (const ExtentSeries& series : extent->series) {
      while (to->labels != series.labels)
        ++to;
      for (std::size_t i = 0; i < series.values.size(); ++i) {
        to->points.push_back({extent->At(StepAt(series, i)), series.values[i],
                              series.histograms.empty() ? nullptr : series.histograms[i]});
      }
    }
  }
  return matrix;
}

Extent Join(std::span<const ExtentPtr> extents) {
  Extent joined{.first_ms = extents.front()->first_ms,
                .step_ms = extents.front()->step_ms,
                .count = 0,
                .number = UINT64_MAX,
                .series = {}};
  std::map<Labels, ExtentSeries> all;
  for (const ExtentPtr& extent : extents) {
    joined.number = std::min(joined.number, extent->number);
    for (const ExtentSeries& series : extent->series) {
      ExtentSeries& to = all[series.labels];
      for (std::size_t i = 0; i < series.values.size(); ++i)
        to.steps.push_back(joined.count + StepAt(series, i));
      to.values.insert(to.values.end(), series.values.begin(), series.values.end());
      if (series.histograms.empty() && to.histograms.empty()) continue;
      to.histograms.resize(to.values.size() - series.values.size());
      to.histograms.insert(to.histograms.end(), series.histograms.begin(), series.histograms.end());
      to.histograms.resize(to.values.size());
    }
    joined.count += extent->count;
  }
  joined.series.reserve(all.size());
  for (auto& [labels, series] : all) {
    series.labels = labels;
    DropFullList(series, joined.count);
    series.steps.shrink_to_fit();
    series.values.shrink_to_fit();
    joined.series.push_back(std::move(series));
  }
  return joined;
}

std::vector<ExtentPtr> CutOut(const ExtentPtr& extent, const TimeSpan& cut) {
  if (cut.max_ms < extent->first_ms || cut.min_ms > extent->last_ms()) return {extent};
  std::vector<ExtentPtr> left;
  // Steps before the cut, and the first step after it.
  const std::int64_t before_ms = cut.min_ms > extent->first_ms ? cut.min_ms - extent->first_ms : 0;
  const auto before = static_cast<std::uint32_t>((before_ms + extent->step_ms - 1) / extent->step_ms);
  if (before > 0) left.push_back(std::make_shared<const Extent>(Slice(*extent, 0, before)));
  if (cut.max_ms < extent->last_ms()) {
    const auto after = static_cast<std::uint32_t>((cut.max_ms - extent->first_ms) / extent->step_ms + 1);
    left.push_back(std::make_shared<const Extent>(Slice(*extent, after, extent->count - after)));
    // A cut between two steps takes none.
    if (after == before) return {extent};
  }
  return left;
}

void PutExtent(const Extent& extent, Bytes& out) {
  PutZigZag(extent.first_ms, out);
  PutVarint(static_cast<std::uint64_t>(extent.step_ms), out);
  PutVarint(extent.count, out);
  PutVarint(extent.number, out);
  PutVarint(extent.series.size(), out);
  for (const ExtentSeries& series : extent.series) {
    PutVarint(series.labels.size(), out);
    for (const LabelView& label : series.labels) {
      PutText(label.name, out);
      PutText(label.value, out);
    }
    PutVarint(series.steps.size(), out);
    std::uint32_t last = 0;
    for (const std::uint32_t step : series.steps) {
      PutVarint(step - last, out);
      last = step;
    }
    PutVarint(series.values.size(), out);
    for (const double value : series.values)
      PutFixed(value, out);
  }
}

Result<Extent> TakeExtent(codec::FieldReader& reader) {
  const auto damaged = [] { return Fail(ErrorCode::kCorruption, "cached result does not decode"); };
  constexpr std::uint64_t kCountMax = 1U << 24;
  constexpr std::int64_t kFarMs = INT64_MAX / 4;
  Extent extent;
  extent.first_ms = reader.ZigZag();
  const std::uint64_t step_ms = reader.Varint();
  const std::uint64_t count = reader.Varint();
  extent.number = reader.Varint();
  const std::uint64_t series_count = reader.Varint();
  if (!reader.ok() || step_ms == 0 || step_ms > static_cast<std::uint64_t>(kFarMs) / kCountMax ||
      count == 0 || count > kCountMax || std::abs(extent.first_ms) > kFarMs ||
      series_count > reader.remaining())
    return damaged();
  extent.step_ms = static_cast<std::int64_t>(step_ms);
  extent.count = static_cast<std::uint32_t>(count);
  for (std::uint64_t i = 0; i < series_count; ++i) {
    ExtentSeries series;
    const std::uint64_t label_count = reader.Varint();
    if (label_count > reader.remaining()) return damaged();
    std::vector<LabelView> labels;
    for (std::uint64_t k = 0; k < label_count; ++k) {
      const std::string_view name = reader.Text();
      const std::string_view value = reader.Text();
      if (value.empty() || (!labels.empty() && labels.back().name >= name)) return damaged();
      labels.push_back({name, value});
    }
    if (!reader.ok()) return damaged();
    series.labels = Labels::FromSorted(labels);
    if (!extent.series.empty() && !(extent.series.back().labels < series.labels)) return damaged();
    const std::uint64_t step_count = reader.Varint();
    if (step_count > reader.remaining() || step_count > count) return damaged();
    std::uint64_t step = 0;
    for (std::uint64_t k = 0; k < step_count; ++k) {
      const std::uint64_t more = reader.Varint();
      if ((k > 0 && more == 0) || more >= count) return damaged();
      step += more;
      if (step >= count) return damaged();
      series.steps.push_back(static_cast<std::uint32_t>(step));
    }
    const std::uint64_t value_count = reader.Varint();
    if (!reader.ok() || value_count == 0 || value_count != (step_count == 0 ? count : step_count))
      return damaged();
    const ByteView values = reader.Take(value_count * sizeof(double));
    if (!reader.ok()) return damaged();
    series.values.resize(value_count);
    std::memcpy(series.values.data(), values.data(), values.size());
    extent.series.push_back(std::move(series));
  }
  return extent;
}

}  // namespace tickscope::queryfront
