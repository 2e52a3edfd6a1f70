#include "wire/prometheus_chunk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "model/sample.h"
#include "wire/bit_stream.h"

namespace tickscope::wire {
namespace {

// Buckets or spans of one histogram, each side.
constexpr std::uint64_t kBucketsMax = 10'000;
// Whole numbers up to here are doubles.
constexpr double kWholeMax = 0x1p53;

constexpr std::uint8_t kNoWindow = 0xff;  // No earlier XOR whose zeros could be used again.
constexpr unsigned kLeadingMax = 31;      // Five bits hold it.

// Bits of the forms of a delta of deltas of times, then all 64.
constexpr unsigned kTimeBits[] = {14, 17, 20};
// Bits of the forms of a varbit number, then all 64.
constexpr unsigned kVarbitBits[] = {3, 6, 9, 12, 18, 25, 56};

// Zero thresholds that are powers of two in this range of exponents take one byte.
constexpr int kThresholdExponentMin = -242;
constexpr int kThresholdExponentMax = 11;
constexpr int kThresholdBias = 243;
constexpr std::uint8_t kThresholdAsIs = 255;

// Custom bounds in whole thousandths up to here take a number.
constexpr double kBoundThousandthsMax = 33'554'430;

constexpr unsigned kHintShift = 6;
constexpr std::uint8_t kHintUnknown = 0;
constexpr std::uint8_t kHintNotReset = 1;
constexpr std::uint8_t kHintReset = 2;
constexpr std::uint8_t kHintGauge = 3;

constexpr std::size_t kCountBytes = 2;

// Arithmetic of deltas wraps, as hostile ones may.
std::int64_t Add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t Subtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// Whether a number fits the form of that many bits, which is not quite two's complement: -3..4 in three.
bool FitsForm(std::int64_t v, unsigned bits) {
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return v > -half && v <= half;
}
std::int64_t FromForm(std::uint64_t raw, unsigned bits) {
  if (raw > std::uint64_t{1} << (bits - 1)) raw -= std::uint64_t{1} << bits;
  return static_cast<std::int64_t>(raw);
}

void PutVarint(std::uint64_t v, BitWriter& out) {
  for (; v >= 0x80; v >>= 7)
    out.Put(v | 0x80, 8);
  out.Put(v, 8);
}
void PutZigZag(std::int64_t v, BitWriter& out) {
  PutVarint((static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63), out);
}
std::uint64_t TakeVarint(BitReader& in) {
  std::uint64_t v = 0;
  for (unsigned shift = 0; shift < 64 && in.ok(); shift += 7) {
    const std::uint64_t byte = in.Take(8);
    v |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return v;
}
std::int64_t TakeZigZag(BitReader& in) {
  const std::uint64_t v = TakeVarint(in);
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

// `forms` ones, a zero unless it is the last form, and the number.
template <std::size_t kForms>
void PutForm(std::int64_t v, const unsigned (&forms)[kForms], BitWriter& out) {
  if (v == 0) {
    out.Put(0, 1);
    return;
  }
  for (unsigned form = 0; form < kForms; ++form) {
    if (!FitsForm(v, forms[form])) continue;
    out.Put((std::uint64_t{1} << (form + 2)) - 2, form + 2);
    out.Put(static_cast<std::uint64_t>(v), forms[form]);
    return;
  }
  out.Put((std::uint64_t{1} << (kForms + 1)) - 1, kForms + 1);
  out.Put(static_cast<std::uint64_t>(v), 64);
}
template <std::size_t kForms>
unsigned TakeFormNumber(const unsigned (&)[kForms], BitReader& in) {
  unsigned ones = 0;
  while (ones <= kForms && in.TakeBit())
    ++ones;
  return ones;
}
template <std::size_t kForms>
std::int64_t TakeForm(const unsigned (&forms)[kForms], BitReader& in) {
  const unsigned ones = TakeFormNumber(forms, in);
  if (ones == 0) return 0;
  if (ones > kForms) return static_cast<std::int64_t>(in.Take(64));
  return FromForm(in.Take(forms[ones - 1]), forms[ones - 1]);
}

void PutVarbit(std::int64_t v, BitWriter& out) {
  PutForm(v, kVarbitBits, out);
}
std::int64_t TakeVarbit(BitReader& in) {
  return TakeForm(kVarbitBits, in);
}
void PutVarbitUnsigned(std::uint64_t v, BitWriter& out) {
  if (v == 0) {
    out.Put(0, 1);
    return;
  }
  unsigned form = 0;
  for (const unsigned bits : kVarbitBits) {
    if (v >> bits == 0) {
      out.Put((std::uint64_t{1} << (form + 2)) - 2, form + 2);
      out.Put(v, bits);
      return;
    }
    ++form;
  }
  out.Put(0xff, 8);
  out.Put(v, 64);
}
std::uint64_t TakeVarbitUnsigned(BitReader& in) {
  const unsigned ones = TakeFormNumber(kVarbitBits, in);
  if (ones == 0) return 0;
  return in.Take(ones > std::size(kVarbitBits) ? 64 : kVarbitBits[ones - 1]);
}

// A double as what differs from the one before.
class XorValue {
 public:
  void PutFirst(double v, BitWriter& out) {
    bits_ = std::bit_cast<std::uint64_t>(v);
    out.Put(bits_, 64);
  }
  void Put(double v, BitWriter& out) {
    const auto bits = std::bit_cast<std::uint64_t>(v);
    const std::uint64_t differs = bits ^ bits_;
    bits_ = bits;
    if (differs == 0) {
      out.Put(0, 1);
      return;
    }
    const auto leading = static_cast<std::uint8_t>(
        std::min<unsigned>(static_cast<unsigned>(std::countl_zero(differs)), kLeadingMax));
    const auto trailing = static_cast<std::uint8_t>(std::countr_zero(differs));
    out.Put(1, 1);
    if (leading_ != kNoWindow && leading >= leading_ && trailing >= trailing_) {
      out.Put(0, 1);
      out.Put(differs >> trailing_, 64U - leading_ - trailing_);
      return;
    }
    leading_ = leading;
    trailing_ = trailing;
    const unsigned significant = 64U - leading - trailing;
    out.Put(1, 1);
    out.Put(leading, 5);
    out.Put(significant, 6);  // 64 shows as 0.
    out.Put(differs >> trailing, significant);
  }

  void TakeFirst(BitReader& in) { bits_ = in.Take(64); }
  /// False when the bits cannot be right.
  [[nodiscard]] bool Take(BitReader& in) {
    if (!in.TakeBit()) return true;
    if (in.TakeBit()) {
      const auto leading = static_cast<unsigned>(in.Take(5));
      auto significant = static_cast<unsigned>(in.Take(6));
      if (significant == 0) significant = 64;
      if (leading + significant > 64) return false;
      leading_ = static_cast<std::uint8_t>(leading);
      trailing_ = static_cast<std::uint8_t>(64 - leading - significant);
    } else if (leading_ == kNoWindow) {
      return false;
    }
    bits_ ^= in.Take(64U - leading_ - trailing_) << trailing_;
    return true;
  }
  [[nodiscard]] double value() const { return std::bit_cast<double>(bits_); }

 private:
  std::uint64_t bits_ = 0;
  std::uint8_t leading_ = kNoWindow;
  std::uint8_t trailing_ = 0;
};

// A time or count as the change of its change.
struct DeltaValue {
  std::int64_t value = 0;
  std::int64_t delta = 0;

  // What to write for the sample numbered `index`.
  [[nodiscard]] std::int64_t Step(std::int64_t next, std::size_t index) {
    const std::int64_t next_delta = Subtract(next, value);
    const std::int64_t step = index == 0 ? next : (index == 1 ? next_delta : Subtract(next_delta, delta));
    value = next;
    delta = index == 0 ? 0 : next_delta;
    return step;
  }
  void Advance(std::int64_t step, std::size_t index) {
    if (index == 0) {
      value = step;
      return;
    }
    delta = index == 1 ? step : Add(delta, step);
    value = Add(value, delta);
  }
};

void PutThreshold(double threshold, BitWriter& out) {
  int exponent = 0;
  const double fraction = std::frexp(threshold, &exponent);
  if (threshold == 0 && !std::signbit(threshold)) {
    out.Put(0, 8);
  } else if (fraction == 0.5 && exponent >= kThresholdExponentMin && exponent <= kThresholdExponentMax) {
    out.Put(static_cast<std::uint64_t>(exponent + kThresholdBias), 8);
  } else {
    out.Put(kThresholdAsIs, 8);
    out.Put(std::bit_cast<std::uint64_t>(threshold), 64);
  }
}
double TakeThreshold(BitReader& in) {
  const auto byte = static_cast<int>(in.Take(8));
  if (byte == 0) return 0;
  if (byte == kThresholdAsIs) return std::bit_cast<double>(in.Take(64));
  return std::ldexp(0.5, byte - kThresholdBias);
}

void PutBound(double bound, BitWriter& out) {
  const double thousandths = bound * 1000;
  if (thousandths >= 0 && thousandths <= kBoundThousandthsMax && !std::signbit(bound)) {
    const double whole = std::round(thousandths);
    if (whole / 1000 == bound) {
      PutVarbitUnsigned(static_cast<std::uint64_t>(whole) + 1, out);
      return;
    }
  }
  out.Put(0, 1);
  out.Put(std::bit_cast<std::uint64_t>(bound), 64);
}
double TakeBound(BitReader& in) {
  const std::uint64_t number = TakeVarbitUnsigned(in);
  if (number == 0) return std::bit_cast<double>(in.Take(64));
  return static_cast<double>(number - 1) / 1000;
}

void PutSpans(const std::vector<BucketSpan>& spans, BitWriter& out) {
  PutVarbitUnsigned(spans.size(), out);
  for (const BucketSpan& span : spans) {
    PutVarbitUnsigned(span.length, out);
    PutVarbit(span.offset, out);
  }
}

void PutLayout(const Histogram& histogram, BitWriter& out) {
  PutThreshold(histogram.zero_threshold, out);
  PutVarbit(histogram.schema, out);
  PutSpans(histogram.positive_spans, out);
  PutSpans(histogram.negative_spans, out);
  if (histogram.schema != kCustomBoundsSchema) return;
  PutVarbitUnsigned(histogram.custom_bounds.size(), out);
  for (const double bound : histogram.custom_bounds)
    PutBound(bound, out);
}

// Whether the two may share a chunk's layout.
bool SameLayout(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema &&
         std::bit_cast<std::uint64_t>(a.zero_threshold) == std::bit_cast<std::uint64_t>(b.zero_threshold) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         a.custom_bounds == b.custom_bounds;
}

bool IsWhole(double v) {
  return v >= 0 && v <= kWholeMax && std::trunc(v) == v && !(v == 0 && std::signbit(v));
}
bool AreWhole(const std::vector<double>& counts) {
  return std::ranges::all_of(counts, IsWhole);
}
bool HasWholeCounts(const Histogram& h) {
  return IsWhole(h.count) && IsWhole(h.zero_count) && AreWhole(h.positive_buckets) &&
         AreWhole(h.negative_buckets);
}

bool Fell(const Histogram& before, const Histogram& after) {
  const auto any_fell = [](const std::vector<double>& a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (b[i] < a[i]) return true;
    }
    return false;
  };
  return after.count < before.count || after.zero_count < before.zero_count ||
         any_fell(before.positive_buckets, after.positive_buckets) ||
         any_fell(before.negative_buckets, after.negative_buckets);
}

std::uint8_t HintOf(const Histogram& histogram) {
  switch (histogram.reset_hint) {
    case ResetHint::kReset:
      return kHintReset;
    case ResetHint::kNotReset:
      return kHintNotReset;
    case ResetHint::kGauge:
      return kHintGauge;
    case ResetHint::kUnknown:
      break;
  }
  return kHintUnknown;
}

ChunkEncoding EncodingOf(const SampleColumns& samples, std::size_t i) {
  if (samples.histograms.empty() || samples.histograms[i] == nullptr) return ChunkEncoding::kXor;
  const Histogram& histogram = *samples.histograms[i];
  // A marker carries no counts, whatever it says: it goes with what came before it.
  if (IsStaleNan(histogram.sum)) {
    const bool follows =
        i > 0 && samples.histograms[i - 1] != nullptr && !IsStaleNan(samples.histograms[i - 1]->sum);
    return follows ? EncodingOf(samples, i - 1) : ChunkEncoding::kHistogram;
  }
  return HasWholeCounts(histogram) ? ChunkEncoding::kHistogram : ChunkEncoding::kFloatHistogram;
}

// Whether sample i may follow sample i - 1 in a histogram chunk.
bool Continues(const SampleColumns& samples, std::size_t i) {
  const Histogram& before = *samples.histograms[i - 1];
  const Histogram& next = *samples.histograms[i];
  if (IsStaleNan(before.sum)) return false;
  if (IsStaleNan(next.sum)) return true;
  if (!SameLayout(before, next)) return false;
  if (next.reset_hint == ResetHint::kGauge || before.reset_hint == ResetHint::kGauge) {
    return next.reset_hint == before.reset_hint;
  }
  return next.reset_hint == ResetHint::kNotReset ||
         (next.reset_hint == ResetHint::kUnknown && !Fell(before, next));
}

void PutCount(std::size_t count, BitWriter& out) {
  out.Put(count, 8 * kCountBytes);
}

void EncodeXor(const SampleColumns& samples, std::size_t from, std::size_t to, Bytes& data) {
  BitWriter out(data);
  PutCount(to - from, out);
  DeltaValue time;
  XorValue value;
  for (std::size_t i = from; i < to; ++i) {
    const std::size_t index = i - from;
    const std::int64_t step = time.Step(samples.times_ms[i], index);
    if (index == 0) {
      PutZigZag(step, out);
      value.PutFirst(samples.values[i], out);
      continue;
    }
    if (index == 1) {
      PutVarint(static_cast<std::uint64_t>(step), out);
    } else {
      PutForm(step, kTimeBits, out);
    }
    value.Put(samples.values[i], out);
  }
}

std::int64_t ToInteger(double v) {
  return static_cast<std::int64_t>(v);
}

// Counts of the buckets of one sample of a histogram chunk: each less the one before it.
void PutBuckets(const std::vector<double>& counts, std::size_t index, std::vector<DeltaValue>& state,
                BitWriter& out) {
  std::int64_t before = 0;
  for (std::size_t b = 0; b < counts.size(); ++b) {
    const std::int64_t count = ToInteger(counts[b]);
    PutVarbit(state[b].Step(count - before, index), out);
    before = count;
  }
}

void EncodeHistograms(const SampleColumns& samples, std::size_t from, std::size_t to, Bytes& data) {
  BitWriter out(data);
  PutCount(to - from, out);
  const Histogram& first = *samples.histograms[from];
  const bool is_stale = IsStaleNan(first.sum);
  const Histogram none;
  const Histogram& layout = is_stale ? none : first;
  out.Put(static_cast<std::uint64_t>(is_stale ? kHintUnknown : HintOf(first)) << kHintShift, 8);
  PutLayout(layout, out);
  DeltaValue time;
  DeltaValue count;
  DeltaValue zero_count;
  XorValue sum;
  std::vector<DeltaValue> positive(layout.positive_buckets.size());
  std::vector<DeltaValue> negative(layout.negative_buckets.size());
  for (std::size_t i = from; i < to; ++i) {
    const std::size_t index = i - from;
    const bool marker = IsStaleNan(samples.histograms[i]->sum);
    const Histogram& histogram = marker ? none : *samples.histograms[i];
    PutVarbit(time.Step(samples.times_ms[i], index), out);
    if (index == 0) {
      PutVarbitUnsigned(static_cast<std::uint64_t>(count.Step(ToInteger(histogram.count), 0)), out);
      PutVarbitUnsigned(static_cast<std::uint64_t>(zero_count.Step(ToInteger(histogram.zero_count), 0)), out);
      sum.PutFirst(samples.histograms[i]->sum, out);
    } else {
      PutVarbit(marker ? 0 : count.Step(ToInteger(histogram.count), index), out);
      PutVarbit(marker ? 0 : zero_count.Step(ToInteger(histogram.zero_count), index), out);
      sum.Put(samples.histograms[i]->sum, out);
    }
    PutBuckets(histogram.positive_buckets, index, positive, out);
    PutBuckets(histogram.negative_buckets, index, negative, out);
  }
}

void EncodeFloatHistograms(const SampleColumns& samples, std::size_t from, std::size_t to, Bytes& data) {
  BitWriter out(data);
  PutCount(to - from, out);
  const Histogram& first = *samples.histograms[from];
  const bool is_stale = IsStaleNan(first.sum);
  const Histogram none;
  const Histogram& layout = is_stale ? none : first;
  out.Put(static_cast<std::uint64_t>(is_stale ? kHintUnknown : HintOf(first)) << kHintShift, 8);
  PutLayout(layout, out);
  DeltaValue time;
  std::vector<XorValue> numbers(3 + layout.positive_buckets.size() + layout.negative_buckets.size());
  for (std::size_t i = from; i < to; ++i) {
    const std::size_t index = i - from;
    const bool marker = IsStaleNan(samples.histograms[i]->sum);
    const Histogram& histogram = marker ? none : *samples.histograms[i];
    PutVarbit(time.Step(samples.times_ms[i], index), out);
    auto number = numbers.begin();
    const auto put = [&](double v) {
      index == 0 ? number->PutFirst(v, out) : number->Put(v, out);
      ++number;
    };
    put(histogram.count);
    put(histogram.zero_count);
    put(samples.histograms[i]->sum);
    for (const double v : histogram.positive_buckets)
      put(v);
    for (const double v : histogram.negative_buckets)
      put(v);
  }
}

class ChunkDecoder {
 public:
  ChunkDecoder(ByteView data, SampleColumns& out) : data_(data), in_(data), out_(out) {}

  [[nodiscard]] Status Xor() {
    const std::size_t count = TakeCount();
    DeltaValue time;
    XorValue value;
    for (std::size_t i = 0; i < count; ++i) {
      bool sound = true;
      if (i == 0) {
        time.Advance(TakeZigZag(in_), i);
        value.TakeFirst(in_);
      } else {
        time.Advance(i == 1 ? static_cast<std::int64_t>(TakeVarint(in_)) : TakeForm(kTimeBits, in_), i);
        sound = value.Take(in_);
      }
      TICKSCOPE_RETURN_IF_ERROR(CheckSample(sound, i));
      out_.times_ms.push_back(time.value);
      out_.values.push_back(value.value());
      if (!out_.histograms.empty()) out_.histograms.push_back(nullptr);
    }
    return {};
  }

  [[nodiscard]] Status Histograms() {
    const std::size_t count = TakeCount();
    TICKSCOPE_RETURN_IF_ERROR(TakeLayout());
    DeltaValue time;
    DeltaValue total;
    DeltaValue zeros;
    XorValue sum;
    std::vector<DeltaValue> positive(positive_count_);
    std::vector<DeltaValue> negative(negative_count_);
    for (std::size_t i = 0; i < count; ++i) {
      time.Advance(TakeVarbit(in_), i);
      bool sound = true;
      if (i == 0) {
        total.Advance(static_cast<std::int64_t>(TakeVarbitUnsigned(in_)), i);
        zeros.Advance(static_cast<std::int64_t>(TakeVarbitUnsigned(in_)), i);
        sum.TakeFirst(in_);
      } else {
        total.Advance(TakeVarbit(in_), i);
        zeros.Advance(TakeVarbit(in_), i);
        sound = sum.Take(in_);
      }
      TICKSCOPE_RETURN_IF_ERROR(CheckSample(sound, i));
      if (IsStaleNan(sum.value())) {
        AddMarker(time.value);
        continue;
      }
      // A bucket takes a bit or more: nothing is made for what is not there.
      TICKSCOPE_RETURN_IF_ERROR(CheckSample(in_.remaining() >= positive_count_ + negative_count_, i));
      Histogram histogram = layout_;
      histogram.reset_hint = HintAt(i);
      histogram.count = static_cast<double>(static_cast<std::uint64_t>(total.value));
      histogram.zero_count = static_cast<double>(static_cast<std::uint64_t>(zeros.value));
      histogram.sum = sum.value();
      TakeBuckets(i, positive, histogram.positive_buckets);
      TakeBuckets(i, negative, histogram.negative_buckets);
      TICKSCOPE_RETURN_IF_ERROR(CheckSample(true, i));
      AddHistogram(time.value, std::move(histogram));
    }
    return {};
  }

  [[nodiscard]] Status FloatHistograms() {
    const std::size_t count = TakeCount();
    TICKSCOPE_RETURN_IF_ERROR(TakeLayout());
    DeltaValue time;
    std::vector<XorValue> numbers(3 + positive_count_ + negative_count_);
    for (std::size_t i = 0; i < count; ++i) {
      time.Advance(TakeVarbit(in_), i);
      bool sound = true;
      auto number = numbers.begin();
      const auto take = [&] {
        if (i == 0) {
          number->TakeFirst(in_);
        } else {
          sound = number->Take(in_) && sound;
        }
        return (number++)->value();
      };
      Histogram histogram = layout_;
      histogram.reset_hint = HintAt(i);
      histogram.count = take();
      histogram.zero_count = take();
      histogram.sum = take();
      TICKSCOPE_RETURN_IF_ERROR(CheckSample(sound, i));
      if (IsStaleNan(histogram.sum)) {
        AddMarker(time.value);
        continue;
      }
      TICKSCOPE_RETURN_IF_ERROR(CheckSample(in_.remaining() >= positive_count_ + negative_count_, i));
      for (std::size_t b = 0; b < positive_count_; ++b)
        histogram.positive_buckets.push_back(take());
      for (std::size_t b = 0; b < negative_count_; ++b)
        histogram.negative_buckets.push_back(take());
      TICKSCOPE_RETURN_IF_ERROR(CheckSample(sound, i));
      AddHistogram(time.value, std::move(histogram));
    }
    return {};
  }

 private:
  [[nodiscard]] std::size_t TakeCount() { return in_.Take(8 * kCountBytes); }

  [[nodiscard]] Status CheckSample(bool sound, std::size_t i) const {
    if (sound && in_.ok()) return {};
    return Fail(ErrorCode::kCorruption,
                (in_.ok() ? "chunk: impossible bits in sample " : "chunk: cut in sample ") +
                    std::to_string(i) + ", bit " + std::to_string(data_.size() * 8 - in_.remaining()));
  }

  [[nodiscard]] Status TakeSpans(std::vector<BucketSpan>& spans, std::size_t& buckets) {
    const std::uint64_t count = TakeVarbitUnsigned(in_);
    if (count > kBucketsMax) return TooMany();
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      const std::uint64_t length = TakeVarbitUnsigned(in_);
      const std::int64_t offset = TakeVarbit(in_);
      if (length > kBucketsMax || buckets + length > kBucketsMax) return TooMany();
      if (offset < INT32_MIN || offset > INT32_MAX) {
        return Fail(ErrorCode::kCorruption, "chunk: span offset out of range in the layout");
      }
      spans.push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
      buckets += length;
    }
    return {};
  }

  [[nodiscard]] static Status TooMany() {
    return Fail(ErrorCode::kOutOfRange,
                "chunk: more than " + std::to_string(kBucketsMax) + " buckets in the layout");
  }

  [[nodiscard]] Status TakeLayout() {
    hint_ = static_cast<std::uint8_t>(in_.Take(8) >> kHintShift);
    layout_.zero_threshold = TakeThreshold(in_);
    const std::int64_t schema = TakeVarbit(in_);
    const bool is_custom = schema == kCustomBoundsSchema;
    if (in_.ok() && !is_custom && (schema < kExponentialSchemaMin || schema > kExponentialSchemaMax)) {
      return Fail(ErrorCode::kCorruption, "chunk: unknown histogram schema " + std::to_string(schema));
    }
    layout_.schema = static_cast<std::int32_t>(schema);
    TICKSCOPE_RETURN_IF_ERROR(TakeSpans(layout_.positive_spans, positive_count_));
    TICKSCOPE_RETURN_IF_ERROR(TakeSpans(layout_.negative_spans, negative_count_));
    if (is_custom) {
      const std::uint64_t count = TakeVarbitUnsigned(in_);
      if (count > kBucketsMax) return TooMany();
      for (std::uint64_t i = 0; i < count && in_.ok(); ++i)
        layout_.custom_bounds.push_back(TakeBound(in_));
    }
    if (in_.ok()) return {};
    return Fail(ErrorCode::kCorruption, "chunk: cut in the layout");
  }

  void TakeBuckets(std::size_t index, std::vector<DeltaValue>& state, std::vector<double>& counts) {
    std::int64_t count = 0;
    counts.reserve(state.size());
    for (DeltaValue& bucket : state) {
      bucket.Advance(TakeVarbit(in_), index);
      count = Add(count, bucket.value);
      counts.push_back(static_cast<double>(count));
    }
  }

  [[nodiscard]] ResetHint HintAt(std::size_t index) const {
    if (hint_ == kHintGauge) return ResetHint::kGauge;
    return index > 0 ? ResetHint::kNotReset : ResetHint::kUnknown;
  }

  void AddMarker(TimeMs time_ms) {
    Histogram marker;
    marker.sum = StaleNan();
    AddHistogram(time_ms, std::move(marker));
  }

  void AddHistogram(TimeMs time_ms, Histogram histogram) {
    if (out_.histograms.empty()) out_.histograms.resize(out_.times_ms.size());
    out_.times_ms.push_back(time_ms);
    out_.values.push_back(0);
    out_.histograms.push_back(std::make_shared<const Histogram>(std::move(histogram)));
  }

  ByteView data_;
  BitReader in_;
  SampleColumns& out_;
  std::uint8_t hint_ = kHintUnknown;
  Histogram layout_;
  std::size_t positive_count_ = 0;
  std::size_t negative_count_ = 0;
};

}  // namespace

void EncodeChunks(const SampleColumns& samples, std::vector<PrometheusChunk>& out) {
  for (std::size_t from = 0; from < samples.size();) {
    const ChunkEncoding encoding = EncodingOf(samples, from);
    std::size_t to = from + 1;
    while (to < samples.size() && to - from < kChunkSamplesMax && EncodingOf(samples, to) == encoding &&
           (encoding == ChunkEncoding::kXor || Continues(samples, to))) {
      ++to;
    }
    PrometheusChunk& chunk = out.emplace_back();
    chunk.encoding = encoding;
    chunk.min_time_ms = samples.times_ms[from];
    chunk.max_time_ms = samples.times_ms[to - 1];
    chunk.sample_count = static_cast<std::uint32_t>(to - from);
    switch (encoding) {
      case ChunkEncoding::kXor:
        EncodeXor(samples, from, to, chunk.data);
        break;
      case ChunkEncoding::kHistogram:
        EncodeHistograms(samples, from, to, chunk.data);
        break;
      case ChunkEncoding::kFloatHistogram:
        EncodeFloatHistograms(samples, from, to, chunk.data);
        break;
    }
    from = to;
  }
}

Status DecodeChunk(std::uint8_t encoding, ByteView data, SampleColumns& out) {
  if (data.size() > kChunkBytesMax) {
    return Fail(ErrorCode::kOutOfRange, "chunk: got " + std::to_string(data.size()) +
                                            " bytes, want at most " + std::to_string(kChunkBytesMax));
  }
  if (data.size() < kCountBytes) return Fail(ErrorCode::kCorruption, "chunk: cut in its count");
  ChunkDecoder decoder(data, out);
  switch (static_cast<ChunkEncoding>(encoding)) {
    case ChunkEncoding::kXor:
      return decoder.Xor();
    case ChunkEncoding::kHistogram:
      return decoder.Histograms();
    case ChunkEncoding::kFloatHistogram:
      return decoder.FloatHistograms();
  }
  return Fail(ErrorCode::kUnsupported, "chunk: encoding " + std::to_string(encoding) +
                                           ": want XOR (1), histogram (2) or float histogram (3)");
}

}  // namespace tickscope::wire
