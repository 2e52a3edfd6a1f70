#include "aggregate/window_ops.h"

#include <bit>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/windows.h"
#include "codec/histogram_codec.h"

namespace tickscope::aggregate {
namespace {

constexpr std::uint8_t kHasStart = 1;
constexpr std::uint8_t kHasHistogram = 2;
constexpr std::uint8_t kIsEnd = 4;

constexpr std::size_t kGroupLabelsMax = 1'000;

// A start is what a sender says, and may be anything: what is written is read back, whatever it is.
TimeMs Less(TimeMs a, TimeMs b) {
  return static_cast<TimeMs>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
TimeMs More(TimeMs a, TimeMs b) {
  return static_cast<TimeMs>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

void PutOp(WindowOp op, Bytes& out) {
  out.push_back(static_cast<std::byte>(op));
}

void PutReal(double value, Bytes& out) {
  codec::PutFixed(value, out);
}

double TakeReal(codec::FieldReader& in) {
  return std::bit_cast<double>(in.Fixed64());
}

void PutGroupSpec(const GroupSpec& spec, Bytes& out) {
  codec::PutFixed(spec.rule, out);
  codec::PutText(spec.metric, out);
  codec::PutText(spec.suffix, out);
  codec::PutVarint(spec.labels.size(), out);
  for (const LabelView& label : spec.labels) {
    codec::PutText(label.name, out);
    codec::PutText(label.value, out);
  }
  out.push_back(static_cast<std::byte>(spec.kind));
  unsigned functions = 0;
  for (const schema::AggregateFunction function : spec.functions)
    functions |= 1U << static_cast<unsigned>(function);
  out.push_back(static_cast<std::byte>(functions));
  codec::PutVarint(static_cast<std::uint64_t>(spec.every_ms), out);
  codec::PutVarint(spec.buckets_max, out);
}

Result<GroupSpec> TakeGroupSpec(codec::FieldReader& in) {
  GroupSpec spec;
  spec.rule = in.Fixed64();
  spec.metric = in.Text();
  spec.suffix = in.Text();
  const std::uint64_t label_count = in.Varint();
  if (!in.ok() || label_count > kGroupLabelsMax)
    return Fail(ErrorCode::kCorruption, "aggregation state: a group's labels");
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  for (std::uint64_t i = 0; i < label_count; ++i) {
    const std::string_view name = in.Text();
    labels.emplace_back(name, in.Text());
  }
  spec.labels = Labels::FromPairs(std::move(labels));
  const std::uint8_t kind = in.Byte();
  const std::uint8_t functions = in.Byte();
  spec.every_ms = static_cast<std::int64_t>(in.Varint());
  spec.buckets_max = static_cast<std::uint32_t>(in.Varint());
  for (std::size_t i = 0; i < schema::kAggregateFunctionNames.size(); ++i) {
    if ((functions >> i & 1U) != 0) spec.functions.push_back(static_cast<schema::AggregateFunction>(i));
  }
  const bool is_whole = in.ok() && kind <= static_cast<std::uint8_t>(GroupKind::kHistogram) &&
                        functions >> schema::kAggregateFunctionNames.size() == 0 && spec.every_ms > 0 &&
                        IsTime(spec.every_ms);
  if (!is_whole) return Fail(ErrorCode::kCorruption, "aggregation state: a group");
  spec.kind = static_cast<GroupKind>(kind);
  return spec;
}

bool IsTime(TimeMs time_ms) {
  return time_ms >= -kTimeMsMax && time_ms <= kTimeMsMax;
}

void PutSample(const InputSample& sample, TimeMs watermark_ms, Bytes& out) {
  codec::PutZigZag(Less(sample.time_ms, watermark_ms), out);
  out.push_back(static_cast<std::byte>((sample.start_ms != 0 ? kHasStart : 0) |
                                       (sample.histogram != nullptr ? kHasHistogram : 0) |
                                       (sample.is_end ? kIsEnd : 0)));
  if (sample.start_ms != 0) codec::PutZigZag(Less(sample.start_ms, sample.time_ms), out);
  if (sample.is_end) return;
  if (sample.histogram != nullptr) {
    codec::PutHistogram(*sample.histogram, out);
  } else {
    PutReal(sample.value, out);
  }
}

Result<InputSample> TakeSample(codec::FieldReader& in, TimeMs watermark_ms) {
  InputSample sample;
  sample.time_ms = More(watermark_ms, in.ZigZag());
  const std::uint8_t flags = in.Byte();
  if ((flags & kHasStart) != 0) sample.start_ms = More(sample.time_ms, in.ZigZag());
  sample.is_end = (flags & kIsEnd) != 0;
  if (!sample.is_end && (flags & kHasHistogram) != 0) {
    TICKSCOPE_ASSIGN_OR_RETURN(Histogram histogram, codec::TakeHistogram(in));
    sample.histogram = std::make_shared<const Histogram>(std::move(histogram));
  } else if (!sample.is_end) {
    sample.value = TakeReal(in);
  }
  if (!in.ok() || !IsTime(sample.time_ms)) return Fail(ErrorCode::kCorruption, "aggregation state: a sample");
  return sample;
}

}  // namespace tickscope::aggregate
