#include "promqltest/memory_storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/histogram_arithmetic.h"
#include "model/sample.h"
#include "promqltest/custom_buckets.h"

namespace tickscope::promqltest {
namespace {

using SeriesMap = std::map<Labels, SampleColumns>;

// The series of one Select, in label order.
class MatchedSeries final : public SeriesSet {
 public:
  MatchedSeries(std::vector<const SeriesMap::value_type*> series, TimeMs start_ms, TimeMs end_ms)
      : series_(std::move(series)), start_ms_(start_ms), end_ms_(end_ms) {}

  bool Next() override { return ++next_ <= series_.size(); }
  const Labels& labels() const override { return current().first; }

  Status ReadSamples(SampleColumns& out) override {
    out.Clear();
    const SampleColumns& all = current().second;
    const auto first = std::ranges::lower_bound(all.times_ms, start_ms_) - all.times_ms.begin();
    const auto last = std::ranges::upper_bound(all.times_ms, end_ms_) - all.times_ms.begin();
    const auto copy = [&](const auto& from, auto& to) {
      if (first < last && !from.empty()) to.assign(from.begin() + first, from.begin() + last);
    };
    copy(all.times_ms, out.times_ms);
    copy(all.values, out.values);
    copy(all.histograms, out.histograms);
    copy(all.start_times_ms, out.start_times_ms);
    return {};
  }

 private:
  const SeriesMap::value_type& current() const { return *series_[next_ - 1]; }

  std::vector<const SeriesMap::value_type*> series_;
  TimeMs start_ms_;
  TimeMs end_ms_;
  std::size_t next_ = 0;
};

// Storage keeps samples of one layout together and knows of a counter sample among them whether it was reset since
// the one before. It says so in the hint; the first of a layout and a reset itself it leaves as unknown.
HistogramPtr WithStoredHint(const HistogramPtr& histogram, const SampleColumns& before) {
  if (!histogram || histogram->reset_hint == ResetHint::kGauge) return histogram;
  const Histogram* previous = before.histograms.empty() ? nullptr : before.histograms.back().get();
  const bool continues =
      previous != nullptr && previous->reset_hint != ResetHint::kGauge && !IsStaleNan(previous->sum) &&
      previous->schema == histogram->schema && previous->zero_threshold == histogram->zero_threshold &&
      previous->custom_bounds == histogram->custom_bounds && !IsCounterReset(*previous, *histogram);
  auto stored = std::make_shared<Histogram>(*histogram);
  stored->reset_hint = continues ? ResetHint::kNotReset : ResetHint::kUnknown;
  return stored;
}

}  // namespace

Status MemoryStorage::Load(const LoadCommand& load) {
  for (const LoadedSeries& series : load.series)
    TICKSCOPE_RETURN_IF_ERROR(Append(series, load.step_ms));
  if (!load.with_custom_buckets) return {};
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<LoadedSeries> collated, CollateCustomBuckets(load.series));
  for (const LoadedSeries& series : collated)
    TICKSCOPE_RETURN_IF_ERROR(Append(series, load.step_ms));
  return {};
}

Status MemoryStorage::Append(const LoadedSeries& loaded, std::int64_t step_ms) {
  SampleColumns& columns = series_[loaded.labels];
  for (std::size_t i = 0; i < loaded.values.size(); ++i) {
    if (!loaded.values[i]) continue;
    const SlotValue& sample = *loaded.values[i];
    const TimeMs time_ms = static_cast<TimeMs>(i) * step_ms;
    if (!columns.times_ms.empty() && time_ms <= columns.times_ms.back()) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("out-of-order sample: series={} time_ms={}",
                                                           loaded.labels.ToString(), time_ms));
    }
    const HistogramPtr histogram = WithStoredHint(sample.histogram, columns);
    // The two optional columns start when the first sample needs them.
    if (histogram && columns.histograms.empty()) columns.histograms.resize(columns.size());
    const bool started = !loaded.start_offsets.empty() && loaded.start_offsets[i].has_value();
    if (started && columns.start_times_ms.empty()) columns.start_times_ms.resize(columns.size());
    TimeMs start_ms = 0;
    if (started && __builtin_add_overflow(time_ms, *loaded.start_offsets[i], &start_ms)) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("start time overflows: series={} time_ms={}",
                                                           loaded.labels.ToString(), time_ms));
    }
    const bool has_histograms = histogram || !columns.histograms.empty();
    const bool has_start_times = started || !columns.start_times_ms.empty();
    columns.times_ms.push_back(time_ms);
    columns.values.push_back(sample.value);
    if (has_histograms) columns.histograms.push_back(histogram);
    if (has_start_times) columns.start_times_ms.push_back(start_ms);
  }
  return {};
}

Result<std::unique_ptr<SeriesSet>> MemoryStorage::Select(const SelectRequest& request,
                                                         const QueryContext& context) const {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  std::vector<const SeriesMap::value_type*> matched;
  for (const auto& entry : series_) {
    if (MatchesAll(request.matchers, entry.first)) matched.push_back(&entry);
  }
  return std::make_unique<MatchedSeries>(std::move(matched), request.start_ms, request.end_ms);
}

Result<std::vector<std::string>> MemoryStorage::LabelNames(const SelectRequest& request,
                                                           const QueryContext& context) const {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  std::set<std::string> names;
  for (const auto& [labels, columns] : series_) {
    if (!MatchesAll(request.matchers, labels)) continue;
    for (const LabelView& label : labels)
      names.emplace(label.name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<std::string>> MemoryStorage::LabelValues(const std::string& name,
                                                            const SelectRequest& request,
                                                            const QueryContext& context) const {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  std::set<std::string> values;
  for (const auto& [labels, columns] : series_) {
    if (labels.Has(name) && MatchesAll(request.matchers, labels)) values.emplace(labels.Get(name));
  }
  return std::vector<std::string>(values.begin(), values.end());
}

}  // namespace tickscope::promqltest
