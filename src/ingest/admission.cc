#include "ingest/admission.h"

#include <fmt/format.h>

#include <bit>
#include <optional>

#include "base/civil_time.h"
#include "codec/histogram_codec.h"
#include "ingest/exemplar_rules.h"

namespace tickscope::ingest {
namespace {

// Messages of refusals an answer carries; the rest is a count.
constexpr std::size_t kMessagesMax = 5;

// Metadata texts longer than this are cut: help is for people.
constexpr std::size_t kMetadataTextMax = 1024;

// Metric families a tenant's metadata is remembered for.
constexpr std::size_t kMetadataMax = 100'000;

// Bytes of a series' labels that a message repeats.
constexpr std::size_t kSeriesTextMax = 256;

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

// " of m{server="a"}", for messages; empty when there are no labels.
std::string OfSeries(const std::vector<LabelView>& labels) {
  if (labels.empty()) return {};
  std::string text = Labels::FromSorted(labels).ToString();
  if (text.size() > kSeriesTextMax) {
    text.resize(kSeriesTextMax);
    while (!IsValidUtf8(text))
      text.pop_back();
    text += "...";
  }
  return " of " + text;
}

}  // namespace

TenantRateLimits RatesOf(const AdmissionOptions& options) {
  TenantRateLimits rates{.others = options.limits.rates, .tenants = {}};
  for (const auto& [tenant, limits] : options.tenants)
    rates.tenants.emplace(tenant, limits.rates);
  return rates;
}

AdmissionMetrics::AdmissionMetrics(MetricRegistry& metrics)
    : cache_bytes(
          metrics.AddGauge("tickscope_ingest_series_cache_bytes", "Memory of the series key cache.", {})),
      budget_values(metrics.AddGauge("tickscope_guard_budget_values",
                                     "Distinct values that count against the schema's budgets.", {})) {
  const auto refused = [&](const char* reason) {
    return metrics.AddCounter("tickscope_ingest_refused_samples_total",
                              "Samples left out of requests, by reason.", {{"reason", reason}});
  };
  bad_labels = refused("bad_labels");
  guard = refused("guard");
  series_limit = refused("series_limit");
  out_of_order = refused("out_of_order");
  conflicting = refused("duplicate_timestamp");
  in_future = refused("in_future");
  in_past = refused("in_past");
  bad_histogram = refused("bad_histogram");
  for (const LimitReason reason :
       {LimitReason::kTenant, LimitReason::kMetric, LimitReason::kBudget, LimitReason::kSchema}) {
    overflowed[static_cast<std::size_t>(reason)] = metrics.AddCounter(
        "tickscope_ingest_overflow_samples_total",
        "Samples of series over a limit, added to their metric's __overflow__ series, by whose limit it was.",
        {{"limit", std::string(LimitReasonText(reason))}});
  }
  for (const auto& [reason, name] : {std::pair(DroppedExemplar::kBadLabels, "bad_labels"),
                                     {DroppedExemplar::kInFuture, "in_future"},
                                     {DroppedExemplar::kSeriesLimit, "series_limit"},
                                     {DroppedExemplar::kGuard, "guard"}}) {
    dropped_exemplars[static_cast<std::size_t>(reason)] =
        metrics.AddCounter("tickscope_ingest_dropped_exemplars_total", "Exemplars left out, by reason.",
                           {{"reason", std::string(name)}});
  }
}

void AdmissionOutcome::Refuse(std::uint64_t count, std::string message) {
  refused += count;
  if (messages.size() < kMessagesMax) messages.push_back(std::move(message));
}

struct Admission::Work {
  TenantState* tenant = nullptr;
  const TenantLimits* limits = nullptr;
  codec::SampleBatch* batch = nullptr;
  Arrival arrival;
  // Times a sample may have, by the clock.
  TimeMs min_ms = 0;
  TimeMs max_ms = 0;
  AdmissionOutcome outcome;
  // What the work is at: a series of a request, or a sample with labels at hand.
  const wire::ReceivedRequest* request = nullptr;
  const wire::ReceivedSeries* series = nullptr;
  const SeriesSample* sample = nullptr;
  // What was refused before that series, and the last position that lost anything.
  std::uint64_t settled_refusals = 0;
  std::size_t settled_messages = 0;
  std::optional<std::uint32_t> refused_position;
  // Of the request's sender, once a sample of it was late.
  std::string sender;
  LateCounts late;
};

Admission::Admission(const Clock& clock, MetricRegistry& metrics, AdmissionOptions options,
                     std::uint64_t seed)
    : clock_(clock),
      metrics_(metrics),
      options_(std::move(options)),
      seed_(seed),
      started_ms_(clock.NowMs()) {}
Admission::~Admission() = default;

Admission::TenantState& Admission::StateFor(const TenantId& tenant) {
  std::unique_ptr<TenantState>& state = tenants_[tenant];
  if (state == nullptr) state = std::make_unique<TenantState>(seed_, started_ms_);
  return *state;
}

Result<Admission::TenantState*> Admission::TenantFor(const TenantId& tenant) {
  const auto found = tenants_.find(tenant);
  if (found != tenants_.end()) return found->second.get();
  if (tenants_.size() >= options_.tenants_max) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("too many tenants: at most {} are kept", options_.tenants_max));
  }
  return &StateFor(tenant);
}

const TenantLimits& Admission::LimitsOf(const TenantId& tenant) const {
  const auto own = options_.tenants.find(tenant);
  return own == options_.tenants.end() ? options_.limits : own->second;
}

void Admission::SetLimits(const AdmissionOptions& options) {
  const AdmissionOptions before = std::exchange(options_, options);
  for (const auto& [tenant, state] : tenants_) {
    const auto own = before.tenants.find(tenant);
    const TenantLimits& old = own == before.tenants.end() ? before.limits : own->second;
    if (old.series.limits.budgets != LimitsOf(tenant).series.limits.budgets) state->series.Recount();
  }
}

Result<Place> Admission::Resolve(Work& work, const wire::ReceivedRequest& request,
                                 const wire::ReceivedSeries& series) {
  TenantSeries& known = work.tenant->series;
  if (const std::optional<Place> place = known.FindRaw(series.key, work.arrival)) return *place;
  TICKSCOPE_RETURN_IF_ERROR(request.ReadLabels(series, label_buffer_));
  if (work.limits->replicas.enabled) DropReplica(work.limits->replicas, label_buffer_);
  if (const Status good = NormalizeLabels(work.limits->labels, label_buffer_); !good) {
    const auto rejection = JudgeMalformed(work);
    if (!rejection) return std::unexpected(good.error());
    known.AddRaw(series.key, Place::Refused());
    return Fail(ErrorCode::kPermissionDenied, rejection->message);
  }
  TICKSCOPE_ASSIGN_OR_RETURN(MetricMetadata metadata, request.ReadMetadata(series));
  std::string_view metric;
  for (const LabelView& label : label_buffer_) {
    if (label.name == kMetricName) metric = label.value;
  }
  const std::string_view told = ToldType(work, metric);
  // A 1.0 sender tells types apart from samples.
  const std::string_view type = metadata.type.empty() ? told : std::string_view(metadata.type);
  const bool is_new_to_guard = guard_ != nullptr && !known.IsJudged(label_buffer_);
  if (is_new_to_guard) {
    if (const auto rejection = Judge(work, type, told, guard::SeriesOrigin::kSent)) {
      known.AddRaw(series.key, Place::Refused());
      return Fail(ErrorCode::kPermissionDenied, rejection->message);
    }
  }
  BudgetedSeries budgeted;
  budgeted.is_new_to_guard = is_new_to_guard;
  if (guard_ != nullptr) budgeted.budgets = guard_->BudgetsOf(label_buffer_);
  const Result<Place> defined =
      known.Define(work.limits->series, work.arrival, label_buffer_, type, *work.batch, &budgeted);
  if (budgeted.over != nullptr) NoteOverBudget(work, *budgeted.over);
  TICKSCOPE_ASSIGN_OR_RETURN(const Place place, defined);
  if (is_new_to_guard && !place.is_source()) known.SetJudged(place.ref());
  known.AddRaw(series.key, place);
  if (!metadata.type.empty()) {
    const std::string_view family = FamilyOf(metric, metadata.type);
    NoteMetadata(work, family, std::move(metadata));
  }
  return place;
}

std::optional<guard::Rejection> Admission::Judge(const Work& work, std::string_view type,
                                                 std::string_view type_before,
                                                 guard::SeriesOrigin origin) const {
  return guard_->Judge(work.batch->tenant,
                       {.labels = label_buffer_, .type = type, .type_before = type_before, .origin = origin});
}

std::optional<guard::Rejection> Admission::JudgeMalformed(const Work& work) const {
  if (guard_ == nullptr) return std::nullopt;
  const auto faulty = FindFaultyLabel(work.limits->labels, label_buffer_);
  if (!faulty) return std::nullopt;
  return guard_->NoteMalformed(
      work.batch->tenant, label_buffer_,
      faulty->fault == LabelFault::kTooLong ? guard::RejectReason::kTooLong : guard::RejectReason::kBadUtf8,
      faulty->name);
}

void Admission::NoteOverBudget(const Work& work, const guard::BudgetedValue& value) const {
  const bool is_of_label = value.label != guard::BudgetedValue::kAllOwnLabels;
  guard_->NoteOverBudget(work.batch->tenant, label_buffer_,
                         is_of_label ? label_buffer_[value.label].name : std::string_view());
}

std::string_view Admission::ToldType(const Work& work, std::string_view metric) const {
  std::string_view type;
  for (const char* const family_type : {"", "histogram"}) {
    const auto told = work.tenant->metadata.find(FamilyOf(metric, family_type));
    if (told != work.tenant->metadata.end()) type = told->second.type;
  }
  return type;
}

Result<Place> Admission::ResolveMade(Work& work) {
  TenantSeries& known = work.tenant->series;
  const bool is_new_to_guard = guard_ != nullptr && !known.IsJudged(label_buffer_);
  if (is_new_to_guard) {
    if (auto rejection = Judge(work, {}, {}, guard::SeriesOrigin::kMadeHere))
      return Fail(ErrorCode::kPermissionDenied, std::move(rejection->message));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const Place place,
                             known.Define(work.limits->series, work.arrival, label_buffer_, {}, *work.batch));
  if (is_new_to_guard && !place.is_source()) known.SetJudged(place.ref());
  return place;
}

Counter* Admission::CounterOf(ErrorCode code) const {
  if (code == ErrorCode::kPermissionDenied) return metrics_.guard;
  return code == ErrorCode::kResourceExhausted ? metrics_.series_limit : metrics_.bad_labels;
}

void Admission::RefuseSeries(Work& work, const wire::ReceivedSeries& series, const Error* why) {
  const std::uint64_t count = series.sample_count + series.histogram_count;
  CounterOf(why != nullptr ? why->code : ErrorCode::kPermissionDenied)->Add(count);
  // A series without samples still breaks the rule.
  work.outcome.Refuse(std::max<std::uint64_t>(count, 1),
                      fmt::format("series {}: {}", series.position,
                                  why != nullptr ? why->message : "refused by the guard before"));
}

Result<Admission::Work> Admission::Begin(const TenantId& tenant, std::uint64_t epoch,
                                         codec::SampleBatch& batch) {
  Work work;
  TICKSCOPE_ASSIGN_OR_RETURN(work.tenant, TenantFor(tenant));
  work.limits = &LimitsOf(tenant);
  work.batch = &batch;
  work.arrival = {static_cast<std::uint32_t>(epoch), clock_.NowMs()};
  work.min_ms = work.arrival.now_ms - options_.past_max_ms;
  work.max_ms = work.arrival.now_ms + options_.future_max_ms;
  overwritten_.clear();
  work.tenant->series.Begin();
  if (guard_ != nullptr && work.tenant->guard_generation != guard_->generation()) {
    if (work.tenant->guard_generation != 0) work.tenant->series.ForgetVerdicts();
    work.tenant->guard_generation = guard_->generation();
  }
  return work;
}

void Admission::SettleRefusals(Work& work) {
  AdmissionOutcome& outcome = work.outcome;
  if (outcome.refused == work.settled_refusals) return;
  if (work.series->is_derived) {
    outcome.refused = work.settled_refusals;
    outcome.messages.resize(work.settled_messages);
    return;
  }
  if (work.refused_position != work.series->position) ++outcome.refused_positions;
  work.refused_position = work.series->position;
  work.settled_refusals = outcome.refused;
  work.settled_messages = outcome.messages.size();
}

AdmissionOutcome Admission::End(Work& work) {
  work.tenant->series.End(work.limits->series, work.arrival, *work.batch);
  if (!work.sender.empty()) work.tenant->late_senders.Add(work.sender, work.late);
  metrics_.cache_bytes->Set(static_cast<double>(work.tenant->series.bytes()));
  const std::size_t values = work.tenant->series.budget_values();
  const std::size_t told = std::exchange(work.tenant->budget_values_told, values);
  if (values != told) metrics_.budget_values->Add(static_cast<double>(values) - static_cast<double>(told));
  return std::move(work.outcome);
}

Result<AdmissionOutcome> Admission::Admit(const TenantId& tenant, std::uint64_t epoch,
                                          const wire::ReceivedRequest& request, codec::SampleBatch& batch) {
  TICKSCOPE_ASSIGN_OR_RETURN(Work work, Begin(tenant, epoch, batch));
  work.request = &request;
  // What says of which type a metric is comes before its samples: sums of counters and of gauges differ.
  for (const wire::ReceivedMetadata& entry : request.metadata())
    NoteMetadata(work, entry.metric, entry.metadata);
  const std::vector<TimeMs>& starts_ms = request.starts_ms();
  for (const wire::ReceivedSeries& series : request.series()) {
    SettleRefusals(work);
    work.series = &series;
    const auto place = Resolve(work, request, series);
    if (!place || place->is_refused()) {
      RefuseSeries(work, series, place ? nullptr : &place.error());
      continue;
    }
    for (std::uint32_t i = series.first_sample; i < series.first_sample + series.sample_count; ++i)
      AdmitFloat(work, *place, series.position, request.times_ms()[i], request.values()[i],
                 starts_ms.empty() ? 0 : starts_ms[i]);
    for (std::uint32_t i = series.first_histogram; i < series.first_histogram + series.histogram_count; ++i)
      AdmitHistogram(work, *place, series.position, request.histograms()[i]);
    if (series.exemplar_count > 0) AdmitExemplars(work, *place);
  }
  SettleRefusals(work);
  return End(work);
}

Result<AdmissionOutcome> Admission::AdmitSamples(const TenantId& tenant, std::uint64_t epoch,
                                                 const std::vector<SeriesSample>& samples,
                                                 codec::SampleBatch& batch) {
  TICKSCOPE_ASSIGN_OR_RETURN(Work work, Begin(tenant, epoch, batch));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    work.sample = &samples[i];
    label_buffer_.assign(samples[i].labels.begin(), samples[i].labels.end());
    Result<Place> place = Place(SeriesRef{});
    if (const Status good = NormalizeLabels(work.limits->labels, label_buffer_); !good) {
      place = std::unexpected(good.error());
    } else {
      place = ResolveMade(work);
    }
    if (!place) {
      CounterOf(place.error().code)->Add();
      work.outcome.Refuse(1, fmt::format("series {}: {}", i, place.error().message));
      continue;
    }
    AdmitFloat(work, *place, static_cast<std::uint32_t>(i), samples[i].sample.time_ms,
               samples[i].sample.value, 0);
  }
  return End(work);
}

const std::vector<LabelView>& Admission::LabelsAt(const Work& work) {
  label_buffer_.clear();
  if (work.sample != nullptr) {
    label_buffer_.assign(work.sample->labels.begin(), work.sample->labels.end());
  } else if (!work.request->ReadLabels(*work.series, label_buffer_) ||
             !NormalizeLabels(work.limits->labels, label_buffer_)) {
    label_buffer_.clear();
  }
  return label_buffer_;
}

bool Admission::AdmitTime(Work& work, std::uint32_t position, TimeMs time_ms) {
  if (time_ms >= work.min_ms && time_ms <= work.max_ms) return true;
  const bool is_future = time_ms > work.max_ms;
  (is_future ? metrics_.in_future : metrics_.in_past)->Add();
  work.outcome.Refuse(
      1, fmt::format("series {}: sample{} too far in the {}: got {}, want at {} {}", position,
                     OfSeries(LabelsAt(work)), is_future ? "future" : "past", FormatUtcTime(time_ms),
                     is_future ? "most" : "least", FormatUtcTime(is_future ? work.max_ms : work.min_ms)));
  return false;
}

void Admission::AdmitFloat(Work& work, Place place, std::uint32_t position, TimeMs time_ms, double value,
                           TimeMs start_ms) {
  if (!AdmitTime(work, position, time_ms)) return;
  if (place.is_source()) {
    const bool is_new =
        work.tenant->series.AddOverflow(place.source(), work.arrival, time_ms, value, *work.batch);
    if (is_new) {
      metrics_.overflowed[static_cast<std::size_t>(work.tenant->series.ReasonOf(place.source()))]->Add();
    }
    ++work.outcome.samples;
    return;
  }
  SeriesState& series = work.tenant->series.state(place.ref());
  series.seen_s = work.arrival.now_s();
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (time_ms > series.last_time_ms) {
    overwritten_.push_back({place.ref(), series.last_time_ms, series.last_bits});
    series.last_time_ms = time_ms;
    series.last_bits = bits;
  } else if (time_ms == series.last_time_ms) {
    if (bits != series.last_bits) {
      metrics_.conflicting->Add();
      work.outcome.Refuse(1, fmt::format("series {}: duplicate sample for timestamp {}{} with another value",
                                         position, FormatUtcTime(time_ms), OfSeries(LabelsAt(work))));
      return;
    }
  } else {
    const std::int64_t late_ms = series.last_time_ms - time_ms;
    const bool is_refused = late_ms > work.limits->late_window_ms;
    if (work.sender.empty()) work.sender = SenderOf(LabelsAt(work));
    work.late.latest_by_ms = std::max(work.late.latest_by_ms, late_ms);
    ++(is_refused ? work.late.refused : work.late.taken);
    if (is_refused) {
      metrics_.out_of_order->Add();
      work.outcome.Refuse(1, fmt::format("series {}: out-of-order sample{}: got {}, want at least {}",
                                         position, OfSeries(LabelsAt(work)), FormatUtcTime(time_ms),
                                         FormatUtcTime(series.last_time_ms - work.limits->late_window_ms)));
      return;
    }
  }
  work.batch->floats.Push(place.ref(), time_ms, value, start_ms);
  ++work.outcome.samples;
}

void Admission::AdmitHistogram(Work& work, Place place, std::uint32_t position,
                               const wire::ReceivedHistogram& sample) {
  if (!AdmitTime(work, position, sample.time_ms)) return;
  if (place.is_source()) {
    metrics_.series_limit->Add();
    work.outcome.Refuse(1, fmt::format("series {}: too many series, and native histograms of others are not "
                                       "added up: want fewer label values, or a higher limit",
                                       position));
    return;
  }
  if (const Status valid = codec::ValidateHistogram(*sample.histogram); !valid) {
    metrics_.bad_histogram->Add();
    work.outcome.Refuse(1, fmt::format("series {}: {}", position, valid.error().message));
    return;
  }
  work.tenant->series.state(place.ref()).seen_s = work.arrival.now_s();
  work.batch->histograms.push_back({place.ref(), sample.time_ms, sample.histogram, sample.start_ms});
  ++work.outcome.histograms;
}

// An exemplar illustrates samples and is none: one that breaks a rule is counted, and the request is still good. Only
// what does not decode is a mistake of the whole request.
void Admission::AdmitExemplars(Work& work, Place place) {
  const auto drop = [this](DroppedExemplar reason) {
    metrics_.dropped_exemplars[static_cast<std::size_t>(reason)]->Add();
  };
  for (std::uint32_t i = 0; i < work.series->exemplar_count; ++i) {
    if (const Status read = work.request->ReadExemplar(*work.series, i, exemplar_buffer_); !read) {
      drop(DroppedExemplar::kBadLabels);
      work.outcome.Refuse(1, fmt::format("series {}: {}", work.series->position, read.error().message));
      continue;
    }
    Result<Labels> labels = MakeExemplarLabels(exemplar_buffer_.labels);
    if (!labels) {
      drop(DroppedExemplar::kBadLabels);
    } else if (exemplar_buffer_.time_ms > work.max_ms) {
      drop(DroppedExemplar::kInFuture);
    } else if (place.is_source()) {
      drop(DroppedExemplar::kSeriesLimit);
    } else if (guard_ != nullptr && !guard_->AdmitsExemplar(*labels)) {
      drop(DroppedExemplar::kGuard);
    } else {
      work.batch->exemplars.push_back(
          {place.ref(), {*std::move(labels), exemplar_buffer_.value, exemplar_buffer_.time_ms}});
      ++work.outcome.exemplars;
    }
  }
}

void Admission::NoteMetadata(Work& work, std::string_view metric, MetricMetadata metadata) {
  if (metric.empty() || metric.size() > work.limits->labels.value_bytes_max || !IsValidUtf8(metric)) return;
  metadata.help = CutText(metadata.help);
  if (guard_ != nullptr) {
    if (!guard_->AdmitsMetadata(metric)) return;
    metadata.help = guard_->CleanHelp(std::move(metadata.help));
  }
  metadata.unit = CutText(metadata.unit);
  auto& noted = work.tenant->metadata;
  const auto known = noted.find(metric);
  if (known != noted.end()) {
    if (known->second == metadata) return;
    known->second = metadata;
  } else {
    if (noted.size() >= kMetadataMax) return;
    noted.emplace(metric, metadata);
  }
  work.batch->metadata.push_back({std::string(metric), std::move(metadata)});
}

void Admission::Revert(const codec::SampleBatch& batch) {
  TenantState& tenant = *tenants_.at(batch.tenant);
  for (auto undo = overwritten_.rbegin(); undo != overwritten_.rend(); ++undo) {
    SeriesState& series = tenant.series.state(undo->ref);
    series.last_time_ms = undo->last_time_ms;
    series.last_bits = undo->last_bits;
  }
  overwritten_.clear();
  tenant.series.Revert(batch);
  for (const codec::MetadataEntry& entry : batch.metadata)
    tenant.metadata.erase(entry.metric);
}

void Admission::Forget(const TenantId& tenant, const std::vector<SeriesRef>& refs) {
  TenantSeries& series = tenants_.at(tenant)->series;
  for (const SeriesRef ref : refs) {
    if (SeriesState* const state = series.FindState(ref)) state->last_time_ms = INT64_MIN;
  }
}

void Admission::ReserveRefs(const TenantId& tenant, std::uint32_t next_ref) {
  StateFor(tenant).series.Reserve(next_ref);
}

void Admission::Replay(const codec::SampleBatch& batch) {
  TenantState& tenant = StateFor(batch.tenant);
  tenant.series.Replay(LimitsOf(batch.tenant).series, batch);
  for (const codec::MetadataEntry& entry : batch.metadata)
    tenant.metadata[entry.metric] = entry.metadata;
}

Admission::TenantStatus Admission::StatusOf(const TenantId& tenant) const {
  TenantStatus status;
  status.limits = LimitsOf(tenant);
  status.budget_series.resize(status.limits.series.limits.budgets.size());
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) return status;
  const TenantState& state = *found->second;
  status.active_series = state.series.active();
  for (std::size_t i = 0; i < status.budget_series.size(); ++i)
    status.budget_series[i] = state.series.budget_active(i);
  status.overflow = state.series.Overflows();
  status.late_senders = state.late_senders.counts();
  return status;
}

}  // namespace tickscope::ingest
