#include "agent/page_series.h"

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "agent/judge_series.h"
#include "agent/target_labels.h"
#include "base/check.h"
#include "model/sample.h"
#include "wire/openmetrics_float.h"

namespace tickscope::agent {
namespace {

using sdkpage::PageFamily;
using sdkpage::PageReader;
using sdkpage::PageType;

constexpr std::size_t kOwnSeries = 2;

wire::MetricType TypeOf(PageType type) {
  switch (type) {
    case PageType::kCounter:
    case PageType::kDoubleCounter:
      return wire::MetricType::kCounter;
    case PageType::kGauge:
    case PageType::kUpDown:
      return wire::MetricType::kGauge;
    case PageType::kHistogram:
    case PageType::kExponential:
      return wire::MetricType::kHistogram;
  }
  std::unreachable();
}

// Whether bucket `bucket` is shown when there is no place for all: those of an exponential histogram that end at a power of
// two, which are exact sums of the others, and the last.
bool IsShown(const PageFamily& family, std::size_t bucket) {
  if (family.type == PageType::kHistogram || bucket >= family.bounds.size()) return true;
  return (family.first_index - 1 + static_cast<std::int32_t>(bucket)) % (1 << family.scale) == 0;
}

std::string LeOf(const PageFamily& family, std::size_t bucket) {
  std::string le;
  wire::AppendOpenMetricsFloat(
      bucket < family.bounds.size() ? family.bounds[bucket] : std::numeric_limits<double>::infinity(), le);
  return le;
}

// A game may set a gauge to any bits; those that mean the end of a series mean a plain NaN there.
double AsValue(double value) {
  return IsStaleNan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

std::string Hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 15U]);
  }
  return text;
}

std::optional<Exemplar> NewExemplar(const PageReader& page, const PageFamily& family, std::uint32_t series,
                                    std::uint64_t& sent_unix_ns) {
  const auto read = page.Exemplar(family, series);
  if (!read || !*read || (*read)->unix_ns <= sent_unix_ns) return std::nullopt;
  const sdkpage::PageExemplar& found = **read;
  sent_unix_ns = found.unix_ns;
  const std::string trace_id = Hex(found.trace_id);
  const std::string span_id = Hex(found.span_id);
  return Exemplar{.labels = Labels{{"span_id", span_id}, {"trace_id", trace_id}},
                  .value = found.value,
                  .time_ms = static_cast<TimeMs>(found.unix_ns / 1'000'000)};
}

}  // namespace

PageSeries::PageSeries(TargetConfig target, const Labels& external_labels, guard::Guard* guard)
    : target_(std::move(target)),
      external_labels_(external_labels),
      guard_(guard),
      guard_generation_(guard != nullptr ? guard->generation() : 0) {
  AddOwn("up", "Whether the game server's process runs.");
  AddOwn("tickscope_page_heartbeat_timestamp_seconds",
         "When the game server last said that it is alive, or began.");
}

Status PageSeries::Add(Labels own, std::shared_ptr<const Family> family, bool is_native) {
  if (!hashes_.insert(own.Hash()).second)
    return Fail(ErrorCode::kCorruption, "SDK page: a series is there twice: " + own.ToString());
  series_.push_back(std::make_shared<const Series>(
      Series{.labels = *ApplyTargetLabels(own, target_, external_labels_), .family = std::move(family)}));
  is_histogram_.push_back(is_native);
  return {};
}

void PageSeries::AddOwn(std::string_view name, std::string_view help) {
  Family family{
      .name = std::string(name), .type = wire::MetricType::kGauge, .help = std::string(help), .unit = {}};
  TICKSCOPE_CHECK(Add(Labels{{kMetricName, name}}, std::make_shared<const Family>(std::move(family)), false));
}

bool PageSeries::IsNative(const PageFamily& family) const {
  return family.type == PageType::kExponential &&
         target_.native_histograms == wire::NativeHistograms::kPrefer;
}

std::uint64_t PageSeries::CountOf(const PageReader& page) const {
  std::uint64_t count = kOwnSeries;
  for (const PageFamily& family : page.families()) {
    const bool has_buckets = family.is_histogram() && !IsNative(family);
    count += std::uint64_t{family.series_count} * (has_buckets ? family.bounds.size() + 3 : 1);
  }
  return count;
}

Status PageSeries::LearnFamily(const PageFamily& family, std::uint32_t index) {
  const auto described = std::make_shared<const Family>(
      Family{.name = family.name,
             .type = TypeOf(family.type),
             .help = guard_ != nullptr ? guard_->CleanHelp(family.help) : family.help,
             .unit = family.unit});
  const bool is_native = IsNative(family);
  for (std::uint32_t i = 0; i < family.series_count; ++i) {
    points_.push_back({.family = index, .series = i, .first = series_.size()});
    LabelsBuilder own;
    for (std::size_t label = 0; label < family.labels.size(); ++label)
      own.Set(family.labels[label].name, family.ValueOf(i, label));
    const auto add = [&](std::string_view suffix) {
      own.Set(kMetricName, family.name + std::string(suffix));
      return Add(own.Build(), described, is_native);
    };
    if (!family.is_histogram() || is_native) {
      TICKSCOPE_RETURN_IF_ERROR(add(""));
    } else {
      TICKSCOPE_RETURN_IF_ERROR(add("_count"));
      TICKSCOPE_RETURN_IF_ERROR(add("_sum"));
      for (std::size_t bucket = 0; bucket <= family.bounds.size(); ++bucket) {
        if (!IsShown(family, bucket)) continue;
        own.Set("le", LeOf(family, bucket));
        TICKSCOPE_RETURN_IF_ERROR(add("_bucket"));
      }
    }
    points_.back().end = series_.size();
    Judge(points_.back());
  }
  return {};
}

void PageSeries::Judge(Point& point) const {
  point.is_refused = false;
  for (std::size_t i = point.first; i < point.end; ++i)
    point.is_refused = IsRefused(guard_, *series_[i]) || point.is_refused;
}

void PageSeries::JudgeAgain(TimeMs time_ms, WriteBatch& batch) {
  if (guard_ == nullptr || guard_->generation() == guard_generation_) return;
  guard_generation_ = guard_->generation();
  for (Point& point : points_) {
    const bool was_refused = point.is_refused;
    Judge(point);
    // What it lets out now needs its type and help told.
    if (was_refused && !point.is_refused) batch.has_new_series = true;
    for (std::size_t i = point.first; point.is_refused && !was_refused && i < point.end; ++i)
      AddStaleMarker(series_[i], 0, is_histogram_[i], time_ms, batch);
  }
}

Result<std::size_t> PageSeries::Learn(const PageReader& page) {
  const std::size_t before = families_ == 0 ? 0 : series_.size();
  for (; families_ < page.families().size(); ++families_) {
    TICKSCOPE_RETURN_IF_ERROR(LearnFamily(page.families()[families_], static_cast<std::uint32_t>(families_)));
  }
  return series_.size() - before;
}

std::size_t PageSeries::Append(const PageReader& page, PageProcess process, TimeMs time_ms,
                               WriteBatch& batch) {
  JudgeAgain(time_ms, batch);
  BatchSample sample{.time_ms = time_ms};
  const auto append = [&](const SeriesPtr& series, double value) {
    sample.series = series;
    sample.value = value;
    batch.samples.push_back(sample);
  };
  append(series_[0], process == PageProcess::kRuns ? 1 : 0);
  append(series_[1], static_cast<double>(page.heartbeat_unix_ns()) * 1e-9);
  const auto created_ms = static_cast<TimeMs>(page.identity().created_unix_ns / 1'000'000);
  const TimeMs start_ms = created_ms <= time_ms ? created_ms : 0;
  std::size_t refused = 0;
  for (Point& point : points_) {
    if (point.is_refused) {
      refused += point.end - point.first;
      continue;
    }
    const PageFamily& family = page.families()[point.family];
    const bool is_gauge = family.type == PageType::kGauge || family.type == PageType::kUpDown;
    sample.start_time_ms = is_gauge ? 0 : start_ms;
    if (IsNative(family)) {
      AppendNative(page, point, sample, batch);
    } else if (family.is_histogram()) {
      AppendClassic(page, point, sample, batch);
    } else {
      append(series_[point.first], AsValue(page.Scalar(family, point.series)));
    }
  }
  return refused;
}

void PageSeries::AppendNative(const PageReader& page, Point& point, BatchSample sample,
                              WriteBatch& batch) const {
  const PageFamily& family = page.families()[point.family];
  sample.series = series_[point.first];
  sample.histogram = static_cast<std::uint32_t>(batch.histograms.size());
  Histogram& histogram = batch.histograms.emplace_back(page.Native(family, point.series));
  histogram.sum = AsValue(histogram.sum);
  if (auto exemplar = NewExemplar(page, family, point.series, point.exemplar_unix_ns)) {
    sample.exemplar_begin = static_cast<std::uint32_t>(batch.exemplars.size());
    sample.exemplar_count = 1;
    batch.exemplars.push_back(std::move(*exemplar));
  }
  batch.samples.push_back(std::move(sample));
}

void PageSeries::AppendClassic(const PageReader& page, Point& point, BatchSample sample,
                               WriteBatch& batch) const {
  const PageFamily& family = page.families()[point.family];
  const std::span<const std::uint64_t> buckets = page.Buckets(family, point.series);
  std::optional<Exemplar> exemplar = NewExemplar(page, family, point.series, point.exemplar_unix_ns);
  const std::size_t count_at = batch.samples.size();
  std::size_t next = point.first;
  const auto append = [&](double value) {
    sample.series = series_[next++];
    sample.value = value;
    batch.samples.push_back(sample);
  };
  append(0);
  append(AsValue(page.Sum(family, point.series)));
  std::uint64_t count = 0;
  for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
    count += buckets[bucket];
    if (!IsShown(family, bucket)) continue;
    append(static_cast<double>(count));
    const bool is_last = bucket == family.bounds.size();
    if (!exemplar || !(is_last || exemplar->value <= family.bounds[bucket])) continue;
    batch.samples.back().exemplar_begin = static_cast<std::uint32_t>(batch.exemplars.size());
    batch.samples.back().exemplar_count = 1;
    batch.exemplars.push_back(*std::exchange(exemplar, std::nullopt));
  }
  batch.samples[count_at].value = static_cast<double>(count);
}

void PageSeries::AppendMarkers(TimeMs time_ms, WriteBatch& batch) {
  std::vector<bool> is_silent(series_.size());
  for (const Point& point : points_) {
    for (std::size_t i = point.first; point.is_refused && i < point.end; ++i)
      is_silent[i] = true;
  }
  for (std::size_t i = 0; i < series_.size(); ++i) {
    if (!is_silent[i]) AddStaleMarker(series_[i], 0, is_histogram_[i], time_ms, batch);
  }
  points_.clear();
  series_.clear();
  is_histogram_.clear();
  hashes_.clear();
}

}  // namespace tickscope::agent
