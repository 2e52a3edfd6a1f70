// WindowOps: what is done to Windows, as bytes. docs/formats/aggregation.md is the page for people; this header is the truth for code.
//
//   op        | kind: u8 | fields |
//   kBegin    watermark: zz | began: zz | next group: varint | next input: varint
//   kGroup    id: varint | spec | start: zz | flags: u8 | total: f64 | compensation: f64 | histogram, if flagged
//   kInput    id: varint | key: 2 * u64 | group: varint | heard: zz | flags: u8 | sample, if flagged | least: f64, greatest: f64, if flagged
//   kSample   input: varint | sample
//   kClose    watermark: zz
//   kKeep     n: varint | rules: n * u64
//
//   spec      rule: u64 | metric: text | suffix: text | labels: varint n, n * (name: text, value: text) | kind: u8 |
//             functions: u8, a bit each | every: varint ms | buckets max: varint
//   sample    time: zz, less the watermark | flags: u8 | start: zz, less the time, if flagged | value: f64, or histogram, or nothing of an end
//
// A log of ops and a snapshot are the same: a snapshot begins with kBegin and has what there is as if it were made right then.
#pragma once

#include "aggregate/input_series.h"
#include "base/bytes.h"
#include "base/error.h"
#include "codec/varint.h"

namespace tickscope::aggregate {

struct GroupSpec;

enum class WindowOp : std::uint8_t { kBegin = 1, kGroup, kInput, kSample, kClose, kKeep };

/// The end of the year 9999: no time of a window lies behind it.
inline constexpr TimeMs kTimeMsMax = 253'402'300'799'999;
[[nodiscard]] bool IsTime(TimeMs time_ms);

void PutOp(WindowOp op, Bytes& out);
void PutGroupSpec(const GroupSpec& spec, Bytes& out);
[[nodiscard]] Result<GroupSpec> TakeGroupSpec(codec::FieldReader& in);
void PutSample(const InputSample& sample, TimeMs watermark_ms, Bytes& out);
[[nodiscard]] Result<InputSample> TakeSample(codec::FieldReader& in, TimeMs watermark_ms);

void PutReal(double value, Bytes& out);
[[nodiscard]] double TakeReal(codec::FieldReader& in);

}  // namespace tickscope::aggregate
