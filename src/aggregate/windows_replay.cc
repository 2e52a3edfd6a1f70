// The state of Windows as ops, and back.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "aggregate/window_ops.h"
#include "aggregate/windows.h"
#include "codec/histogram_codec.h"

namespace tickscope::aggregate {
namespace {

// Of groups.
constexpr std::uint8_t kIsThere = 1;
constexpr std::uint8_t kHasNews = 2;
constexpr std::uint8_t kHasSaid = 4;
constexpr std::uint8_t kHasTotal = 8;
// Of inputs.
constexpr std::uint8_t kHasLast = 1;
constexpr std::uint8_t kHasEnded = 2;
constexpr std::uint8_t kHasExtremes = 4;

constexpr std::uint64_t kRulesMax = 1'000'000;

std::uint8_t Flag(bool is_set, std::uint8_t flag) {
  return is_set ? flag : std::uint8_t{0};
}

Status Corrupt(std::string_view what) {
  return Fail(ErrorCode::kCorruption, std::string("aggregation state: ").append(what));
}

}  // namespace

void Windows::PutBegin(Bytes& out) const {
  PutOp(WindowOp::kBegin, out);
  codec::PutZigZag(watermark_ms_, out);
  codec::PutZigZag(began_ms_, out);
  codec::PutVarint(next_group_, out);
  codec::PutVarint(next_input_, out);
}

void Windows::PutGroup(GroupId id, const Group& group, Bytes& out) {
  PutOp(WindowOp::kGroup, out);
  codec::PutVarint(static_cast<std::uint32_t>(id), out);
  PutGroupSpec(group.spec, out);
  codec::PutZigZag(group.start_ms, out);
  out.push_back(static_cast<std::byte>(Flag(group.is_there, kIsThere) | Flag(group.has_news, kHasNews) |
                                       Flag(group.has_said, kHasSaid) |
                                       Flag(group.histogram != nullptr, kHasTotal)));
  PutReal(group.total.sum, out);
  PutReal(group.total.compensation, out);
  if (group.histogram != nullptr) codec::PutHistogram(*group.histogram, out);
}

void Windows::PutInput(const Input& input, Bytes& out) const {
  const InputSample* const last = input.series.last();
  PutOp(WindowOp::kInput, out);
  codec::PutVarint(static_cast<std::uint32_t>(input.id), out);
  codec::PutFixed(input.key.low, out);
  codec::PutFixed(input.key.high, out);
  codec::PutVarint(static_cast<std::uint32_t>(input.group), out);
  codec::PutZigZag(input.series.heard_ms(), out);
  out.push_back(static_cast<std::byte>(Flag(last != nullptr, kHasLast) |
                                       Flag(input.series.has_ended(), kHasEnded) |
                                       Flag(input.has_extremes, kHasExtremes)));
  if (last != nullptr) PutSample(*last, watermark_ms_, out);
  if (!input.has_extremes) return;
  PutReal(input.least, out);
  PutReal(input.greatest, out);
}

void Windows::PutSampleOp(InputId id, const InputSample& sample, Bytes& out) const {
  PutOp(WindowOp::kSample, out);
  codec::PutVarint(static_cast<std::uint32_t>(id), out);
  PutSample(sample, watermark_ms_, out);
}

Bytes Windows::Snapshot() const {
  Bytes out;
  PutBegin(out);
  for (const auto& [id, group] : groups_)
    PutGroup(id, group, out);
  for (const auto& [id, group] : groups_) {
    for (const Input* const input : group.inputs) {
      PutInput(*input, out);
      for (const InputSample& sample : input->series.waiting())
        PutSampleOp(input->id, sample, out);
    }
  }
  return out;
}

Status Windows::TakeGroup(codec::FieldReader& in) {
  const GroupId id{static_cast<std::uint32_t>(in.Varint())};
  Group group;
  TICKSCOPE_ASSIGN_OR_RETURN(group.spec, TakeGroupSpec(in));
  group.start_ms = in.ZigZag();
  const std::uint8_t flags = in.Byte();
  group.is_there = (flags & kIsThere) != 0;
  group.has_news = (flags & kHasNews) != 0;
  group.has_said = (flags & kHasSaid) != 0;
  group.total.sum = TakeReal(in);
  group.total.compensation = TakeReal(in);
  if ((flags & kHasTotal) != 0) {
    TICKSCOPE_ASSIGN_OR_RETURN(Histogram total, codec::TakeHistogram(in));
    group.histogram = std::make_shared<const Histogram>(std::move(total));
  }
  std::string key = KeyOf(group.spec);
  if (!in.ok() || !groups_.try_emplace(id, std::move(group)).second ||
      !group_places_.emplace(std::move(key), id).second)
    return Corrupt("a group");
  next_group_ = std::max(next_group_, static_cast<std::uint32_t>(id) + 1);
  return {};
}

Status Windows::TakeInput(codec::FieldReader& in) {
  const InputId id{static_cast<std::uint32_t>(in.Varint())};
  const std::uint64_t low = in.Fixed64();
  const InputKey key{low, in.Fixed64()};
  const GroupId group_id{static_cast<std::uint32_t>(in.Varint())};
  const TimeMs heard_ms = in.ZigZag();
  const std::uint8_t flags = in.Byte();
  const auto group = groups_.find(group_id);
  if (!in.ok() || !IsTime(heard_ms) || group == groups_.end() || inputs_.contains(id) ||
      !input_places_.emplace(key, id).second)
    return Corrupt("an input");
  std::optional<InputSample> last;
  Input& input = inputs_[id];
  if ((flags & kHasLast) != 0) {
    TICKSCOPE_ASSIGN_OR_RETURN(last, TakeSample(in, watermark_ms_));
    const bool has_histogram = last->histogram != nullptr;
    if (last->is_end || has_histogram != (group->second.spec.kind == GroupKind::kHistogram))
      return Corrupt("an input's last sample");
  }
  input.id = id;
  input.key = key;
  input.group = group_id;
  input.place = group->second.inputs.size();
  input.series.Restore(std::move(last), heard_ms, (flags & kHasEnded) != 0);
  input.has_extremes = (flags & kHasExtremes) != 0;
  if (input.has_extremes) {
    input.least = TakeReal(in);
    input.greatest = TakeReal(in);
  }
  group->second.inputs.push_back(&input);
  next_input_ = std::max(next_input_, static_cast<std::uint32_t>(id) + 1);
  return in.ok() ? Status() : Corrupt("an input");
}

Status Windows::ReplayOne(codec::FieldReader& in, const Emit& emit) {
  const auto op = static_cast<WindowOp>(in.Byte());
  // Ids and times go by it.
  if (op != WindowOp::kBegin && !has_begun()) return Corrupt("nothing began");
  switch (op) {
    case WindowOp::kBegin: {
      if (has_begun()) return Corrupt("begins twice");
      watermark_ms_ = in.ZigZag();
      began_ms_ = in.ZigZag();
      next_group_ = static_cast<std::uint32_t>(in.Varint());
      next_input_ = static_cast<std::uint32_t>(in.Varint());
      return in.ok() && has_begun() && IsTime(watermark_ms_) && IsTime(began_ms_) ? Status()
                                                                                  : Corrupt("its beginning");
    }
    case WindowOp::kGroup:
      return TakeGroup(in);
    case WindowOp::kInput:
      return TakeInput(in);
    case WindowOp::kSample: {
      const InputId id{static_cast<std::uint32_t>(in.Varint())};
      TICKSCOPE_ASSIGN_OR_RETURN(const InputSample sample, TakeSample(in, watermark_ms_));
      // What was taken then is taken now.
      return Add(id, sample) ? Corrupt("a sample that does not fit") : Status();
    }
    case WindowOp::kClose: {
      const TimeMs watermark_ms = in.ZigZag();
      if (!in.ok() || !IsTime(watermark_ms)) return Corrupt("a watermark");
      Close(watermark_ms, emit);
      return {};
    }
    case WindowOp::kKeep: {
      const std::uint64_t count = in.Varint();
      if (!in.ok() || count > kRulesMax || count * sizeof(std::uint64_t) > in.remaining())
        return Corrupt("rules");
      std::vector<std::uint64_t> rules;
      for (std::uint64_t i = 0; i < count; ++i)
        rules.push_back(in.Fixed64());
      KeepRules(rules);
      return {};
    }
  }
  return Corrupt("an unknown op");
}

Status Windows::Replay(ByteView ops, const Emit& emit) {
  codec::FieldReader in(ops);
  is_replaying_ = true;
  Status status;
  while (status && in.remaining() > 0) {
    status = ReplayOne(in, emit);
    if (status && !in.ok()) status = Corrupt("cut");
  }
  is_replaying_ = false;
  return status;
}

}  // namespace tickscope::aggregate
