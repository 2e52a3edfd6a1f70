#include "codec/block_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "codec/bit_pack.h"
#include "codec/block_column_layout.h"
#include "codec/fixed.h"
#include "codec/lane_pack.h"
#include "codec/value_column.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

constexpr std::array<double, 7> kUnits = {1, 10, 100, 1e3, 1e4, 1e6, 1e9};
constexpr double kScaledMax = 4503599627370496.0;  // 2^52

// More raw values than this share make another unit the better one.
constexpr std::size_t kRawShare = 8;

bool ToUnit(double value, unsigned unit, std::int64_t& out) {
  if (unit == kBitsUnit) {
    out = std::bit_cast<std::int64_t>(value);
    return true;
  }
  const double product = value * kUnits[unit];
  if (!(std::fabs(product) < kScaledMax)) return false;
  out = std::llrint(product);
  return std::bit_cast<std::int64_t>(static_cast<double>(out) / kUnits[unit]) ==
         std::bit_cast<std::int64_t>(value);
}

double FromUnit(std::int64_t value, unsigned unit) {
  return unit == kBitsUnit ? std::bit_cast<double>(value) : static_cast<double>(value) / kUnits[unit];
}

std::int64_t Subtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t Add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::size_t VarintSize(std::uint64_t v) {
  return (static_cast<std::size_t>(std::bit_width(v | 1)) + 6) / 7;
}

// Appends the integers: base, then sub-blocks of 128 with a width each, what does not fit beside.
void PutPacked(std::span<const std::int64_t> values, std::int64_t base, Bytes& out) {
  PutZigZag(base, out);
  for (std::size_t from = 0; from < values.size(); from += kLaneBlock) {
    const std::size_t count = std::min(kLaneBlock, values.size() - from);
    std::array<std::uint64_t, kLaneBlock> rests{};
    std::array<std::size_t, 65> of_width{};
    std::array<std::size_t, 65> patch_bytes{};
    for (std::size_t i = 0; i < count; ++i) {
      rests[i] = static_cast<std::uint64_t>(Subtract(values[from + i], base));
      const auto width = static_cast<std::size_t>(std::bit_width(rests[i]));
      ++of_width[width];
      patch_bytes[width] += 1 + VarintSize(ZigZag(static_cast<std::int64_t>(rests[i])));
    }
    // From the widest down: what patching everything wider would cost.
    std::size_t patched = 0;
    std::size_t beside = 0;
    std::size_t best_cost = SIZE_MAX;
    unsigned best = 64;
    for (unsigned width = 65; width-- > 0;) {
      const std::size_t packed = count == kLaneBlock ? LaneBlockBytes(width) : (count * width + 7) / 8;
      const std::size_t cost = packed + beside + (patched > 0 ? 1 : 0);
      if (patched < 128 && cost <= best_cost) {
        best_cost = cost;
        best = width;
      }
      patched += of_width[width];
      beside += patch_bytes[width];
    }
    Bytes patches;
    std::size_t patch_count = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (static_cast<unsigned>(std::bit_width(rests[i])) <= best) continue;
      patches.push_back(static_cast<std::byte>(i));
      PutZigZag(static_cast<std::int64_t>(rests[i]), patches);
      rests[i] = 0;
      ++patch_count;
    }
    out.push_back(static_cast<std::byte>(best | (patch_count > 0 ? kPatchedBlock : 0)));
    if (patch_count > 0) {
      out.push_back(static_cast<std::byte>(patch_count));
      AppendBytes(patches, out);
    }
    if (count == kLaneBlock) {
      PackLanes(rests, best, out);
    } else {
      PackBits({rests.data(), count}, best, out);
    }
  }
}

// The base that makes the packed integers smallest: the least, or a little more when few are below.
std::int64_t ChooseBase(std::span<const std::int64_t> values) {
  std::vector<std::int64_t> sorted(values.begin(), values.end());
  const auto at = [&](std::size_t rank) {
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(rank), sorted.end());
    return sorted[rank];
  };
  const std::int64_t least = at(0);
  if (values.size() < kLaneBlock / 2) return least;
  const std::int64_t low = at(values.size() / 100);
  const std::int64_t lower = at(values.size() / 400);
  const std::int64_t high = at(values.size() - 1 - values.size() / 100);
  const auto width = [high](std::int64_t base) {
    return std::bit_width(static_cast<std::uint64_t>(Subtract(high, base)));
  };
  if (width(lower) < width(least)) return width(low) < width(lower) ? low : lower;
  return width(low) < width(least) ? low : least;
}

struct Column {
  std::vector<std::int64_t> integers;  // Of present values; raws repeat the one before.
  Bytes raws;                          // index step, double
  std::size_t raw_count = 0;
};

// Values as integers of a unit, less the reference's if there is one.
Column Convert(std::span<const double> present, std::span<const double> reference, unsigned unit) {
  Column column;
  column.integers.reserve(present.size());
  std::int64_t last = 0;
  std::size_t last_raw = 0;
  for (std::size_t i = 0; i < present.size(); ++i) {
    std::int64_t value = 0;
    std::int64_t less = 0;
    bool fits = ToUnit(present[i], unit, value);
    if (fits && !reference.empty()) {
      // A reference that is no integer of the unit, or a gap, counts as 0.
      if (IsMissing(reference[i]) || !ToUnit(reference[i], unit, less)) less = 0;
      value = Subtract(value, less);
    }
    if (!fits) {
      PutVarint(i - last_raw, column.raws);
      PutFixed(present[i], column.raws);
      last_raw = i;
      ++column.raw_count;
      value = last;
    }
    column.integers.push_back(value);
    last = value;
  }
  return column;
}

void Append(std::span<const double> present, std::span<const double> reference, unsigned unit, Bytes& best,
            std::uint8_t extra, std::span<const std::byte> head) {
  const Column column = Convert(present, reference, unit);
  if (unit != kBitsUnit && column.raw_count * kRawShare > present.size()) return;
  const auto flags = static_cast<std::uint8_t>(unit | extra | (reference.empty() ? 0 : kReferenceColumn) |
                                               (column.raw_count > 0 ? kRawsColumn : 0));
  const auto consider = [&](bool steps) {
    Bytes bytes;
    std::vector<std::int64_t> integers = column.integers;
    std::int64_t first = 0;
    if (steps) {
      first = integers.front();
      for (std::size_t i = integers.size() - 1; i > 0; --i)
        integers[i] = Subtract(integers[i], integers[i - 1]);
      integers.erase(integers.begin());
    }
    const bool is_constant =
        std::all_of(integers.begin(), integers.end(), [&](std::int64_t v) { return v == integers.front(); });
    bytes.push_back(
        static_cast<std::byte>(flags | (steps ? kStepsColumn : 0) | (is_constant ? kConstantColumn : 0)));
    AppendBytes(head, bytes);
    if (column.raw_count > 0) {
      PutVarint(column.raw_count, bytes);
      AppendBytes(column.raws, bytes);
    }
    if (steps) PutZigZag(first, bytes);
    if (is_constant) {
      PutZigZag(integers.empty() ? 0 : integers.front(), bytes);
    } else {
      PutPacked(integers, ChooseBase(integers), bytes);
    }
    if (best.empty() || bytes.size() < best.size()) best.swap(bytes);
  };
  consider(false);
  consider(true);
}

// The finest unit that a sample of the values needs, kBitsUnit when none does.
unsigned GuessUnit(std::span<const double> present) {
  unsigned unit = 0;
  std::size_t odd = 0;
  const std::size_t stride = std::max<std::size_t>(1, present.size() / 32);
  std::size_t looked = 0;
  for (std::size_t i = 0; i < present.size(); i += stride, ++looked) {
    unsigned needed = unit;
    std::int64_t value = 0;
    while (needed < kUnits.size() && !ToUnit(present[i], needed, value))
      ++needed;
    if (needed == kUnits.size()) {
      ++odd;
    } else {
      unit = needed;
    }
  }
  return odd * kRawShare > looked ? kBitsUnit : unit;
}

}  // namespace

void EncodeBlockColumn(std::span<const double> values, std::span<const double> reference, Bytes& out) {
  TICKSCOPE_CHECK(values.size() <= kBlockColumnMax);
  TICKSCOPE_CHECK(reference.empty() || reference.size() == values.size());
  Bytes head;
  PutVarint(values.size(), head);
  std::vector<double> present;
  std::vector<double> present_reference;
  present.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (IsMissing(values[i])) continue;
    present.push_back(values[i]);
    if (!reference.empty()) present_reference.push_back(reference[i]);
  }
  std::uint8_t extra = 0;
  if (present.size() < values.size()) {
    extra = kGapsColumn;
    const std::size_t at = head.size();
    head.resize(at + (values.size() + 7) / 8);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (IsMissing(values[i])) head[at + i / 8] |= std::byte{1} << (i % 8);
    }
  }
  if (present.empty()) {
    out.push_back(static_cast<std::byte>(extra | kConstantColumn));
    AppendBytes(head, out);
    PutZigZag(0, out);
    return;
  }
  Bytes best;
  const unsigned unit = GuessUnit(present);
  Append(present, {}, unit, best, extra, head);
  if (best.empty()) Append(present, {}, kBitsUnit, best, extra, head);
  if (!present_reference.empty() && unit != kBitsUnit) {
    Append(present, present_reference, unit, best, extra, head);
  }
  AppendBytes(best, out);
}

namespace {

std::unexpected<Error> Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("block column: ") + what);
}

bool IsGap(ByteView gaps, std::size_t i) {
  return (gaps[i / 8] >> (i % 8) & std::byte{1}) != std::byte{0};
}

// Turns integers of a unit into values; `reference` is empty or as long.
void Restore(std::span<const std::int64_t> integers, std::span<const double> reference, unsigned unit,
             std::span<double> out) {
  if (unit == 0 && reference.empty()) {
    for (std::size_t i = 0; i < integers.size(); ++i)
      out[i] = static_cast<double>(integers[i]);
    return;
  }
  if (unit == 0) {
    for (std::size_t i = 0; i < integers.size(); ++i) {
      // As ToUnit: what is no whole number, -0 included, counts as 0, and so do a gap and all that is too large.
      const double value = reference[i];
      const bool fits = std::fabs(value) < kScaledMax;
      const auto whole = static_cast<std::int64_t>(fits ? value : 0);
      out[i] = static_cast<double>(Add(integers[i], static_cast<double>(whole) == value ? whole : 0));
    }
    return;
  }
  for (std::size_t i = 0; i < integers.size(); ++i) {
    std::int64_t less = 0;
    if (!reference.empty() && (IsMissing(reference[i]) || !ToUnit(reference[i], unit, less))) less = 0;
    out[i] = FromUnit(Add(integers[i], less), unit);
  }
}

// Reads `out.size()` packed integers.
bool TakePacked(FieldReader& reader, std::span<std::int64_t> out) {
  const std::int64_t base = reader.ZigZag();
  for (std::size_t from = 0; from < out.size(); from += kLaneBlock) {
    const std::size_t count = std::min(kLaneBlock, out.size() - from);
    const std::uint8_t head = reader.Byte();
    const unsigned width = head & ~kPatchedBlock & 0xff;
    if (width > 64) return false;
    const std::size_t patch_count = (head & kPatchedBlock) != 0 ? reader.Byte() : 0;
    struct Patch {
      std::size_t index;
      std::int64_t rest;
    };
    std::array<Patch, 256> patches;
    for (std::size_t i = 0; i < patch_count; ++i) {
      patches[i].index = reader.Byte();
      patches[i].rest = reader.ZigZag();
      if (patches[i].index >= count) return false;
    }
    const std::size_t size = count == kLaneBlock ? LaneBlockBytes(width) : (count * width + 7) / 8;
    const ByteView packed = reader.Take(size);
    if (!reader.ok()) return false;
    if (count == kLaneBlock && width <= 32) {
      std::array<std::uint32_t, kLaneBlock> rests;
      UnpackLanes(packed.data(), width, rests);
      for (std::size_t i = 0; i < kLaneBlock; ++i)
        out[from + i] = Add(base, rests[i]);
    } else {
      std::array<std::uint64_t, kLaneBlock> rests{};
      if (count == kLaneBlock) {
        UnpackLanes64(packed.data(), width, rests);
      } else {
        UnpackBits(packed, width, {rests.data(), count});
      }
      for (std::size_t i = 0; i < count; ++i)
        out[from + i] = Add(base, static_cast<std::int64_t>(rests[i]));
    }
    for (std::size_t i = 0; i < patch_count; ++i)
      out[from + patches[i].index] = Add(base, patches[i].rest);
  }
  return reader.ok();
}

}  // namespace

Result<std::size_t> DecodeBlockColumn(ByteView column, std::span<const double> reference,
                                      std::span<double> out) {
  TICKSCOPE_CHECK(out.size() >= kBlockColumnMax);
  FieldReader reader(column);
  const std::uint8_t flags = reader.Byte();
  const std::uint64_t count = reader.Varint();
  if (!reader.ok()) return Corrupt("cut in the header");
  if (count > kBlockColumnMax) return Fail(ErrorCode::kOutOfRange, "block column: more than 1024 values");
  const unsigned unit = flags & kUnitMask;
  const bool needs_reference = (flags & kReferenceColumn) != 0;
  if (needs_reference && reference.size() != count) return Corrupt("reference of another length");
  const ByteView gaps = (flags & kGapsColumn) != 0 ? reader.Take((count + 7) / 8) : ByteView();
  if (!reader.ok()) return Corrupt("cut in the gaps");
  std::size_t present = count;
  for (std::size_t i = 0; i < count && !gaps.empty(); ++i)
    present -= static_cast<std::size_t>(gaps[i / 8] >> (i % 8) & std::byte{1});
  struct Raw {
    std::size_t index;
    double value;
  };
  std::vector<Raw> raws;
  if ((flags & kRawsColumn) != 0) {
    const std::uint64_t raw_count = reader.Varint();
    if (raw_count > present) return Corrupt("more raw values than values");
    std::uint64_t index = 0;
    for (std::uint64_t i = 0; i < raw_count; ++i) {
      index += reader.Varint();
      const ByteView value = reader.Take(sizeof(double));
      if (!reader.ok() || index >= present) return Corrupt("raw value out of range");
      raws.push_back({index, LoadFixed<double>(value.data())});
    }
  }
  std::array<std::int64_t, kBlockColumnMax> integers;
  const bool has_steps = (flags & kStepsColumn) != 0;
  std::int64_t first = 0;
  if (has_steps) first = reader.ZigZag();
  const std::size_t packed_from = has_steps && present > 0 ? 1 : 0;
  const std::span<std::int64_t> packed(integers.data() + packed_from, present - packed_from);
  if ((flags & kConstantColumn) != 0) {
    std::ranges::fill(packed, reader.ZigZag());
  } else if (!TakePacked(reader, packed)) {
    return Corrupt("packed values do not decode");
  }
  if (!reader.ok()) return Corrupt("cut");
  if (reader.remaining() != 0) return Corrupt("bytes after the last value");
  if (has_steps && present > 0) {
    integers[0] = first;
    for (std::size_t i = 1; i < present; ++i)
      integers[i] = Add(integers[i], integers[i - 1]);
  }
  if (gaps.empty()) {
    Restore({integers.data(), present}, needs_reference ? reference : std::span<const double>(), unit, out);
  } else {
    std::size_t at = 0;
    std::int64_t one[1];
    for (std::size_t i = 0; i < count; ++i) {
      if (IsGap(gaps, i)) {
        out[i] = MissingValue();
        continue;
      }
      one[0] = integers[at++];
      Restore(one, needs_reference ? reference.subspan(i, 1) : std::span<const double>(), unit,
              out.subspan(i));
    }
  }
  if (raws.empty()) return static_cast<std::size_t>(count);
  // Raw values are numbered among those present.
  std::size_t at = 0;
  auto raw = raws.begin();
  for (std::size_t i = 0; i < count && raw != raws.end(); ++i) {
    if (IsMissing(out[i]) && !gaps.empty() && (gaps[i / 8] >> (i % 8) & std::byte{1}) != std::byte{0})
      continue;
    if (raw->index == at) {
      out[i] = raw->value;
      ++raw;
    }
    ++at;
  }
  return static_cast<std::size_t>(count);
}

Result<ColumnRows> ReadColumnRows(ByteView column) {
  FieldReader reader(column);
  const std::uint8_t flags = reader.Byte();
  const std::uint64_t count = reader.Varint();
  if (!reader.ok()) return Corrupt("cut in the header");
  if (count > kBlockColumnMax) return Fail(ErrorCode::kOutOfRange, "block column: more than 1024 values");
  if ((flags & kGapsColumn) == 0) return ColumnRows{count, count, 0, count == 0 ? 0 : count - 1};
  const ByteView gaps = reader.Take((count + 7) / 8);
  if (!reader.ok()) return Corrupt("cut in the gaps");
  ColumnRows rows{count, 0, count, 0};
  for (std::size_t i = 0; i < count; ++i) {
    if (IsGap(gaps, i)) continue;
    if (rows.present++ == 0) rows.first = i;
    rows.last = i;
  }
  return rows;
}

bool NeedsReference(ByteView column) {
  return !column.empty() && (static_cast<std::uint8_t>(column[0]) & kReferenceColumn) != 0;
}

}  // namespace tickscope::codec
