#include "codec/column_stats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/check.h"
#include "codec/fixed.h"
#include "codec/value_column.h"
#include "model/sample.h"

namespace tickscope::codec {
namespace {

enum class Shape : std::uint8_t { kNone = 0, kEqual = 1, kRising = 2, kAny = 3 };
constexpr unsigned kRawScale = 7;
constexpr unsigned kScaleMax = 6;
constexpr unsigned kGapsFlag = 1U << 3;
constexpr unsigned kStaleFlag = 1U << 4;
constexpr unsigned kShapeShift = 5;
constexpr unsigned kNanFlag = 1U << 7;
constexpr std::array<double, kScaleMax + 1> kPowersOfTen = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

constexpr std::size_t kValuesMax = 1024;
// 1024 numbers below 2^51, or their differences, add up within 63 bits.
constexpr double kIntegerMax = 2251799813685248.0;
// Sums may be larger; up to here an int64 holds them.
constexpr double kSumMax = 4611686018427387904.0;

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool ToScaled(double v, double power, double limit, std::int64_t& out) {
  if (power == 1) {
    if (!(std::fabs(v) < limit)) return false;
    out = static_cast<std::int64_t>(v);
    return SameBits(static_cast<double>(out), v);
  }
  const double scaled = v * power;
  if (!(std::fabs(scaled) < limit)) return false;
  out = std::llrint(scaled);
  return SameBits(static_cast<double>(out) / power, v);
}

double FromScaled(std::int64_t n, double power) {
  return static_cast<double>(n) / power;
}

// Sums in whole numbers, when every sample is one at some scale.
bool SumScaled(std::span<const double> samples, ColumnStats& stats) {
  for (const double power : {1e0, 1e2, 1e4, 1e6}) {
    std::int64_t sum = 0;
    std::int64_t increases = 0;
    std::int64_t before = 0;
    bool all = true;
    for (std::size_t i = 0; i < samples.size() && all; ++i) {
      std::int64_t n = 0;
      all = ToScaled(samples[i], power, kIntegerMax, n);
      sum += n;
      if (i > 0) increases += n >= before ? n - before : n;
      before = n;
    }
    if (!all) continue;
    stats.sum = FromScaled(sum, power);
    stats.sum_of_increases = FromScaled(increases, power);
    return true;
  }
  return false;
}

Shape ShapeOf(const ColumnStats& s) {
  if (s.count == 0) return Shape::kNone;
  if (s.has_nan || s.resets != 0 || !SameBits(s.min, s.first) || !SameBits(s.max, s.last)) return Shape::kAny;
  if (SameBits(s.first, s.last) && SameBits(s.sum, s.first * s.count) && SameBits(s.sum_of_increases, 0))
    return Shape::kEqual;
  return Shape::kRising;
}

// The numbers at one scale; none when one of them has no exact form there.
struct ScaledStats {
  std::int64_t first = 0, last = 0, min = 0, max = 0, sum = 0, increases = 0;
};
std::optional<ScaledStats> Scale(const ColumnStats& s, double power) {
  ScaledStats n;
  const bool fits =
      ToScaled(s.first, power, kIntegerMax, n.first) && ToScaled(s.last, power, kIntegerMax, n.last) &&
      ToScaled(s.min, power, kIntegerMax, n.min) && ToScaled(s.max, power, kIntegerMax, n.max) &&
      ToScaled(s.sum, power, kSumMax, n.sum) && ToScaled(s.sum_of_increases, power, kSumMax, n.increases);
  if (!fits) return std::nullopt;
  return n;
}

std::int64_t WrappingTimes(std::uint32_t count, std::int64_t n) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(n) * count);
}
std::int64_t WrappingAdd(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t WrappingSubtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

void PutScaled(const ColumnStats& s, const ScaledStats& n, Shape shape, Bytes& out) {
  PutZigZag(n.first, out);
  if (shape == Shape::kEqual) return;
  PutZigZag(n.last - n.first, out);
  if (shape == Shape::kAny) {
    PutZigZag(n.first - n.min, out);
    PutZigZag(n.max - n.first, out);
  }
  PutZigZag(WrappingSubtract(n.sum, WrappingTimes(s.count, n.first)), out);
  if (shape == Shape::kAny) PutZigZag(n.increases, out);
}

void TakeScaled(FieldReader& reader, double power, Shape shape, ColumnStats& s) {
  ScaledStats n;
  n.first = n.min = n.max = n.last = reader.ZigZag();
  if (shape != Shape::kEqual) {
    n.max = n.last = WrappingAdd(n.first, reader.ZigZag());
    n.increases = WrappingSubtract(n.last, n.first);
    if (shape == Shape::kAny) {
      n.min = WrappingSubtract(n.first, reader.ZigZag());
      n.max = WrappingAdd(n.first, reader.ZigZag());
    }
    n.sum = WrappingAdd(WrappingTimes(s.count, n.first), reader.ZigZag());
    if (shape == Shape::kAny) n.increases = reader.ZigZag();
  }
  s.first = FromScaled(n.first, power);
  s.last = FromScaled(n.last, power);
  s.min = FromScaled(n.min, power);
  s.max = FromScaled(n.max, power);
  s.sum = shape == Shape::kEqual ? s.first * s.count : FromScaled(n.sum, power);
  s.sum_of_increases = FromScaled(n.increases, power);
}

void PutRaw(const ColumnStats& s, Shape shape, Bytes& out) {
  PutFixed(s.first, out);
  if (shape == Shape::kEqual) return;
  PutFixed(s.last, out);
  if (shape == Shape::kAny) {
    PutFixed(s.min, out);
    PutFixed(s.max, out);
  }
  PutFixed(s.sum, out);
  PutFixed(s.sum_of_increases, out);
}

double TakeDouble(FieldReader& reader) {
  const ByteView bytes = reader.Take(sizeof(double));
  return bytes.empty() ? 0 : LoadFixed<double>(bytes.data());
}

void TakeRaw(FieldReader& reader, Shape shape, ColumnStats& s) {
  s.first = s.last = s.min = s.max = TakeDouble(reader);
  s.sum = s.first * s.count;
  if (shape == Shape::kEqual) return;
  s.last = s.max = TakeDouble(reader);
  if (shape == Shape::kAny) {
    s.min = TakeDouble(reader);
    s.max = TakeDouble(reader);
  }
  s.sum = TakeDouble(reader);
  s.sum_of_increases = TakeDouble(reader);
}

// Whether all are one finite number, bit for bit. The usual column of a fleet.
bool AreEqualNumbers(std::span<const double> values) {
  return !values.empty() && std::isfinite(values.front()) &&
         std::memcmp(values.data(), values.data() + 1, (values.size() - 1) * sizeof(double)) == 0;
}

}  // namespace

ColumnStats ComputeColumnStats(std::span<const double> values) {
  TICKSCOPE_CHECK(values.size() <= kValuesMax);
  if (AreEqualNumbers(values)) {
    const double v = values.front();
    const auto count = static_cast<std::uint32_t>(values.size());
    return {.count = count, .min = v, .max = v, .first = v, .last = v, .sum = v * count};
  }
  std::array<double, kValuesMax> buffer;
  ColumnStats s;
  s.min = s.max = std::numeric_limits<double>::quiet_NaN();
  bool all_equal = true;
  for (const double v : values) {
    if (IsMissing(v)) {
      ++s.gaps;
      continue;
    }
    if (IsStaleNan(v)) {
      ++s.stale;
      continue;
    }
    buffer[s.count] = v;
    if (s.count > 0) {
      const double before = buffer[s.count - 1];
      if (v < before) ++s.resets;
      s.sum_of_increases += v < before ? v : v - before;
      all_equal = all_equal && SameBits(v, before);
    }
    if (std::isnan(v)) s.has_nan = true;
    if (v < s.min || std::isnan(s.min)) s.min = v;
    if (v > s.max || std::isnan(s.max)) s.max = v;
    s.sum += v;
    ++s.count;
  }
  if (s.count == 0) {
    s.min = s.max = 0;
    return s;
  }
  const std::span<const double> samples(buffer.data(), s.count);
  s.first = samples.front();
  s.last = samples.back();
  if (all_equal && !s.has_nan) {
    s.sum = s.first * s.count;
    if (std::isfinite(s.first)) s.sum_of_increases = 0;
  } else if (!s.has_nan) {
    static_cast<void>(SumScaled(samples, s));
  }
  return s;
}

void EncodeColumnStats(const ColumnStats& stats, Bytes& out) {
  const Shape shape = ShapeOf(stats);
  std::optional<ScaledStats> scaled;
  unsigned scale = kRawScale;
  if (shape == Shape::kNone) {
    scale = 0;
  } else if (!stats.has_nan) {
    for (unsigned s = 0; s <= kScaleMax && !scaled; ++s) {
      scaled = Scale(stats, kPowersOfTen[s]);
      if (scaled) scale = s;
    }
  }
  unsigned flags = scale | (static_cast<unsigned>(shape) << kShapeShift);
  if (stats.gaps > 0) flags |= kGapsFlag;
  if (stats.stale > 0) flags |= kStaleFlag;
  if (stats.has_nan) flags |= kNanFlag;
  out.push_back(static_cast<std::byte>(flags));
  if (stats.gaps > 0) PutVarint(stats.gaps, out);
  if (stats.stale > 0) PutVarint(stats.stale, out);
  if (shape == Shape::kNone) return;
  if (scaled) {
    PutScaled(stats, *scaled, shape, out);
  } else {
    PutRaw(stats, shape, out);
  }
  if (shape == Shape::kAny) PutVarint(stats.resets, out);
}

Result<ColumnStats> DecodeColumnStats(FieldReader& reader, std::size_t rows) {
  TICKSCOPE_CHECK(rows <= kValuesMax);
  const unsigned flags = reader.Byte();
  const unsigned scale = flags & 7;
  const auto shape = static_cast<Shape>(flags >> kShapeShift & 3);
  const std::uint64_t gaps = (flags & kGapsFlag) != 0 ? reader.Varint() : 0;
  const std::uint64_t stale = (flags & kStaleFlag) != 0 ? reader.Varint() : 0;
  if (!reader.ok()) return Fail(ErrorCode::kCorruption, "column stats: cut");
  if (gaps > rows || stale > rows - gaps || (gaps + stale == rows) != (shape == Shape::kNone)) {
    return Fail(ErrorCode::kCorruption,
                "column stats: more gaps and markers than rows, or no sample where one is");
  }
  ColumnStats s;
  s.gaps = static_cast<std::uint32_t>(gaps);
  s.stale = static_cast<std::uint32_t>(stale);
  s.count = static_cast<std::uint32_t>(rows - gaps - stale);
  s.has_nan = (flags & kNanFlag) != 0;
  if (s.has_nan && (scale != kRawScale || shape != Shape::kAny)) {
    return Fail(ErrorCode::kCorruption, "column stats: NaN in a shape that has none");
  }
  if (shape == Shape::kNone) return s;
  if (scale == kRawScale) {
    TakeRaw(reader, shape, s);
  } else {
    TakeScaled(reader, kPowersOfTen[scale], shape, s);
  }
  const std::uint64_t resets = shape == Shape::kAny ? reader.Varint() : 0;
  if (!reader.ok()) return Fail(ErrorCode::kCorruption, "column stats: cut in the numbers");
  if (resets >= rows) return Fail(ErrorCode::kCorruption, "column stats: more resets than rows");
  s.resets = static_cast<std::uint32_t>(resets);
  return s;
}

}  // namespace tickscope::codec
