#include "agent/aggregation.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <chrono>

#include "agent/handed_on.h"
#include "agent/scraper.h"
#include "base/log.h"
#include "base/random.h"
#include "model/sample.h"

namespace tickscope::agent {
namespace {

using aggregate::Refusal;

constexpr std::int64_t kTickMsMax = 1'000;
// A series that no batch had for so long has ended, or its target has.
constexpr std::int64_t kUnseenMs = 600'000;
constexpr std::uint64_t kTargetHash = 0x6167677265676174ULL;  // All sums go by one shard, in order.

aggregate::InputKey KeyOf(const Labels& labels, const aggregate::GroupSpec& group) {
  const XXH128_hash_t hash = XXH3_128bits(labels.packed().data(), labels.packed().size());
  return {hash.low64 ^ MixBits(group.rule), hash.high64 ^ static_cast<std::uint64_t>(group.kind)};
}

bool IsEnd(const BatchSample& sample, const WriteBatch& batch) {
  return IsStaleNan(sample.histogram == kNoHistogram ? sample.value : batch.histograms[sample.histogram].sum);
}

// The samples of `batch` from `first` on.
WriteBatchPtr Tail(const std::shared_ptr<WriteBatch>& batch, std::size_t first) {
  if (first == 0) return batch;
  auto tail = std::make_shared<WriteBatch>(*batch);
  tail->samples.erase(tail->samples.begin(), tail->samples.begin() + static_cast<std::ptrdiff_t>(first));
  return tail;
}

}  // namespace

Result<std::unique_ptr<Aggregation>> Aggregation::Make(const AggregationConfig& config,
                                                       AggregationRules rules, const AgentContext& context,
                                                       Writers writers) {
  if (context.registry == nullptr || (!config.directory.empty() && context.fs == nullptr))
    return Fail(ErrorCode::kUnsupported, "aggregation: this agent has no file system");
  auto aggregation =
      std::unique_ptr<Aggregation>(new Aggregation(config, std::move(rules), context, std::move(writers)));
  TICKSCOPE_ASSIGN_OR_RETURN(
      aggregation->state_,
      aggregate::DurableWindows::Open(context.fs, config.directory,
                                      {.series_max = config.series_max, .expire_ms = config.expire_ms}));
  return aggregation;
}

Aggregation::Aggregation(const AggregationConfig& config, AggregationRules rules, const AgentContext& context,
                         Writers writers)
    : config_(config),
      rules_(std::move(rules)),
      context_(context),
      writers_(std::move(writers)),
      metrics_(*context.registry) {}

Aggregation::~Aggregation() {
  if (timer_) context_.loop.CancelTimer(*timer_);
}

void Aggregation::Start() {
  // What is in the way of a kill comes first: names of groups that a change of rules would take are still known.
  const aggregate::DurableWindows::Unfinished unfinished = state_->unfinished();
  if (!unfinished.emissions.empty()) {
    Log(LogLevel::kInfo, "sums of before the restart are handed on",
        {{"samples", unfinished.emissions.size()}});
    HandOn(unfinished.emissions, unfinished.attempts);
  }
  state_->windows().Begin(context_.clock.NowMs() - config_.lateness_ms);
  state_->windows().KeepRules(rules_.ids());
  state_->Sync();
  Show();
  TickLater();
}

void Aggregation::SetRules(AggregationRules rules) {
  if (rules == rules_) return;
  rules_ = std::move(rules);
  slots_.clear();
  made_.clear();
  state_->windows().KeepRules(rules_.ids());
  state_->Write();
}

void Aggregation::Stop() {
  if (const auto timer = std::exchange(timer_, std::nullopt); timer) context_.loop.CancelTimer(*timer);
  state_->Sync();
}

WriteBatchPtr Aggregation::Take(const WriteBatchPtr& batch) {
  if (batch == nullptr || rules_.empty()) return batch;
  const TimeMs now_ms = context_.clock.NowMs();
  std::vector<bool> goes_out(batch->samples.size(), true);
  std::size_t kept = batch->samples.size();
  for (std::size_t i = 0; i < batch->samples.size(); ++i) {
    const BatchSample& sample = batch->samples[i];
    Slot& slot = SlotOf(sample, now_ms);
    if (!slot.is_added_up) continue;
    AddUp(slot, sample, *batch, now_ms);
    if (slot.keep_raw) continue;
    goes_out[i] = false;
    --kept;
  }
  state_->Write();
  if (kept == batch->samples.size()) return batch;
  if (kept == 0) return nullptr;
  auto rest = std::make_shared<WriteBatch>();
  rest->target_hash = batch->target_hash;
  rest->has_new_series = batch->has_new_series;
  rest->samples.reserve(kept);
  for (std::size_t i = 0; i < batch->samples.size(); ++i) {
    if (!goes_out[i]) continue;
    BatchSample& sample = rest->samples.emplace_back(batch->samples[i]);
    if (sample.histogram != kNoHistogram) {
      rest->histograms.push_back(batch->histograms[sample.histogram]);
      sample.histogram = static_cast<std::uint32_t>(rest->histograms.size() - 1);
    }
    const auto exemplars = batch->exemplars.begin() + sample.exemplar_begin;
    sample.exemplar_begin = static_cast<std::uint32_t>(rest->exemplars.size());
    rest->exemplars.insert(rest->exemplars.end(), exemplars, exemplars + sample.exemplar_count);
  }
  return rest;
}

Aggregation::Slot& Aggregation::SlotOf(const BatchSample& sample, TimeMs now_ms) {
  Slot& slot = slots_[sample.series.get()];
  slot.seen_ms = now_ms;
  if (slot.series != nullptr) return slot;
  slot.series = sample.series;
  const auto match = rules_.MatchOf(sample.series->labels, sample.histogram != kNoHistogram);
  slot.is_added_up = match.has_value();
  slot.keep_raw = !match || match->keep_raw;
  return slot;
}

std::optional<aggregate::InputId> Aggregation::FindInput(const Series& series, bool is_histogram) {
  const auto match = rules_.MatchOf(series.labels, is_histogram);
  if (!match) return std::nullopt;
  return state_->windows().InputOf(KeyOf(series.labels, match->group), match->group);
}

void Aggregation::AddUp(Slot& slot, const BatchSample& sample, const WriteBatch& batch, TimeMs now_ms) {
  const auto refuse = [&](Refusal refusal) {
    metrics_.refused(refusal).Add();
    ++refused_;
  };
  if (sample.time_ms > now_ms + kFutureMsMax) return refuse(Refusal::kFuture);
  const bool is_histogram = sample.histogram != kNoHistogram;
  if (!slot.input || !state_->windows().Has(*slot.input)) slot.input = FindInput(*slot.series, is_histogram);
  if (!slot.input) return refuse(Refusal::kSeriesLimit);
  aggregate::InputSample input{
      .time_ms = sample.time_ms, .start_ms = sample.start_time_ms, .is_end = IsEnd(sample, batch)};
  if (!input.is_end && is_histogram) {
    input.histogram = std::make_shared<const Histogram>(batch.histograms[sample.histogram]);
  } else if (!input.is_end) {
    input.value = sample.value;
  }
  if (const auto refusal = state_->windows().Add(*slot.input, input)) return refuse(*refusal);
  metrics_.samples->Add();
}

void Aggregation::TickLater() {
  const TimeMs now_ms = context_.clock.NowMs();
  const std::optional<TimeMs> end_ms = state_->windows().NextEndMs();
  const std::int64_t wait_ms =
      std::clamp<std::int64_t>(end_ms ? *end_ms + config_.lateness_ms - now_ms : kTickMsMax, 1, kTickMsMax);
  timer_ = context_.loop.After(std::chrono::milliseconds(wait_ms), [this] {
    timer_.reset();
    Tick();
    TickLater();
  });
}

void Aggregation::Tick() {
  const TimeMs now_ms = context_.clock.NowMs();
  const std::vector<aggregate::Emission> emissions = state_->Close(now_ms - config_.lateness_ms);
  if (!emissions.empty()) HandOn(emissions, {});
  state_->Sync();
  ForgetUnseen(now_ms);
  Show();
}

void Aggregation::ForgetUnseen(TimeMs now_ms) {
  if (now_ms >= swept_ms_ && now_ms - swept_ms_ < kUnseenMs / 10) return;
  swept_ms_ = now_ms;
  std::erase_if(slots_, [&](const auto& slot) { return now_ms - slot.second.seen_ms > kUnseenMs; });
  std::erase_if(made_,
                [&](const auto& made) { return state_->windows().SpecOf(made.first.first) == nullptr; });
}

SeriesPtr Aggregation::SeriesOf(const aggregate::Emission& emission) {
  SeriesPtr& made = made_[{emission.group, emission.function}];
  if (made != nullptr) return made;
  const aggregate::GroupSpec& spec = *state_->windows().SpecOf(emission.group);
  made = std::make_shared<const Series>(Series{.labels = LabelsOf(spec, emission.function),
                                               .family = rules_.FamilyOf(spec, emission.function)});
  has_new_series_ = true;
  return made;
}

std::shared_ptr<WriteBatch> Aggregation::BatchOf(const std::vector<aggregate::Emission>& emissions) {
  auto batch = std::make_shared<WriteBatch>();
  batch->target_hash = kTargetHash;
  batch->samples.reserve(emissions.size());
  for (const aggregate::Emission& emission : emissions) {
    const aggregate::GroupSpec* const spec = state_->windows().SpecOf(emission.group);
    // Its last words came with those that made it be forgotten.
    if (spec == nullptr) continue;
    const auto ordinal = static_cast<std::uint32_t>(batch->samples.size());
    const bool is_histogram = spec->kind == aggregate::GroupKind::kHistogram;
    if (emission.is_end) {
      AddStaleMarker(SeriesOf(emission), ordinal, is_histogram, emission.time_ms, *batch);
      continue;
    }
    BatchSample& sample = batch->samples.emplace_back(BatchSample{.series = SeriesOf(emission),
                                                                  .time_ms = emission.time_ms,
                                                                  .value = emission.value,
                                                                  .start_time_ms = emission.start_ms,
                                                                  .ordinal = ordinal});
    if (emission.histogram == nullptr) continue;
    sample.histogram = static_cast<std::uint32_t>(batch->histograms.size());
    batch->histograms.push_back(*emission.histogram);
  }
  batch->has_new_series = std::exchange(has_new_series_, false);
  return batch;
}

void Aggregation::HandOn(const std::vector<aggregate::Emission>& emissions,
                         const std::vector<std::string>& attempts) {
  const std::shared_ptr<WriteBatch> batch = BatchOf(emissions);
  const std::vector<RemoteWriter*> writers = writers_();
  std::vector<std::size_t> first(writers.size(), 0);
  for (const std::string& attempt : attempts) {
    const auto places = DecodeAttempt(attempt);
    if (!places) Log(LogLevel::kWarn, "aggregation", {{"error", places.error().message}});
    for (std::size_t i = 0; places && i < writers.size(); ++i) {
      for (const SpoolPlace& place : *places)
        first[i] = std::max(first[i], writers[i]->SamplesThere(place));
    }
  }
  std::vector<SpoolPlace> places;
  for (std::size_t i = 0; i < writers.size(); ++i) {
    first[i] = std::min(first[i], batch->samples.size());
    if (auto place = writers[i]->NextPlace()) {
      place->first_sample = first[i];
      places.push_back(*std::move(place));
    }
  }
  if (!places.empty()) state_->NoteAttempt(AsText(EncodeAttempt(places)));
  for (std::size_t i = 0; i < writers.size(); ++i)
    writers[i]->Push(Tail(batch, first[i]));
  state_->NoteHandedOn();
  metrics_.emitted->Add(batch->samples.size());
}

void Aggregation::Show() {
  const aggregate::Windows& windows = state_->windows();
  metrics_.series->Set(static_cast<double>(windows.input_count()));
  metrics_.groups->Set(static_cast<double>(windows.group_count()));
  metrics_.watermark_seconds->Set(static_cast<double>(windows.watermark_ms()) / 1000);
  metrics_.state_bytes->Set(static_cast<double>(state_->disk_bytes()));
  metrics_.state_errors->Set(static_cast<double>(state_->errors()));
}

AggregationStatus Aggregation::Describe() const {
  const aggregate::Windows& windows = state_->windows();
  return {.rules = rules_.size(),
          .series = windows.input_count(),
          .groups = windows.group_count(),
          .watermark_ms = windows.watermark_ms(),
          .samples = metrics_.samples->value(),
          .refused = refused_,
          .directory = config_.directory,
          .is_durable = !config_.directory.empty() && !state_->is_broken()};
}

}  // namespace tickscope::agent
