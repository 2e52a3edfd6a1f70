#include "codec/block_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
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
  if (unit == 0) {
    if (!(std::fabs(value) < kScaledMax)) return false;
    out = static_cast<std::int64_t>(value);
    return std::bit_cast<std::int64_t>(static_cast<double>(out)) == std::bit_cast<std::int64_t>(value);
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

// How integers are packed: base, then sub-blocks of 128 with a width each, what does not fit beside.
struct Packing {
  std::int64_t base = 0;
  std::array<std::uint8_t, kBlockColumnMax / kLaneBlock> widths{};
  std::size_t bytes = 0;
};

Packing PlanPacking(std::span<const std::int64_t> values, std::int64_t base) {
  Packing packing{.base = base, .bytes = VarintSize(ZigZag(base))};
  for (std::size_t from = 0; from < values.size(); from += kLaneBlock) {
    const auto block = values.subspan(from, std::min(kLaneBlock, values.size() - from));
    std::array<std::uint8_t, 65> of_width{};
    std::uint64_t all_bits = 0;
    for (const std::int64_t v : block) {
      const auto rest = static_cast<std::uint64_t>(Subtract(v, base));
      all_bits |= rest;
      ++of_width[static_cast<std::size_t>(std::bit_width(rest))];
    }
    // Of an index and a varint; a rest of 64 bits is negative and may take less.
    const auto patch_bytes = [&](std::size_t width) -> std::size_t {
      if (of_width[width] == 0) return 0;
      if (width < 64) return of_width[width] * (1 + (width + 7) / 7);
      std::size_t bytes = 0;
      for (const std::int64_t v : block) {
        const std::int64_t rest = Subtract(v, base);
        if (rest < 0) bytes += 1 + VarintSize(ZigZag(rest));
      }
      return bytes;
    };
    // From the widest down: what patching everything wider would cost.
    std::size_t patched = 0;
    std::size_t beside = 0;
    std::size_t best_cost = SIZE_MAX;
    std::uint8_t best = 64;
    for (std::size_t width = static_cast<std::size_t>(std::bit_width(all_bits)) + 1; width-- > 0;) {
      const std::size_t packed = block.size() == kLaneBlock ? LaneBlockBytes(static_cast<unsigned>(width))
                                                            : (block.size() * width + 7) / 8;
      const std::size_t cost = packed + beside + (patched > 0 ? 1 : 0);
      if (patched < 128 && cost <= best_cost) {
        best_cost = cost;
        best = static_cast<std::uint8_t>(width);
      }
      patched += of_width[width];
      beside += patch_bytes(width);
    }
    packing.widths[from / kLaneBlock] = best;
    packing.bytes += 1 + best_cost;
  }
  return packing;
}

void PutPacked(std::span<const std::int64_t> values, const Packing& packing, Bytes& out) {
  PutZigZag(packing.base, out);
  for (std::size_t from = 0; from < values.size(); from += kLaneBlock) {
    const std::size_t count = std::min(kLaneBlock, values.size() - from);
    const unsigned width = packing.widths[from / kLaneBlock];
    std::array<std::uint64_t, kLaneBlock> rests;
    Bytes patches;
    std::size_t patch_count = 0;
    for (std::size_t i = 0; i < count; ++i) {
      rests[i] = static_cast<std::uint64_t>(Subtract(values[from + i], packing.base));
      if (static_cast<unsigned>(std::bit_width(rests[i])) <= width) continue;
      patches.push_back(static_cast<std::byte>(i));
      PutZigZag(static_cast<std::int64_t>(rests[i]), patches);
      rests[i] = 0;
      ++patch_count;
    }
    out.push_back(static_cast<std::byte>(width | (patch_count > 0 ? kPatchedBlock : 0)));
    if (patch_count > 0) {
      out.push_back(static_cast<std::byte>(patch_count));
      AppendBytes(patches, out);
    }
    if (count == kLaneBlock) {
      PackLanes(rests, width, out);
    } else {
      PackBits({rests.data(), count}, width, out);
    }
  }
}

// The `count` least of the values by `before`, in its order; kRanksMax or fewer. Few values get past the first look.
constexpr std::size_t kRanksMax = kBlockColumnMax / 100 + 1;
using Ranks = std::array<std::int64_t, kRanksMax>;
Ranks RanksOf(std::span<const std::int64_t> values, std::size_t count, auto before) {
  Ranks ranks;
  std::size_t known = 0;
  for (const std::int64_t v : values) {
    if (known == count && !before(v, ranks[count - 1])) continue;
    std::size_t at = known < count ? known++ : count - 1;
    for (; at > 0 && before(v, ranks[at - 1]); --at)
      ranks[at] = ranks[at - 1];
    ranks[at] = v;
  }
  return ranks;
}

// The base that makes the packed integers smallest: the least, or a little more when few are below.
std::int64_t ChooseBase(std::span<const std::int64_t> values) {
  if (values.size() < kLaneBlock / 2) return *std::ranges::min_element(values);
  const std::size_t rank = values.size() / 100;
  const Ranks lowest = RanksOf(values, rank + 1, std::less<>());
  const std::int64_t least = lowest[0];
  const std::int64_t low = lowest[rank];
  const std::int64_t lower = lowest[values.size() / 400];
  const std::int64_t high = RanksOf(values, rank + 1, std::greater<>())[rank];
  const auto width = [high](std::int64_t base) {
    return std::bit_width(static_cast<std::uint64_t>(Subtract(high, base)));
  };
  if (width(lower) < width(least)) return width(low) < width(lower) ? low : lower;
  return width(low) < width(least) ? low : least;
}

// What an encoding works on; some 50 KB, on the stack.
struct Scratch {
  std::array<double, kBlockColumnMax> present;
  std::array<double, kBlockColumnMax> reference;
  // Of the values as they are, and less the reference.
  std::array<std::array<std::int64_t, kBlockColumnMax>, 2> integers;
  std::array<std::array<std::int64_t, kBlockColumnMax>, 2> steps;
};

struct Column {
  std::span<const std::int64_t> integers;  // Of present values; raws repeat the one before.
  Bytes raws;                              // index step, double
  std::size_t raw_count = 0;
};

// Values as integers of a unit, less the reference's if there is one.
Column Convert(std::span<const double> present, std::span<const double> reference, unsigned unit,
               std::span<std::int64_t> integers) {
  Column column{.integers = integers.first(present.size()), .raws = {}};
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
    integers[i] = value;
    last = value;
  }
  return column;
}

// One way to write a column, and how long it would be.
struct Form {
  std::span<const std::int64_t> integers;  // Values or steps.
  bool has_steps = false;
  bool is_constant = false;
  std::int64_t first = 0;
  Packing packing;
  std::size_t bytes = 0;  // Without what all forms of a column begin with, and its raws.
};

Form PlanForm(std::span<const std::int64_t> integers, bool has_steps, std::int64_t first) {
  Form form{.integers = integers, .has_steps = has_steps, .first = first, .packing = {}};
  form.is_constant = std::ranges::all_of(integers, [&](std::int64_t v) { return v == integers.front(); });
  if (has_steps) form.bytes += VarintSize(ZigZag(first));
  if (form.is_constant) {
    form.bytes += VarintSize(ZigZag(integers.empty() ? 0 : integers.front()));
  } else {
    form.packing = PlanPacking(integers, ChooseBase(integers));
    form.bytes += form.packing.bytes;
  }
  return form;
}

Form PlanSteps(std::span<const std::int64_t> integers, std::span<std::int64_t> steps) {
  const std::size_t count = integers.size() - 1;
  for (std::size_t i = 0; i < count; ++i)
    steps[i] = Subtract(integers[i + 1], integers[i]);
  return PlanForm(steps.first(count), true, integers.front());
}

// How far values, and steps, lie from their mean on average: each halving saves about a bit a value.
struct Spread {
  double of_values = 0;
  double of_steps = 0;
};

template <typename Value>
Spread SpreadOf(std::size_t count, const Value& value_of) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    sum += value_of(i);
  const double mean = sum / static_cast<double>(count);
  const double step = count < 2 ? 0 : (value_of(count - 1) - value_of(0)) / static_cast<double>(count - 1);
  Spread spread;
  for (std::size_t i = 0; i < count; ++i)
    spread.of_values += std::fabs(value_of(i) - mean);
  for (std::size_t i = 1; i < count; ++i)
    spread.of_steps += std::fabs(value_of(i) - value_of(i - 1) - step);
  // A constant, whose mean may have been rounded.
  if (spread.of_steps == 0 && step == 0) spread.of_values = 0;
  return spread;
}

// Which forms to work out in full: those that may be the shortest by their spread.
struct Candidates {
  bool values = true;
  bool steps = true;
};

// Forms whose spread is more than this many times the least are not the shortest, but for a few outliers.
constexpr double kSpreadShare = 3;

Candidates CandidatesOf(const Spread& spread, double least) {
  // Not a number: infinities and the like. All are tried.
  if (!(least >= 0)) return {};
  return {!(spread.of_values > least * kSpreadShare), !(spread.of_steps > least * kSpreadShare)};
}

// The shortest form so far.
struct Choice {
  Column column;
  Form form;
  std::uint8_t flags = 0;
  std::size_t bytes = SIZE_MAX;
};

// Considers the values as they are and as steps; true unless too many are raw.
bool Consider(std::span<const double> present, std::span<const double> reference, unsigned unit,
              Candidates candidates, Scratch& scratch, Choice& best) {
  const std::size_t at = reference.empty() ? 0 : 1;
  Column column = Convert(present, reference, unit, scratch.integers[at]);
  if (unit != kBitsUnit && column.raw_count * kRawShare > present.size()) return false;
  const std::size_t raw_bytes = column.raw_count > 0 ? VarintSize(column.raw_count) + column.raws.size() : 0;
  const auto offer = [&](const Form& form) {
    const std::size_t bytes = form.bytes + raw_bytes;
    if (bytes >= best.bytes) return false;
    best.flags = static_cast<std::uint8_t>(
        unit | (reference.empty() ? 0 : kReferenceColumn) | (column.raw_count > 0 ? kRawsColumn : 0) |
        (form.has_steps ? kStepsColumn : 0) | (form.is_constant ? kConstantColumn : 0));
    best.form = form;
    best.bytes = bytes;
    return true;
  };
  bool is_best = false;
  bool is_constant = false;
  if (candidates.values) {
    const Form form = PlanForm(column.integers, false, 0);
    is_best = offer(form);
    is_constant = form.is_constant;
  }
  // Steps of nothing are no shorter than a constant.
  if (candidates.steps && !is_constant)
    is_best = offer(PlanSteps(column.integers, scratch.steps[at])) || is_best;
  if (is_best) best.column = std::move(column);
  return true;
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

bool AreEqual(std::span<const double> values) {
  return !values.empty() &&
         std::memcmp(values.data(), values.data() + 1, (values.size() - 1) * sizeof(double)) == 0;
}

// Writes a column of equal values, as Consider would.
void PutConstant(std::span<const double> values, Bytes& out) {
  const unsigned unit = GuessUnit(values.first(1));
  std::int64_t integer = 0;
  TICKSCOPE_CHECK(ToUnit(values.front(), unit, integer));
  out.push_back(static_cast<std::byte>(unit | kConstantColumn));
  PutVarint(values.size(), out);
  PutZigZag(integer, out);
}

}  // namespace

void EncodeBlockColumn(std::span<const double> values, std::span<const double> reference, Bytes& out) {
  TICKSCOPE_CHECK(values.size() <= kBlockColumnMax);
  TICKSCOPE_CHECK(reference.empty() || reference.size() == values.size());
  if (AreEqual(values) && !IsMissing(values.front())) return PutConstant(values, out);
  Bytes head;
  PutVarint(values.size(), head);
  Scratch scratch;
  std::size_t count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    scratch.present[count] = values[i];
    if (!reference.empty()) scratch.reference[count] = reference[i];
    count += IsMissing(values[i]) ? 0 : 1;
  }
  const std::span<const double> present = std::span(scratch.present).first(count);
  const std::span<const double> present_reference =
      std::span(scratch.reference).first(reference.empty() ? 0 : count);
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
  Choice best;
  const unsigned unit = GuessUnit(present);
  const bool has_reference = !present_reference.empty() && unit != kBitsUnit;
  Candidates plain;
  Candidates referring;
  if (unit != kBitsUnit) {
    const Spread own = SpreadOf(count, [&](std::size_t i) { return present[i]; });
    double least = std::min(own.of_values, own.of_steps);
    Spread beside;
    if (has_reference) {
      beside = SpreadOf(count, [&](std::size_t i) { return present[i] - present_reference[i]; });
      least = std::min({least, beside.of_values, beside.of_steps});
    }
    plain = CandidatesOf(own, least);
    referring = CandidatesOf(beside, least);
  }
  const bool is_plain = plain.values || plain.steps;
  const bool is_packed = is_plain && Consider(present, {}, unit, plain, scratch, best);
  if (has_reference && (referring.values || referring.steps))
    static_cast<void>(Consider(present, present_reference, unit, referring, scratch, best));
  if (best.bytes == SIZE_MAX && !is_packed)
    static_cast<void>(Consider(present, {}, kBitsUnit, {}, scratch, best));
  const Form& form = best.form;
  out.push_back(static_cast<std::byte>(best.flags | extra));
  AppendBytes(head, out);
  if (best.column.raw_count > 0) {
    PutVarint(best.column.raw_count, out);
    AppendBytes(best.column.raws, out);
  }
  if (form.has_steps) PutZigZag(form.first, out);
  if (form.is_constant) {
    PutZigZag(form.integers.empty() ? 0 : form.integers.front(), out);
  } else {
    PutPacked(form.integers, form.packing, out);
  }
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
