#include "ingest/tenant_series.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace tickscope::ingest {
namespace {

// How often silence is looked for: a pass over all series takes some 10 ms for a million and a half.
constexpr std::int64_t kSweepIntervalMs = 60'000;

// A gauge not heard this long is no part of its total any more; queries look back as far.
constexpr std::int64_t kGaugeSilenceMs = 300'000;

// After a start, sources may be ones counted before; each is heard in this time.
constexpr std::int64_t kSettleMs = 600'000;

// Keys of idle series are dropped when they are this many, and a quarter of all.
constexpr std::uint64_t kIdleKeysMin = 10'000;

// The same in every process: it is on the stream. Who finds two label sets of one hash adds up his own two series.
codec::SeriesHash StableHash(const Labels& labels) {
  const XXH128_hash_t hash = XXH3_128bits(labels.packed().data(), labels.packed().size());
  return {hash.low64, hash.high64};
}

std::uint32_t Silent(const Arrival& arrival, std::int64_t silence_ms) {
  const TimeMs since_ms = arrival.now_ms - silence_ms;
  return since_ms > 0 ? static_cast<std::uint32_t>(since_ms / 1000) : 0;
}

}  // namespace

wire::SeriesKey TenantSeries::CanonicalKey(const std::vector<LabelView>& labels) const {
  const Labels packed = Labels::FromSorted(labels);
  const XXH128_hash_t hash = XXH3_128bits_withSeed(packed.packed().data(), packed.packed().size(), seed_);
  return {hash.low64, hash.high64};
}

std::uint32_t TenantSeries::MetricNumber(std::string_view name) {
  const auto [known, is_new] = metric_numbers_.try_emplace(std::string(name), 0);
  if (!is_new) return known->second;
  if (free_metrics_.empty()) {
    known->second = static_cast<std::uint32_t>(metrics_.size());
    metrics_.emplace_back();
  } else {
    known->second = free_metrics_.back();
    free_metrics_.pop_back();
  }
  metrics_[known->second] = {std::string(name), 0};
  return known->second;
}

std::optional<LimitReason> TenantSeries::OverLimit(const SeriesLimits& limits, std::uint32_t metric,
                                                   std::uint32_t budgets) const {
  if (active_ >= limits.series_max) return LimitReason::kTenant;
  if (metrics_[metric].active >= limits.series_per_metric_max) return LimitReason::kMetric;
  for (std::size_t i = 0; i < limits.budgets.size(); ++i) {
    if ((budgets >> i & 1U) != 0 && budget_active_[i] >= limits.budgets[i].series_max)
      return LimitReason::kBudget;
  }
  return std::nullopt;
}

void TenantSeries::Activate(SeriesState& state, std::uint32_t metric, std::uint32_t budgets) {
  state.metric = metric;
  state.budgets = budgets;
  ++metrics_[metric].active;
  if (metric == kUncounted) return;
  ++active_;
  for (; budgets != 0; budgets &= budgets - 1)
    ++budget_active_[static_cast<std::size_t>(std::countr_zero(budgets))];
}

void TenantSeries::Deactivate(SeriesRef ref) {
  SeriesState& state = table_[ref];
  values_.Release(ToIndex(ref));
  Metric& metric = metrics_[state.metric];
  --active_;
  for (std::uint32_t budgets = state.budgets; budgets != 0; budgets &= budgets - 1)
    --budget_active_[static_cast<std::size_t>(std::countr_zero(budgets))];
  if (--metric.active == 0) {
    metric_numbers_.erase(metric.name);
    free_metrics_.push_back(state.metric);
  }
  state.metric = 0;
  state.budgets = 0;
  state.defined_epoch = SeriesState::kNeverDefined;
}

bool TenantSeries::IsJudged(const std::vector<LabelView>& labels) {
  const auto ref = canonical_keys_.Find(CanonicalKey(labels));
  return ref && ToIndex(*ref) < judged_.size() && judged_[ToIndex(*ref)];
}

void TenantSeries::SetJudged(SeriesRef ref) {
  if (ToIndex(ref) >= judged_.size()) judged_.resize(ToIndex(ref) + 1);
  judged_[ToIndex(ref)] = true;
}

void TenantSeries::ForgetVerdicts() {
  judged_.clear();
  values_.Clear();
  raw_keys_.EraseIf([](SeriesRef) { return true; });
  refused_keys_ = 0;
}

void TenantSeries::AddRaw(const wire::SeriesKey& key, Place place) {
  if (place.is_refused() && ++refused_keys_ > kRefusedKeysMax) {
    raw_keys_.EraseIf([](SeriesRef ref) { return PlaceOf(ref).is_refused(); });
    refused_keys_ = 1;
  }
  const std::uint32_t bits = place.is_source()
                                 ? static_cast<std::uint32_t>(place.source()) | Place::kSourceBit
                                 : ToIndex(place.ref());
  if (!raw_keys_.Find(key)) raw_keys_.Add(key, static_cast<SeriesRef>(bits));
}

bool TenantSeries::IsOverBudget(BudgetedSeries& budgeted) const {
  for (const guard::BudgetedValue& value : budgeted.budgets.values) {
    if (values_.HasRoom(value)) continue;
    budgeted.over = &value;
    return budgeted.budgets.is_enforced;
  }
  return false;
}

void TenantSeries::HoldValues(SeriesRef ref, const BudgetedSeries& budgeted) {
  for (const guard::BudgetedValue& value : budgeted.budgets.values) {
    if (values_.HasRoom(value)) values_.Hold(ToIndex(ref), value);
  }
}

std::vector<LabelView> TenantSeries::FoldedLabels(std::vector<LabelView> labels,
                                                  const guard::SchemaBudgets& budgets) const {
  for (const guard::BudgetedValue& value : budgets.values) {
    if (value.label != guard::BudgetedValue::kAllOwnLabels) {
      if (!values_.IsHeld(value)) labels[value.label].value = guard::kOverflowValue;
    } else if (!values_.HasRoom(value)) {
      for (const std::uint32_t own : budgets.own_labels)
        labels[own].value = guard::kOverflowValue;
    }
  }
  return labels;
}

std::vector<LabelView> TenantSeries::OverflowLabels(const TenantSeriesOptions& options,
                                                    const std::vector<LabelView>& labels,
                                                    LimitReason reason) {
  std::vector<LabelView> group;
  for (const LabelView& label : labels) {
    if (label.name == kMetricName ||
        std::ranges::find(options.overflow_keeps, label.name) != options.overflow_keeps.end())
      group.push_back(label);
  }
  group.push_back({kOverflowLabel, LimitReasonText(reason)});
  std::ranges::sort(group, {}, &LabelView::name);
  return group;
}

Result<Place> TenantSeries::Define(const TenantSeriesOptions& options, const Arrival& arrival,
                                   const std::vector<LabelView>& labels, std::string_view type,
                                   codec::SampleBatch& batch, BudgetedSeries* budgeted) {
  const wire::SeriesKey key = CanonicalKey(labels);
  std::optional<SeriesRef> ref = canonical_keys_.Find(key);
  const bool is_active = ref && table_[*ref].metric != 0;
  // What a total is told by belongs to its sources alone.
  const bool is_group = ref && groups_.contains(ToIndex(*ref));
  if (budgeted != nullptr && !budgeted->is_new_to_guard && is_active && !is_group) budgeted = nullptr;
  if (!is_active || budgeted != nullptr) {
    const bool may_be_source = overflow_.source_count() > 0;
    const codec::SeriesHash stable =
        may_be_source ? StableHash(Labels::FromSorted(labels)) : codec::SeriesHash{};
    if (may_be_source) {
      if (const auto source = overflow_.Find(stable)) return Place(*source);
    }
    const auto overflow = [&](const std::vector<LabelView>& group, LimitReason reason) {
      return Overflow(options, group, type, reason,
                      may_be_source ? stable : StableHash(Labels::FromSorted(labels)), ref.has_value());
    };
    if (budgeted != nullptr && IsOverBudget(*budgeted)) {
      // A series from before the rules it is judged by ends here; what it was goes on in the total.
      if (is_active && !is_group) {
        Deactivate(*ref);
        ++idle_;
      }
      return overflow(FoldedLabels(labels, budgeted->budgets), LimitReason::kSchema);
    }
    if (!is_active) {
      const auto name = std::ranges::find(labels, std::string_view(kMetricName), &LabelView::name);
      const std::uint32_t metric = MetricNumber(name == labels.end() ? std::string_view() : name->value);
      const std::uint32_t budgets = BudgetsOf(options.limits, labels);
      if (const auto reason = OverLimit(options.limits, metric, budgets)) {
        if (metrics_[metric].active == 0) {
          metric_numbers_.erase(metrics_[metric].name);
          free_metrics_.push_back(metric);
        }
        return overflow(OverflowLabels(options, labels, *reason), *reason);
      }
      if (!ref) {
        ref = table_.Take();
        canonical_keys_.Add(key, *ref);
      } else {
        --idle_;
      }
      Activate(table_[*ref], metric, budgets);
    }
    if (budgeted != nullptr && !is_group) HoldValues(*ref, *budgeted);
  }
  SeriesState& state = table_[*ref];
  if (state.defined_epoch != arrival.epoch) {
    state.defined_epoch = arrival.epoch;
    state.seen_s = arrival.now_s();
    if (state.metric != kUncounted && state.budgets == 0 && !options.limits.budgets.empty()) {
      // First heard since budgets changed (Recount), or in none of them.
      state.budgets = BudgetsOf(options.limits, labels);
      for (std::uint32_t bits = state.budgets; bits != 0; bits &= bits - 1)
        ++budget_active_[static_cast<std::size_t>(std::countr_zero(bits))];
    }
    batch.series.push_back({*ref, labels});
  }
  return Place(*ref);
}

Result<Place> TenantSeries::Overflow(const TenantSeriesOptions& options, const std::vector<LabelView>& group,
                                     std::string_view type, LimitReason reason,
                                     const codec::SeriesHash& source, bool was_heard) {
  if (overflow_.source_count() >= options.overflow_sources_max) {
    return Fail(
        ErrorCode::kResourceExhausted,
        fmt::format("too many series over a limit: the totals of {} are kept, want fewer label values",
                    options.overflow_sources_max));
  }
  const wire::SeriesKey key = CanonicalKey(group);
  std::optional<SeriesRef> ref = canonical_keys_.Find(key);
  if (!ref) {
    if (metrics_[kUncounted].active >= options.overflow_series_max) {
      return Fail(
          ErrorCode::kResourceExhausted,
          fmt::format("too many series: the tenant may have {} active, and {} that hold totals of others",
                      options.limits.series_max, options.overflow_series_max));
    }
    ref = table_.Take();
    canonical_keys_.Add(key, *ref);
  }
  if (table_[*ref].metric == 0) Activate(table_[*ref], kUncounted, 0);
  groups_.try_emplace(ToIndex(*ref), GroupInfo{Labels::FromSorted(group), reason});
  const auto name = std::ranges::find(group, std::string_view(kMetricName), &LabelView::name);
  const std::string_view metric = name == group.end() ? std::string_view() : name->value;
  const bool is_counter = type == "counter" || type == "histogram" || type == "summary" ||
                          ((type.empty() || type == "unknown") && LooksLikeCounter(metric));
  overflow_.GroupFor(*ref, is_counter);
  const OverflowSource added = overflow_.Add(source, *ref);
  const auto index = static_cast<std::size_t>(added);
  if (index >= source_was_heard_.size()) source_was_heard_.resize(index + 1);
  source_was_heard_[index] = was_heard;
  return Place(added);
}

LimitReason TenantSeries::ReasonOf(OverflowSource source) const {
  const auto group = groups_.find(ToIndex(overflow_.GroupOf(source).ref));
  return group == groups_.end() ? LimitReason::kTenant : group->second.reason;
}

bool TenantSeries::AddOverflow(OverflowSource source, const Arrival& arrival, TimeMs time_ms, double value,
                               codec::SampleBatch& batch) {
  const auto index = static_cast<std::size_t>(source);
  const bool was_heard = index < source_was_heard_.size() && source_was_heard_[index];
  const bool is_settling = overflow_.GroupOf(source).replayed && arrival.now_ms - started_ms_ < kSettleMs;
  return overflow_.AddSample(source, time_ms, value, !was_heard && !is_settling, arrival.now_s(), batch);
}

void TenantSeries::End(const TenantSeriesOptions& options, const Arrival& arrival,
                       codec::SampleBatch& batch) {
  if (arrival.now_ms - swept_ms_ >= kSweepIntervalMs) {
    swept_ms_ = arrival.now_ms;
    Sweep(options, arrival, batch);
  }
  overflow_.EmitDue(arrival.now_ms, [&](const OverflowTotals::Group& group, TimeMs time_ms) {
    SeriesState& state = table_[group.ref];
    if (state.defined_epoch != arrival.epoch) {
      const Labels& labels = groups_.at(ToIndex(group.ref)).labels;
      state.defined_epoch = arrival.epoch;
      batch.series.push_back({group.ref, std::vector<LabelView>(labels.begin(), labels.end())});
    }
    batch.floats.Push(group.ref, time_ms, group.total);
  });
}

void TenantSeries::Sweep(const TenantSeriesOptions& options, const Arrival& arrival,
                         codec::SampleBatch& batch) {
  const std::uint32_t silent_s = Silent(arrival, options.idle_ms);
  table_.ForEach([&](SeriesRef ref, SeriesState& state) {
    if (state.metric <= kUncounted || state.seen_s >= silent_s) return;
    Deactivate(ref);
    ++idle_;
  });
  const bool many_sources = overflow_.source_count() * 2 >= options.overflow_sources_max;
  if (many_sources) overflow_.Forget(silent_s);
  overflow_.DropSilentGauges(Silent(arrival, kGaugeSilenceMs), arrival.now_ms, batch);
  const bool many_idle = idle_ >= kIdleKeysMin && idle_ * 3 >= active_;
  if (!many_sources && !many_idle) return;
  const auto is_gone = [&](SeriesRef ref) {
    const Place place = PlaceOf(ref);
    if (place.is_source()) return overflow_.IsForgotten(place.source());
    return many_idle && table_[ref].metric == 0;
  };
  raw_keys_.EraseIf(is_gone);
  canonical_keys_.EraseIf(is_gone);
  if (!many_idle) return;
  table_.FreeIdlePages();
  idle_ = 0;
}

void TenantSeries::Revert(const codec::SampleBatch& batch) {
  overflow_.Revert();
  for (const codec::SeriesDefinition& definition : batch.series)
    table_[definition.ref].defined_epoch = SeriesState::kNeverDefined;
}

void TenantSeries::Recount() {
  std::ranges::fill(budget_active_, 0);
  table_.ForEach([](SeriesRef, SeriesState& state) {
    state.budgets = 0;
    state.defined_epoch = SeriesState::kNeverDefined;
  });
}

void TenantSeries::Replay(const TenantSeriesOptions& options, const codec::SampleBatch& batch) {
  // Definitions the store kept come without a time: those series may be as active as any.
  const auto now_s =
      static_cast<std::uint32_t>((batch.received_ms > 0 ? batch.received_ms : started_ms_) / 1000);
  for (const codec::SeriesDefinition& definition : batch.series) {
    table_.Reserve(ToIndex(definition.ref) + 1);
    const wire::SeriesKey key = CanonicalKey(definition.labels);
    if (canonical_keys_.Find(key)) continue;
    canonical_keys_.Add(key, definition.ref);
    const Labels labels = Labels::FromSorted(definition.labels);
    const std::string_view reason = labels.Get(kOverflowLabel);
    SeriesState& state = table_[definition.ref];
    state.seen_s = now_s;
    if (reason.empty()) {
      if (std::ranges::find(definition.labels, guard::kOverflowValue, &LabelView::value) !=
          definition.labels.end())
        perhaps_groups_[ToIndex(definition.ref)] = labels;
      Activate(state, MetricNumber(labels.Get(kMetricName)), BudgetsOf(options.limits, definition.labels));
      continue;
    }
    Activate(state, kUncounted, 0);
    GroupInfo& group = groups_[ToIndex(definition.ref)];
    group.labels = labels;
    for (const LimitReason known : {LimitReason::kTenant, LimitReason::kMetric, LimitReason::kBudget}) {
      if (reason == LimitReasonText(known)) group.reason = known;
    }
  }
  for (std::size_t i = 0; i < batch.floats.size(); ++i) {
    table_.Reserve(ToIndex(batch.floats.refs[i]) + 1);
    SeriesState& state = table_[batch.floats.refs[i]];
    state.seen_s = now_s;
    if (batch.floats.times_ms[i] <= state.last_time_ms) continue;
    state.last_time_ms = batch.floats.times_ms[i];
    state.last_bits = std::bit_cast<std::uint64_t>(batch.floats.values[i]);
  }
  overflow_.Replay(batch);
  for (const codec::SeriesDefinition& definition : batch.series)
    RestoreFoldedGroup(definition.ref);
  for (const codec::OverflowEntry& entry : batch.overflow)
    RestoreFoldedGroup(entry.group);
}

void TenantSeries::RestoreFoldedGroup(SeriesRef ref) {
  const auto found = perhaps_groups_.find(ToIndex(ref));
  if (found == perhaps_groups_.end() || !overflow_.HasGroup(ref)) return;
  Deactivate(ref);
  Activate(table_[ref], kUncounted, 0);
  groups_[ToIndex(ref)] = {std::move(found->second), LimitReason::kSchema};
  perhaps_groups_.erase(found);
}

std::vector<TenantSeries::OverflowState> TenantSeries::Overflows() const {
  std::vector<OverflowState> states;
  for (const auto& [ref, group] : overflow_.groups()) {
    const auto info = groups_.find(ref);
    if (info == groups_.end()) continue;
    states.push_back({info->second.labels.ToString(), group.sources, group.total});
  }
  std::ranges::sort(states, [](const OverflowState& a, const OverflowState& b) {
    return a.sources != b.sources ? a.sources > b.sources : a.series < b.series;
  });
  return states;
}

}  // namespace tickscope::ingest
