#include "ingest/admission.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fmt/format.h>

#include <bit>

#include "base/civil_time.h"
#include "codec/histogram_codec.h"

namespace tickscope::ingest {
namespace {

// Messages of refusals an answer carries; the rest is a count.
constexpr std::size_t kMessagesMax = 5;

// Metadata texts longer than this are cut: help is for people.
constexpr std::size_t kMetadataTextMax = 1024;

// Metric families a tenant's metadata is remembered for.
constexpr std::size_t kMetadataMax = 100'000;

std::string CutText(std::string_view text) {
  text = text.substr(0, kMetadataTextMax);
  while (!IsValidUtf8(text))
    text.remove_suffix(1);
  return std::string(text);
}

// The family a series' metadata belongs to: histograms and summaries have several names.
std::string_view FamilyOf(std::string_view metric, std::string_view type) {
  if (type != "histogram" && type != "gaugehistogram" && type != "summary") return metric;
  for (const std::string_view suffix : {"_bucket", "_count", "_sum"}) {
    if (metric.ends_with(suffix)) return metric.substr(0, metric.size() - suffix.size());
  }
  return metric;
}

}  // namespace

AdmissionMetrics::AdmissionMetrics(MetricRegistry& metrics)
    : cache_bytes(
          metrics.AddGauge("tickscope_ingest_series_cache_bytes", "Memory of the series key cache.", {})) {
  const auto refused = [&](const char* reason) {
    return metrics.AddCounter("tickscope_ingest_refused_samples_total",
                              "Samples left out of requests, by reason.", {{"reason", reason}});
  };
  bad_labels = refused("bad_labels");
  series_limit = refused("series_limit");
  out_of_order = refused("out_of_order");
  conflicting = refused("duplicate_timestamp");
  in_future = refused("in_future");
  in_past = refused("in_past");
  bad_histogram = refused("bad_histogram");
  exemplars = metrics.AddCounter("tickscope_ingest_dropped_exemplars_total",
                                 "Exemplars decoded and dropped: this build does not store them.", {});
}

void AdmissionOutcome::Refuse(std::uint64_t count, std::string message) {
  refused += count;
  if (messages.size() < kMessagesMax) messages.push_back(std::move(message));
}

Admission::Admission(const Clock& clock, MetricRegistry& metrics, AdmissionOptions options,
                     std::uint64_t seed)
    : clock_(clock), metrics_(metrics), options_(options), seed_(seed) {}
Admission::~Admission() = default;

Result<Admission::TenantState*> Admission::TenantFor(const TenantId& tenant) {
  const auto found = tenants_.find(tenant);
  if (found != tenants_.end()) return found->second.get();
  if (tenants_.size() >= options_.tenants_max) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("too many tenants: at most {} are kept", options_.tenants_max));
  }
  return tenants_.emplace(tenant, std::make_unique<TenantState>()).first->second.get();
}

wire::SeriesKey Admission::CanonicalKey(const Labels& labels) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(labels.packed().data(), labels.packed().size(), seed_);
  return {hash.low64, hash.high64};
}

Result<SeriesRef> Admission::Define(TenantState& tenant, std::uint64_t epoch,
                                    const std::vector<LabelView>& labels, codec::SampleBatch& batch) {
  const wire::SeriesKey key = CanonicalKey(Labels::FromSorted(labels));
  std::optional<SeriesRef> ref = tenant.canonical_keys.Find(key);
  if (!ref) {
    if (tenant.series.size() >= options_.series_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("too many series: the tenant may have {}", options_.series_max));
    }
    ref = static_cast<SeriesRef>(tenant.series.size());
    tenant.series.emplace_back();
    tenant.canonical_keys.Add(key, *ref);
  }
  SeriesState& series = tenant.series[ToIndex(*ref)];
  if (series.defined_epoch != epoch) {
    series.defined_epoch = epoch;
    batch.series.push_back({*ref, labels});
  }
  return *ref;
}

Result<SeriesRef> Admission::Resolve(TenantState& tenant, std::uint64_t epoch,
                                     const wire::ReceivedRequest& request, const wire::ReceivedSeries& series,
                                     codec::SampleBatch& batch) {
  const std::optional<SeriesRef> known = tenant.raw_keys.Find(series.key);
  if (known && tenant.series[ToIndex(*known)].defined_epoch == epoch) return *known;
  TICKSCOPE_RETURN_IF_ERROR(request.ReadLabels(series, label_buffer_));
  TICKSCOPE_RETURN_IF_ERROR(NormalizeLabels(options_.labels, label_buffer_));
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesRef ref, Define(tenant, epoch, label_buffer_, batch));
  if (!known) tenant.raw_keys.Add(series.key, ref);
  TICKSCOPE_ASSIGN_OR_RETURN(MetricMetadata metadata, request.ReadMetadata(series));
  if (!metadata.type.empty()) {
    for (const LabelView& label : label_buffer_) {
      if (label.name != kMetricName) continue;
      const std::string_view family = FamilyOf(label.value, metadata.type);
      NoteMetadata(tenant, family, std::move(metadata), batch);
      break;
    }
  }
  return ref;
}

Result<AdmissionOutcome> Admission::Admit(const TenantId& tenant_id, std::uint64_t epoch,
                                          const wire::ReceivedRequest& request, codec::SampleBatch& batch) {
  TICKSCOPE_ASSIGN_OR_RETURN(TenantState* const tenant, TenantFor(tenant_id));
  const TimeWindow window = WindowNow();
  overwritten_.clear();
  AdmissionOutcome outcome;
  for (const wire::ReceivedSeries& series : request.series()) {
    if (series.exemplar_count > 0) metrics_.exemplars->Add(series.exemplar_count);
    const auto ref = Resolve(*tenant, epoch, request, series, batch);
    if (!ref) {
      const std::uint64_t count = series.sample_count + series.histogram_count;
      (ref.error().code == ErrorCode::kResourceExhausted ? metrics_.series_limit : metrics_.bad_labels)
          ->Add(count);
      // A series without samples still breaks the rule.
      outcome.Refuse(std::max<std::uint64_t>(count, 1),
                     fmt::format("series {}: {}", series.position, ref.error().message));
      continue;
    }
    for (std::uint32_t i = series.first_sample; i < series.first_sample + series.sample_count; ++i) {
      AdmitFloat(*tenant, *ref, series.position, request.times_ms()[i], request.values()[i], window, batch,
                 outcome);
    }
    for (std::uint32_t i = series.first_histogram; i < series.first_histogram + series.histogram_count; ++i) {
      AdmitHistogram(*ref, series.position, request.histograms()[i], window, batch, outcome);
    }
  }
  for (const wire::ReceivedMetadata& entry : request.metadata()) {
    NoteMetadata(*tenant, entry.metric, entry.metadata, batch);
  }
  metrics_.cache_bytes->Set(static_cast<double>(tenant->raw_keys.bytes() + tenant->canonical_keys.bytes()));
  return outcome;
}

Result<AdmissionOutcome> Admission::AdmitSamples(const TenantId& tenant_id, std::uint64_t epoch,
                                                 const std::vector<SeriesSample>& samples,
                                                 codec::SampleBatch& batch) {
  TICKSCOPE_ASSIGN_OR_RETURN(TenantState* const tenant, TenantFor(tenant_id));
  const TimeWindow window = WindowNow();
  overwritten_.clear();
  AdmissionOutcome outcome;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    label_buffer_.assign(samples[i].labels.begin(), samples[i].labels.end());
    Result<SeriesRef> ref = SeriesRef{};
    if (const Status good = NormalizeLabels(options_.labels, label_buffer_); !good) {
      ref = std::unexpected(good.error());
    } else {
      ref = Define(*tenant, epoch, label_buffer_, batch);
    }
    if (!ref) {
      metrics_.bad_labels->Add();
      outcome.Refuse(1, fmt::format("series {}: {}", i, ref.error().message));
      continue;
    }
    AdmitFloat(*tenant, *ref, static_cast<std::uint32_t>(i), samples[i].sample.time_ms,
               samples[i].sample.value, window, batch, outcome);
  }
  return outcome;
}

Admission::TimeWindow Admission::WindowNow() const {
  const TimeMs now_ms = clock_.NowMs();
  return {now_ms - options_.past_max_ms, now_ms + options_.future_max_ms};
}

bool Admission::AdmitTime(std::uint32_t position, TimeMs time_ms, const TimeWindow& window,
                          AdmissionOutcome& outcome) {
  if (time_ms > window.max_ms) {
    metrics_.in_future->Add();
    outcome.Refuse(1, fmt::format("series {}: sample too far in the future: got {}, want at most {}",
                                  position, FormatUtcTime(time_ms), FormatUtcTime(window.max_ms)));
    return false;
  }
  if (time_ms < window.min_ms) {
    metrics_.in_past->Add();
    outcome.Refuse(1, fmt::format("series {}: sample too far in the past: got {}, want at least {}", position,
                                  FormatUtcTime(time_ms), FormatUtcTime(window.min_ms)));
    return false;
  }
  return true;
}

void Admission::AdmitFloat(TenantState& tenant, SeriesRef ref, std::uint32_t position, TimeMs time_ms,
                           double value, const TimeWindow& window, codec::SampleBatch& batch,
                           AdmissionOutcome& outcome) {
  if (!AdmitTime(position, time_ms, window, outcome)) return;
  SeriesState& series = tenant.series[ToIndex(ref)];
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (time_ms <= series.last_time_ms) {
    if (time_ms == series.last_time_ms && bits != series.last_bits) {
      metrics_.conflicting->Add();
      outcome.Refuse(1, fmt::format("series {}: duplicate sample for timestamp {} with another value",
                                    position, FormatUtcTime(time_ms)));
      return;
    }
    if (series.last_time_ms - time_ms > options_.late_window_ms) {
      metrics_.out_of_order->Add();
      outcome.Refuse(1, fmt::format("series {}: out-of-order sample: got {}, want at least {}", position,
                                    FormatUtcTime(time_ms),
                                    FormatUtcTime(series.last_time_ms - options_.late_window_ms)));
      return;
    }
  } else {
    overwritten_.push_back({ref, series.last_time_ms, series.last_bits});
    series.last_time_ms = time_ms;
    series.last_bits = bits;
  }
  batch.floats.Push(ref, time_ms, value);
  ++outcome.samples;
}

void Admission::AdmitHistogram(SeriesRef ref, std::uint32_t position, const wire::ReceivedHistogram& sample,
                               const TimeWindow& window, codec::SampleBatch& batch,
                               AdmissionOutcome& outcome) {
  if (!AdmitTime(position, sample.time_ms, window, outcome)) return;
  if (const Status valid = codec::ValidateHistogram(*sample.histogram); !valid) {
    metrics_.bad_histogram->Add();
    outcome.Refuse(1, fmt::format("series {}: {}", position, valid.error().message));
    return;
  }
  batch.histograms.push_back({ref, sample.time_ms, sample.histogram});
  ++outcome.histograms;
}

void Admission::NoteMetadata(TenantState& tenant, std::string_view metric, MetricMetadata metadata,
                             codec::SampleBatch& batch) {
  if (metric.empty() || metric.size() > options_.labels.value_bytes_max || !IsValidUtf8(metric)) return;
  metadata.help = CutText(metadata.help);
  metadata.unit = CutText(metadata.unit);
  const auto known = tenant.metadata.find(metric);
  if (known != tenant.metadata.end()) {
    if (known->second == metadata) return;
    known->second = metadata;
  } else {
    if (tenant.metadata.size() >= kMetadataMax) return;
    tenant.metadata.emplace(metric, metadata);
  }
  batch.metadata.push_back({std::string(metric), std::move(metadata)});
}

void Admission::Revert(const codec::SampleBatch& batch) {
  TenantState& tenant = *tenants_.at(batch.tenant);
  for (auto undo = overwritten_.rbegin(); undo != overwritten_.rend(); ++undo) {
    SeriesState& series = tenant.series[ToIndex(undo->ref)];
    series.last_time_ms = undo->last_time_ms;
    series.last_bits = undo->last_bits;
  }
  overwritten_.clear();
  for (const codec::SeriesDefinition& definition : batch.series) {
    tenant.series[ToIndex(definition.ref)].defined_epoch = kNeverDefined;
  }
  for (const codec::MetadataEntry& entry : batch.metadata)
    tenant.metadata.erase(entry.metric);
}

void Admission::Forget(const TenantId& tenant, const std::vector<SeriesRef>& refs) {
  for (const SeriesRef ref : refs)
    tenants_.at(tenant)->series[ToIndex(ref)].last_time_ms = INT64_MIN;
}

void Admission::ReserveRefs(const TenantId& tenant_id, std::uint32_t next_ref) {
  std::unique_ptr<TenantState>& tenant = tenants_[tenant_id];
  if (tenant == nullptr) tenant = std::make_unique<TenantState>();
  if (tenant->series.size() < next_ref) tenant->series.resize(next_ref);
}

void Admission::Replay(const codec::SampleBatch& batch) {
  std::unique_ptr<TenantState>& tenant = tenants_[batch.tenant];
  if (tenant == nullptr) tenant = std::make_unique<TenantState>();
  const auto state_of = [&](SeriesRef ref) -> SeriesState& {
    // Refs that never reached the stream, or that damage took, leave unused places.
    if (ToIndex(ref) >= tenant->series.size()) tenant->series.resize(ToIndex(ref) + std::size_t{1});
    return tenant->series[ToIndex(ref)];
  };
  for (const codec::SeriesDefinition& definition : batch.series) {
    static_cast<void>(state_of(definition.ref));
    const wire::SeriesKey key = CanonicalKey(Labels::FromSorted(definition.labels));
    if (!tenant->canonical_keys.Find(key)) tenant->canonical_keys.Add(key, definition.ref);
  }
  for (std::size_t i = 0; i < batch.floats.size(); ++i) {
    SeriesState& series = state_of(batch.floats.refs[i]);
    if (batch.floats.times_ms[i] <= series.last_time_ms) continue;
    series.last_time_ms = batch.floats.times_ms[i];
    series.last_bits = std::bit_cast<std::uint64_t>(batch.floats.values[i]);
  }
  for (const codec::MetadataEntry& entry : batch.metadata)
    tenant->metadata[entry.metric] = entry.metadata;
}

}  // namespace tickscope::ingest
