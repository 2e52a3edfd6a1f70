#include "otlp/stored_totals.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "model/matcher.h"
#include "model/sample.h"

namespace tickscope::otlp {
namespace {

// Who exports is heard every minute or more often: mostly the samples of so long tell.
constexpr std::int64_t kNearMs = 300'000;
// Stored samples may be later than the point that is asked about.
constexpr std::int64_t kAheadMs = 3'600'000;
// A double is a count up to here.
constexpr double kCountMax = 9'007'199'254'740'992.0;

bool IsCount(double value) {
  return value >= 0 && value <= kCountMax && value == std::floor(value);
}

// The upper bound that `le` names; nothing for a text that is no number.
std::optional<double> BoundOf(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double bound = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bound);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return bound;
}

}  // namespace

StoredTotals::StoredTotals(const Queryable& storage, const Clock& clock, std::int64_t reach_ms,
                           MetricRegistry& metrics)
    : storage_(storage),
      clock_(clock),
      reach_ms_(reach_ms),
      restored_(metrics.AddCounter("tickscope_otlp_delta_restored_total",
                                   "Totals of delta data points that go on from what was stored.", {})),
      errors_(metrics.AddCounter("tickscope_otlp_delta_restore_errors_total",
                                 "Totals of delta data points that could not be read, and begin anew.", {})) {
}

Result<std::vector<StoredTotals::Sample>> StoredTotals::Read(const SelectRequest& request,
                                                             const Labels& labels,
                                                             std::string_view more) const {
  const QueryContext context(clock_, clock_.Monotonic() + kReadTime);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesSet> found, storage_.Select(request, context));
  std::vector<Sample> last;
  SampleColumns samples;
  LabelsBuilder builder;
  while (found->Next()) {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    // Matchers say what a series has, not what else it has.
    builder.Reset(found->labels());
    if (!more.empty()) builder.Delete(more);
    if (builder.Build() != labels) continue;
    TICKSCOPE_RETURN_IF_ERROR(found->ReadSamples(samples));
    if (samples.size() == 0) continue;
    Sample& sample = last.emplace_back();
    sample.labels = found->labels();
    sample.time_ms = samples.times_ms.back();
    sample.value = samples.values.back();
    if (!samples.start_times_ms.empty()) sample.start_ms = samples.start_times_ms.back();
    if (!samples.histograms.empty()) sample.histogram = samples.histograms.back();
    if (more.empty()) break;
  }
  return last;
}

std::vector<StoredTotals::Sample> StoredTotals::Last(const TenantId& tenant, const Labels& labels,
                                                     std::string_view more, TimeMs time_ms) const {
  if (labels.metric_name().empty()) return {};
  SelectRequest request{.tenant = tenant,
                        .start_ms = 0,
                        .end_ms = std::max(time_ms, clock_.NowMs()) + kAheadMs,
                        .matchers = {},
                        .hints = std::nullopt};
  for (const LabelView& label : labels)
    request.matchers.push_back(Matcher::Equal(label.name, label.value));
  for (const std::int64_t reach_ms : {std::min(kNearMs, reach_ms_), reach_ms_}) {
    request.start_ms = time_ms - reach_ms;
    auto last = Read(request, labels, more);
    if (!last) {
      errors_->Add();
      Log(LogLevel::kWarn, "a total of delta data points cannot be read and begins anew",
          {{"tenant", tenant}, {"error", last.error().message}});
      return {};
    }
    if (!last->empty()) return *std::move(last);
  }
  return {};
}

std::optional<StoredTotal> StoredTotals::Number(const TenantId& tenant, const Labels& series,
                                                TimeMs time_ms) const {
  const std::vector<Sample> last = Last(tenant, series, {}, time_ms);
  if (last.empty() || last[0].histogram != nullptr || !std::isfinite(last[0].value)) return std::nullopt;
  restored_->Add();
  return StoredTotal{.time_ms = last[0].time_ms,
                     .start_ms = last[0].start_ms,
                     .value = last[0].value,
                     .count = 0,
                     .bounds = {},
                     .counts = {},
                     .histogram = nullptr};
}

std::optional<StoredTotal> StoredTotals::Buckets(const TenantId& tenant, const Labels& count,
                                                 const Labels& sum, const Labels& bucket,
                                                 const std::vector<double>& bounds, TimeMs time_ms) const {
  const std::vector<Sample> counted = Last(tenant, count, {}, time_ms);
  if (counted.empty() || counted[0].histogram != nullptr || !IsCount(counted[0].value)) return std::nullopt;
  StoredTotal total;
  total.time_ms = counted[0].time_ms;
  total.start_ms = counted[0].start_ms;
  total.count = static_cast<std::uint64_t>(counted[0].value);
  total.bounds = bounds;
  // A sender that tells no sums has none; one whose last is of another time was not written whole.
  const std::vector<Sample> summed = Last(tenant, sum, {}, time_ms);
  if (!summed.empty()) {
    if (summed[0].time_ms != total.time_ms) return std::nullopt;
    total.value = summed[0].value;
  }
  std::vector<std::pair<double, double>> below;  // Upper bound and what is below it.
  for (const Sample& sample : Last(tenant, bucket, kBucketLabel, time_ms)) {
    // One that ended before is of bounds the series had once.
    if (sample.time_ms != total.time_ms) continue;
    const auto bound = BoundOf(sample.labels.Get(kBucketLabel));
    if (!bound || sample.histogram != nullptr || !IsCount(sample.value)) return std::nullopt;
    below.emplace_back(*bound, sample.value);
  }
  std::ranges::sort(below);
  if (below.size() != bounds.size() + 1 || !std::isinf(below.back().first)) return std::nullopt;
  double before = 0;
  for (std::size_t i = 0; i < below.size(); ++i) {
    const auto [bound, value] = below[i];
    if ((i < bounds.size() && bound != bounds[i]) || value < before) return std::nullopt;
    total.counts.push_back(static_cast<std::uint64_t>(value - before));
    before = value;
  }
  if (before != counted[0].value) return std::nullopt;
  restored_->Add();
  return total;
}

std::optional<StoredTotal> StoredTotals::Exponential(const TenantId& tenant, const Labels& series,
                                                     TimeMs time_ms) const {
  const std::vector<Sample> last = Last(tenant, series, {}, time_ms);
  if (last.empty() || last[0].histogram == nullptr) return std::nullopt;
  const HistogramPtr& histogram = last[0].histogram;
  if (IsStaleNan(histogram->sum) || histogram->schema == kCustomBoundsSchema) return std::nullopt;
  restored_->Add();
  return StoredTotal{.time_ms = last[0].time_ms,
                     .start_ms = last[0].start_ms,
                     .value = 0,
                     .count = 0,
                     .bounds = {},
                     .counts = {},
                     .histogram = histogram};
}

}  // namespace tickscope::otlp
