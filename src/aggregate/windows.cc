#include "aggregate/windows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "aggregate/window_ops.h"
#include "base/check.h"

namespace tickscope::aggregate {
namespace {

using schema::AggregateFunction;

constexpr std::int64_t kClockSetMs = 60'000;

// The last multiple at or before it; times before the epoch are nobody's.
TimeMs EndBefore(TimeMs time_ms, std::int64_t every_ms) {
  return time_ms - (((time_ms % every_ms) + every_ms) % every_ms);
}

}  // namespace

std::string Windows::KeyOf(const GroupSpec& spec) {
  Bytes key;
  PutGroupSpec(spec, key);
  return std::string(AsText(key));
}

GroupId Windows::FindOrMakeGroup(const GroupSpec& spec) {
  std::string key = KeyOf(spec);
  if (const auto found = group_places_.find(key); found != group_places_.end()) return found->second;
  const GroupId id{next_group_++};
  Group& group = groups_[id];
  group.spec = spec;
  group.start_ms = EndBefore(watermark_ms_, spec.every_ms);
  group_places_.emplace(std::move(key), id);
  PutGroup(id, group, ops_);
  return id;
}

std::optional<InputId> Windows::InputOf(const InputKey& key, const GroupSpec& spec) {
  TICKSCOPE_CHECK(has_begun());
  if (const auto found = input_places_.find(key); found != input_places_.end()) return found->second;
  if (inputs_.size() >= options_.series_max) return std::nullopt;
  const GroupId group = FindOrMakeGroup(spec);
  const InputId id{next_input_++};
  Input& input = inputs_[id];
  input.id = id;
  input.key = key;
  input.group = group;
  input.place = GroupOf(group).inputs.size();
  GroupOf(group).inputs.push_back(&input);
  input_places_.emplace(key, id);
  PutInput(input, ops_);
  return id;
}

std::optional<Refusal> Windows::Add(InputId id, const InputSample& sample) {
  const auto found = inputs_.find(id);
  if (found == inputs_.end()) return Refusal::kLate;
  Input& input = found->second;
  const GroupSpec& spec = GroupOf(input.group).spec;
  if (!sample.is_end) {
    if ((sample.histogram != nullptr) != (spec.kind == GroupKind::kHistogram)) return Refusal::kKind;
    const bool is_finite = sample.histogram != nullptr ? std::isfinite(sample.histogram->count) &&
                                                             std::isfinite(sample.histogram->sum)
                                                       : std::isfinite(sample.value);
    if (spec.kind != GroupKind::kGauge && !is_finite) return Refusal::kNotFinite;
  }
  if (sample.time_ms <= EndBefore(watermark_ms_, spec.every_ms)) return Refusal::kLate;
  if (const auto refusal = input.series.Insert(sample)) return refusal;
  if (!is_replaying_) PutSampleOp(id, sample, ops_);
  return std::nullopt;
}

void Windows::Begin(TimeMs watermark_ms) {
  if (has_begun()) return;
  watermark_ms_ = watermark_ms;
  began_ms_ = std::max<TimeMs>(watermark_ms, 1);
  PutBegin(ops_);
}

void Windows::Close(TimeMs watermark_ms, const Emit& emit) {
  const bool was_set_back = watermark_ms < watermark_ms_ - kClockSetMs;
  if (watermark_ms <= watermark_ms_ && !was_set_back) return;
  if (!is_replaying_) {
    PutOp(WindowOp::kClose, ops_);
    codec::PutZigZag(watermark_ms, ops_);
  }
  // Not after: who is handed emissions asks what groups they are of.
  ForgetSilent();
  if (was_set_back) Rewind(watermark_ms);
  for (auto& [id, group] : groups_)
    CloseGroup(id, group, watermark_ms, emit);
  watermark_ms_ = watermark_ms;
}

void Windows::CloseGroup(GroupId id, Group& group, TimeMs watermark_ms, const Emit& emit) {
  const std::int64_t every_ms = group.spec.every_ms;
  for (TimeMs end_ms = EndBefore(watermark_ms_, every_ms) + every_ms; end_ms <= watermark_ms;
       end_ms += every_ms) {
    for (Input* const input : group.inputs)
      SettleInput(group, *input, end_ms);
    const WindowValues values = ValuesAt(group, end_ms);
    const bool says_something = values.count > 0 || group.has_news;
    if (says_something || group.is_there) Say(id, group, end_ms, values, emit);
    group.is_there = says_something;
    group.has_said = group.has_said || says_something;
    group.has_news = false;
    for (Input* const input : group.inputs)
      input->has_extremes = false;
    // Nothing will be said of the windows up to the next sample: after hours of standstill there are many.
    const bool has_waiting = std::ranges::any_of(
        group.inputs, [](const Input* input) { return !input->series.waiting().empty(); });
    if (!group.is_there && !has_waiting) break;
  }
  // Part of the window that is open, so that no more waits than the lateness asks for.
  for (Input* const input : group.inputs)
    SettleInput(group, *input, watermark_ms);
}

void Windows::SettleInput(Group& group, Input& input, TimeMs until_ms) {
  input.series.Settle(until_ms, [&](const InputSample* before, const InputSample& sample) {
    if (group.spec.kind == GroupKind::kGauge) {
      input.least = input.has_extremes ? std::fmin(input.least, sample.value) : sample.value;
      input.greatest = input.has_extremes ? std::fmax(input.greatest, sample.value) : sample.value;
      input.has_extremes = true;
      return;
    }
    // What is counted whole began before the group did.
    if (!group.has_said && before == nullptr && sample.start_ms >= began_ms_)
      group.start_ms = std::min(group.start_ms, sample.start_ms);
    group.has_news = true;
    if (group.spec.kind == GroupKind::kCounter) {
      group.total.Add(IncreaseOf(before, sample, began_ms_));
    } else if (!AddIncrease(before, sample, began_ms_, group.spec.buckets_max, group.histogram)) {
      group.start_ms = sample.time_ms - 1;
    }
  });
}

Windows::WindowValues Windows::ValuesAt(Group& group, TimeMs end_ms) const {
  WindowValues values;
  for (const Input* const input : group.inputs) {
    if (!input->series.IsThere(end_ms, options_.lookback_ms)) continue;
    const double newest = input->series.last()->value;
    const double least = input->has_extremes ? input->least : newest;
    const double greatest = input->has_extremes ? input->greatest : newest;
    values.least = values.count == 0 ? least : std::fmin(values.least, least);
    values.greatest = values.count == 0 ? greatest : std::fmax(values.greatest, greatest);
    values.sum.Add(newest);
    ++values.count;
  }
  return values;
}

void Windows::Say(GroupId id, Group& group, TimeMs end_ms, const WindowValues& values,
                  const Emit& emit) const {
  const bool has_ended = values.count == 0 && !group.has_news;
  for (const AggregateFunction function : group.spec.functions) {
    if (!has_ended && function == AggregateFunction::kCount && values.count == 0) continue;
    Emission out{
        .group = id, .function = function, .time_ms = end_ms, .histogram = nullptr, .is_end = has_ended};
    if (!has_ended && function == AggregateFunction::kCount) {
      out.value = static_cast<double>(values.count);
    } else if (!has_ended && group.spec.kind == GroupKind::kGauge) {
      const double sum = values.sum.value();
      if (function == AggregateFunction::kSum) out.value = sum;
      if (function == AggregateFunction::kAvg) out.value = sum / static_cast<double>(values.count);
      if (function == AggregateFunction::kMin) out.value = values.least;
      if (function == AggregateFunction::kMax) out.value = values.greatest;
    } else if (!has_ended) {
      out.start_ms = group.start_ms;
      out.value = group.total.value();
      out.histogram = group.histogram;
    }
    emit(out);
  }
}

void Windows::Rewind(TimeMs watermark_ms) {
  for (auto& [id, input] : inputs_)
    input.series.Rewind(watermark_ms);
  watermark_ms_ = watermark_ms;
}

void Windows::ForgetSilent() {
  std::vector<Input*> silent;
  for (auto& [id, input] : inputs_) {
    const InputSeries& series = input.series;
    if (series.waiting().empty() && watermark_ms_ - series.heard_ms() >= options_.expire_ms)
      silent.push_back(&input);
  }
  // Which of a group's inputs is moved to another's place must not depend on the order of a hash table: sums would round otherwise.
  std::ranges::sort(silent, {}, &Input::id);
  for (Input* const input : silent)
    ForgetInput(*input);
  if (silent.empty()) return;
  std::vector<GroupId> empty;
  for (const auto& [id, group] : groups_) {
    if (group.inputs.empty()) empty.push_back(id);
  }
  for (const GroupId id : empty)
    ForgetGroup(id);
}

void Windows::ForgetInput(Input& input) {
  Group& group = GroupOf(input.group);
  // The last takes its place.
  group.inputs.back()->place = input.place;
  group.inputs[input.place] = group.inputs.back();
  group.inputs.pop_back();
  input_places_.erase(input.key);
  inputs_.erase(input.id);
}

void Windows::ForgetGroup(GroupId id) {
  group_places_.erase(KeyOf(GroupOf(id).spec));
  groups_.erase(id);
}

void Windows::KeepRules(const std::vector<std::uint64_t>& rules) {
  std::vector<GroupId> gone;
  for (const auto& [id, group] : groups_) {
    if (std::ranges::find(rules, group.spec.rule) == rules.end()) gone.push_back(id);
  }
  if (gone.empty()) return;
  if (!is_replaying_) {
    PutOp(WindowOp::kKeep, ops_);
    codec::PutVarint(rules.size(), ops_);
    for (const std::uint64_t rule : rules)
      codec::PutFixed(rule, ops_);
  }
  for (const GroupId id : gone) {
    while (!GroupOf(id).inputs.empty())
      ForgetInput(*GroupOf(id).inputs.back());
    ForgetGroup(id);
  }
}

const GroupSpec* Windows::SpecOf(GroupId id) const {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : &found->second.spec;
}

std::optional<TimeMs> Windows::NextEndMs() const {
  std::optional<TimeMs> next_ms;
  for (const auto& [id, group] : groups_) {
    const TimeMs end_ms = EndBefore(watermark_ms_, group.spec.every_ms) + group.spec.every_ms;
    next_ms = std::min(next_ms.value_or(end_ms), end_ms);
  }
  return next_ms;
}

}  // namespace tickscope::aggregate
