// The reading half of Head.
#include <algorithm>
#include <array>
#include <limits>

#include "codec/value_column.h"
#include "tsdb/head.h"

namespace tickscope::tsdb {
namespace {

using codec::IsMissing;
using codec::kColumnValuesMax;

// Labels built per lock: long enough to be worth it, short enough for the writer.
constexpr std::size_t kLabelSlice = 4096;

// Appends the values of consecutive rows that are in the range and not gaps.
void AppendRows(const Target& target, Row first_row, std::span<const double> values, TimeMs start_ms,
                TimeMs end_ms, SampleColumns& out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const TimeMs time_ms = target.TimeOf(first_row + static_cast<Row>(i));
    if (time_ms < start_ms || IsMissing(values[i])) continue;
    if (time_ms > end_ms) break;
    out.times_ms.push_back(time_ms);
    out.values.push_back(values[i]);
  }
}

}  // namespace

Result<std::vector<Head::SelectedSeries>> Head::Select(const std::vector<Matcher>& matchers,
                                                       std::uint64_t series_max,
                                                       const QueryContext& context) const {
  std::vector<SeriesRef> refs;
  {
    const HeadReaderLock lock(mu_);
    const Postings postings = index_.Select(matchers);
    if (postings.size() > series_max) {
      return Fail(ErrorCode::kResourceExhausted, "query matches too many series: got " +
                                                     std::to_string(postings.size()) + ", want at most " +
                                                     std::to_string(series_max));
    }
    refs = postings.ToRefs();
  }
  std::vector<SelectedSeries> selected;
  selected.reserve(refs.size());
  for (std::size_t from = 0; from < refs.size(); from += kLabelSlice) {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    const HeadReaderLock lock(mu_);
    for (std::size_t i = from; i < std::min(from + kLabelSlice, refs.size()); ++i) {
      selected.push_back({index_.LabelsOf(refs[i]), refs[i]});
    }
  }
  std::sort(selected.begin(), selected.end(),
            [](const SelectedSeries& a, const SelectedSeries& b) { return a.labels < b.labels; });
  return selected;
}

Status Head::ReadSamples(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const {
  out.Clear();
  const HeadReaderLock lock(mu_);
  const std::uint32_t index = ToIndex(ref);
  if (index >= series_.size()) return {};
  TICKSCOPE_RETURN_IF_ERROR(ReadRows(index, start_ms, end_ms, out));
  MergeBeside(index, start_ms, end_ms, out);
  return {};
}

Status Head::ReadRows(std::uint32_t index, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const {
  const SeriesState& series = series_[index];
  std::vector<const Chunk*> overlapping;
  for (const Chunk* chunk = series.chunks.newest(); chunk != nullptr; chunk = chunk->older()) {
    const Target& target = targets_[static_cast<std::size_t>(chunk->target())];
    if (target.TimeOf(chunk->end_row() - 1) < start_ms) break;
    if (target.TimeOf(chunk->first_row()) <= end_ms) overlapping.push_back(chunk);
  }
  std::array<double, kColumnValuesMax> values;
  for (auto chunk = overlapping.rbegin(); chunk != overlapping.rend(); ++chunk) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t count, codec::DecodeValueColumn((*chunk)->column(), values));
    AppendRows(targets_[static_cast<std::size_t>((*chunk)->target())], (*chunk)->first_row(),
               {values.data(), count}, start_ms, end_ms, out);
  }
  AppendRows(targets_[static_cast<std::size_t>(series.target)], series.staged_row,
             {StageOf(index), series.staged_count}, start_ms, end_ms, out);
  return {};
}

void Head::MergeBeside(std::uint32_t index, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const {
  const auto in_range = [&](TimeMs time_ms) { return time_ms >= start_ms && time_ms <= end_ms; };
  struct Sample {
    TimeMs time_ms;
    double value;
    HistogramPtr histogram;
  };
  std::vector<Sample> beside;
  bool has_histograms = false;
  if (const auto late = late_.find(index); late != late_.end()) {
    for (const FloatSample& sample : late->second) {
      if (in_range(sample.time_ms)) beside.push_back({sample.time_ms, sample.value, nullptr});
    }
  }
  if (const auto histograms = histograms_.find(index); histograms != histograms_.end()) {
    for (const HistogramSample& sample : histograms->second) {
      if (!in_range(sample.time_ms)) continue;
      beside.push_back({sample.time_ms, 0, sample.histogram});
      has_histograms = true;
    }
  }
  if (beside.empty()) return;
  for (std::size_t i = 0; i < out.size(); ++i)
    beside.push_back({out.times_ms[i], out.values[i], nullptr});
  // At one time a float wins over a histogram: it is what was there first in every path that checks.
  std::stable_sort(beside.begin(), beside.end(), [](const Sample& a, const Sample& b) {
    return a.time_ms != b.time_ms ? a.time_ms<b.time_ms : (a.histogram == nullptr)>(b.histogram == nullptr);
  });
  out.Clear();
  for (Sample& sample : beside) {
    if (!out.times_ms.empty() && out.times_ms.back() == sample.time_ms) continue;
    out.times_ms.push_back(sample.time_ms);
    out.values.push_back(sample.value);
    if (has_histograms) out.histograms.push_back(std::move(sample.histogram));
  }
}

std::vector<std::string> Head::LabelNames(const std::vector<Matcher>& matchers) const {
  const HeadReaderLock lock(mu_);
  return matchers.empty() ? index_.LabelNames() : index_.LabelNames(index_.Select(matchers));
}

std::vector<std::string> Head::LabelValues(std::string_view name,
                                           const std::vector<Matcher>& matchers) const {
  const HeadReaderLock lock(mu_);
  return matchers.empty() ? index_.LabelValues(name) : index_.LabelValues(name, index_.Select(matchers));
}

bool Head::MayHold(TimeMs start_ms, TimeMs end_ms) const {
  const HeadReaderLock lock(mu_);
  return start_ms <= max_time_ms_ && end_ms >= min_time_ms_;
}

HeadSummary Head::Summarize(std::size_t limit) const {
  const HeadReaderLock lock(mu_);
  HeadSummary summary;
  summary.series_count = index_.series_count();
  summary.label_pair_count = index_.pair_count();
  summary.chunk_count = chunk_count_;
  if (min_time_ms_ <= max_time_ms_) {
    summary.min_time_ms = min_time_ms_;
    summary.max_time_ms = max_time_ms_;
  }
  summary.series_by_metric = index_.TopMetrics(limit);
  summary.values_by_label_name = index_.TopLabelNames(limit);
  summary.bytes_by_label_name = index_.TopLabelBytes(limit);
  summary.series_by_label_pair = index_.TopPairs(limit);
  return summary;
}

}  // namespace tickscope::tsdb
