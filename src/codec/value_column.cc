#include "codec/value_column.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "codec/bit_pack.h"
#include "codec/fixed.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

enum class Kind : std::uint8_t { kRaw = 0, kInts = 1, kDeltas = 2 };
constexpr std::uint8_t kGapsFlag = 0x80;

// Decimal places tried, fewest first. Six covers microseconds kept as seconds.
constexpr std::array<std::uint8_t, 5> kScales = {0, 1, 2, 3, 6};
constexpr std::array<double, 7> kPowersOfTen = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
constexpr std::uint8_t kScaleMax = 6;

// Beyond 2^53 a double no longer tells neighbouring integers apart.
constexpr double kIntegerMax = 9007199254740992.0;

// Values kept raw inside an integer column. Staleness markers and infinities fit no scale, so up to eight of
// them are let in; of finite values one in sixteen, else the next scale is tried.
constexpr std::size_t kRawsMax = 8;
constexpr std::size_t kFiniteRawsShare = 16;
// A patch costs about three bytes; more than this many never pays for 128 values.
constexpr std::size_t kPatchesMax = 16;

struct IndexedDouble {
  std::size_t index;
  double value;
};

// Values as integers of one scale, plus those that have none.
struct Scaled {
  std::uint8_t scale = 0;
  std::size_t count = 0;
  std::size_t raw_count = 0;
  std::array<std::int64_t, kColumnValuesMax> ints;
  std::array<IndexedDouble, kRawsMax> raws;
};

bool ToScaledInt(double v, double power, std::int64_t& out) {
  const double scaled = v * power;
  if (!(std::fabs(scaled) < kIntegerMax)) return false;
  const auto integer = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  out = integer;
  return std::bit_cast<std::uint64_t>(static_cast<double>(integer) / power) ==
         std::bit_cast<std::uint64_t>(v);
}

bool ScaleAll(std::span<const double> values, std::uint8_t scale, Scaled& out) {
  out.scale = scale;
  out.count = values.size();
  out.raw_count = 0;
  const double power = kPowersOfTen[scale];
  std::size_t finite_raws_left = values.size() / kFiniteRawsShare;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t integer = 0;
    if (!ToScaledInt(values[i], power, integer)) {
      if (out.raw_count == kRawsMax) return false;
      if (std::isfinite(values[i]) && finite_raws_left-- == 0) return false;
      out.raws[out.raw_count++] = {i, values[i]};
      integer = last;
    }
    out.ints[i] = integer;
    last = integer;
  }
  return true;
}

// How a run of integers is packed: v = base + (width bits), but for the patched ones.
struct Packing {
  std::int64_t base = 0;
  unsigned width = 0;
  std::size_t patch_count = 0;
  std::size_t bytes = 0;
};

// The best packing whose base is `base`; values below it are patches, as are the widest when that is smaller.
Packing PackAbove(std::span<const std::int64_t> ints, std::int64_t base) {
  std::array<std::uint32_t, 65> of_width{};
  std::size_t below = 0;
  std::uint64_t all_above = 0;
  for (const std::int64_t v : ints) {
    if (v < base) {
      ++below;
      continue;
    }
    const std::uint64_t above = static_cast<std::uint64_t>(v) - static_cast<std::uint64_t>(base);
    all_above |= above;
    ++of_width[static_cast<std::size_t>(std::bit_width(above))];
  }
  Packing best{.base = base, .bytes = ~std::size_t{0}};
  std::size_t patches = below;
  for (auto width = static_cast<unsigned>(std::bit_width(all_above)); patches <= kPatchesMax; --width) {
    // A patch: its index and a zigzag varint of its width.
    const std::size_t bytes = PackedBytes(ints.size(), width) + patches * (2 + (width + 6) / 7);
    if (bytes <= best.bytes) best = {base, width, patches, bytes};
    if (width == 0) break;
    patches += of_width[width];
  }
  return best;
}

Packing ChoosePacking(std::span<const std::int64_t> ints) {
  if (ints.empty()) return {};
  std::int64_t least = ints[0];
  std::int64_t least_positive = std::numeric_limits<std::int64_t>::max();
  std::size_t negative = 0;
  for (const std::int64_t v : ints) {
    least = std::min(least, v);
    if (v < 0) {
      ++negative;
    } else {
      least_positive = std::min(least_positive, v);
    }
  }
  Packing best = PackAbove(ints, least);
  // A counter that reset: one huge step down among small steps up.
  if (negative > 0 && negative <= kPatchesMax && negative < ints.size()) {
    const Packing without_resets = PackAbove(ints, least_positive);
    if (without_resets.bytes < best.bytes) best = without_resets;
  }
  return best;
}

void PutPacked(std::span<const std::int64_t> ints, const Packing& packing, Bytes& out) {
  PutZigZag(packing.base, out);
  PutVarint(packing.patch_count, out);
  std::array<std::uint64_t, kColumnValuesMax> packed;
  for (std::size_t i = 0; i < ints.size(); ++i) {
    const std::uint64_t above =
        static_cast<std::uint64_t>(ints[i]) - static_cast<std::uint64_t>(packing.base);
    const bool fits =
        ints[i] >= packing.base && static_cast<unsigned>(std::bit_width(above)) <= packing.width;
    packed[i] = fits ? above : 0;
    if (!fits) {
      PutVarint(i, out);
      PutZigZag(ints[i], out);
    }
  }
  out.push_back(static_cast<std::byte>(packing.width));
  PackBits({packed.data(), ints.size()}, packing.width, out);
}

void PutScaled(const Scaled& scaled, Bytes& out) {
  const std::span<const std::int64_t> ints(scaled.ints.data(), scaled.count);
  std::array<std::int64_t, kColumnValuesMax> step_buffer;
  for (std::size_t i = 1; i < ints.size(); ++i)
    step_buffer[i - 1] = ints[i] - ints[i - 1];
  const std::span<const std::int64_t> steps(step_buffer.data(), ints.empty() ? 0 : ints.size() - 1);
  const Packing of_ints = ChoosePacking(ints);
  const Packing of_steps = ChoosePacking(steps);
  // The first value of the differenced form costs what the base of the other does, so sizes compare directly.
  const bool differenced = !ints.empty() && of_steps.bytes <= of_ints.bytes;

  out.push_back(static_cast<std::byte>(scaled.scale));
  PutVarint(scaled.raw_count, out);
  for (std::size_t i = 0; i < scaled.raw_count; ++i) {
    PutVarint(scaled.raws[i].index, out);
    PutFixed(scaled.raws[i].value, out);
  }
  if (differenced) {
    PutZigZag(ints[0], out);
    PutPacked(steps, of_steps, out);
  } else {
    PutPacked(ints, of_ints, out);
  }
  // The kind byte was left to be known here; PutScaled's caller reserved it.
  out.front() |= static_cast<std::byte>(differenced ? Kind::kDeltas : Kind::kInts);
}

std::unexpected<Error> Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("value column: ") + what);
}

// Reads patches and packed integers into ints[0..count).
Status TakePacked(FieldReader& reader, std::size_t count, std::span<std::int64_t> ints) {
  const std::int64_t base = reader.ZigZag();
  const std::uint64_t patch_count = reader.Varint();
  if (!reader.ok() || patch_count > kPatchesMax) return Corrupt("bad patch count");
  struct Patch {
    std::uint64_t index;
    std::int64_t value;
  };
  std::array<Patch, kPatchesMax> patches;
  for (std::size_t i = 0; i < patch_count; ++i) {
    patches[i] = {reader.Varint(), reader.ZigZag()};
    if (!reader.ok() || patches[i].index >= count) return Corrupt("patch index beyond the column");
  }
  const unsigned width = reader.Byte();
  if (!reader.ok() || width > 64) return Corrupt("bad bit width");
  const ByteView packed = reader.Take(PackedBytes(count, width));
  if (!reader.ok()) return Corrupt("cut in the packed values");
  std::array<std::uint64_t, kColumnValuesMax> above;
  UnpackBits(packed, width, {above.data(), count});
  for (std::size_t i = 0; i < count; ++i) {
    ints[i] = static_cast<std::int64_t>(above[i] + static_cast<std::uint64_t>(base));
  }
  for (std::size_t i = 0; i < patch_count; ++i)
    ints[patches[i].index] = patches[i].value;
  return {};
}

Status TakeScaled(FieldReader& reader, Kind kind, std::size_t count, std::span<double> out) {
  const std::uint8_t scale = reader.Byte();
  const std::uint64_t raw_count = reader.Varint();
  if (!reader.ok() || scale > kScaleMax || raw_count > kRawsMax) return Corrupt("bad scale or raw count");
  std::array<IndexedDouble, kRawsMax> raws;
  for (std::size_t i = 0; i < raw_count; ++i) {
    raws[i].index = reader.Varint();
    const ByteView bytes = reader.Take(sizeof(double));
    if (!reader.ok() || raws[i].index >= count) return Corrupt("raw index beyond the column");
    raws[i].value = LoadFixed<double>(bytes.data());
  }
  std::array<std::int64_t, kColumnValuesMax> ints;
  if (kind == Kind::kDeltas) {
    if (count == 0) return Corrupt("differenced column without values");
    // Sums wrap, as unsigned numbers do: damaged steps give wrong numbers, not undefined behaviour.
    auto sum = static_cast<std::uint64_t>(reader.ZigZag());
    TICKSCOPE_RETURN_IF_ERROR(TakePacked(reader, count - 1, {ints.data() + 1, count - 1}));
    ints[0] = static_cast<std::int64_t>(sum);
    for (std::size_t i = 1; i < count; ++i) {
      sum += static_cast<std::uint64_t>(ints[i]);
      ints[i] = static_cast<std::int64_t>(sum);
    }
  } else {
    TICKSCOPE_RETURN_IF_ERROR(TakePacked(reader, count, ints));
  }
  if (scale == 0) {
    for (std::size_t i = 0; i < count; ++i)
      out[i] = static_cast<double>(ints[i]);
  } else {
    const double power = kPowersOfTen[scale];
    for (std::size_t i = 0; i < count; ++i)
      out[i] = static_cast<double>(ints[i]) / power;
  }
  for (std::size_t i = 0; i < raw_count; ++i)
    out[raws[i].index] = raws[i].value;
  return {};
}

}  // namespace

void EncodeValueColumn(std::span<const double> values, Bytes& out) {
  TICKSCOPE_CHECK(values.size() <= kColumnValuesMax);
  std::array<double, kColumnValuesMax> present_buffer;
  std::array<std::byte, kColumnValuesMax / 8> gaps{};
  std::size_t present = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (IsMissing(values[i])) {
      gaps[i / 8] |= static_cast<std::byte>(1U << (i % 8));
    } else {
      present_buffer[present++] = values[i];
    }
  }
  const std::span<const double> dense(present_buffer.data(), present);
  const bool has_gaps = present != values.size();

  Bytes column;
  column.reserve(64);
  column.push_back(static_cast<std::byte>(has_gaps ? kGapsFlag : 0));
  PutVarint(values.size(), column);
  if (has_gaps) AppendBytes({gaps.data(), (values.size() + 7) / 8}, column);
  const std::size_t body_at = column.size();

  Scaled scaled;
  bool is_scaled = false;
  for (const std::uint8_t scale : kScales) {
    is_scaled = ScaleAll(dense, scale, scaled);
    if (is_scaled) break;
  }
  if (is_scaled) PutScaled(scaled, column);
  if (!is_scaled || column.size() - body_at > present * sizeof(double)) {
    column.resize(body_at);
    column[0] = static_cast<std::byte>(has_gaps ? kGapsFlag : 0);
    AppendBytes(std::as_bytes(dense), column);
  }
  AppendBytes(column, out);
}

Result<std::size_t> DecodeValueColumn(ByteView column, std::span<double, kColumnValuesMax> out) {
  FieldReader reader(column);
  const std::uint8_t kind_byte = reader.Byte();
  const std::uint64_t count = reader.Varint();
  if (!reader.ok()) return Corrupt("cut in the header");
  if (count > kColumnValuesMax) return Fail(ErrorCode::kOutOfRange, "value column: more than 128 values");
  const bool has_gaps = (kind_byte & kGapsFlag) != 0;
  const ByteView gaps = reader.Take(has_gaps ? (count + 7) / 8 : 0);
  if (!reader.ok()) return Corrupt("cut in the gaps");
  const auto is_gap = [&](std::size_t i) {
    return has_gaps && (static_cast<unsigned>(gaps[i / 8]) >> (i % 8) & 1U) != 0;
  };
  std::size_t present = 0;
  for (std::size_t i = 0; i < count; ++i)
    present += is_gap(i) ? 0 : 1;

  switch (static_cast<Kind>(kind_byte & ~kGapsFlag)) {
    case Kind::kRaw: {
      const ByteView raw = reader.Take(present * sizeof(double));
      if (!reader.ok()) return Corrupt("cut in the raw values");
      for (std::size_t i = 0; i < present; ++i)
        out[i] = LoadFixed<double>(raw.data() + i * sizeof(double));
      break;
    }
    case Kind::kInts:
    case Kind::kDeltas:
      TICKSCOPE_RETURN_IF_ERROR(TakeScaled(reader, static_cast<Kind>(kind_byte & ~kGapsFlag), present, out));
      break;
    default:
      return Corrupt("unknown kind");
  }
  if (reader.remaining() != 0) return Corrupt("bytes after the last value");
  if (has_gaps) {
    // Spread the dense values from the back, so that none is overwritten before it is moved.
    for (std::size_t i = count; i-- > 0;)
      out[i] = is_gap(i) ? MissingValue() : out[--present];
  }
  return static_cast<std::size_t>(count);
}

}  // namespace tickscope::codec
