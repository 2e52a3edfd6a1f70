#include "codec/column_steps.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "codec/bit_pack.h"
#include "codec/block_column.h"
#include "codec/block_column_layout.h"
#include "codec/lane_pack.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

// Compiled for what the CPU has.
#if defined(__x86_64__)
[[gnu::target_clones("avx2", "default")]]
#endif
void AddToAll(std::uint32_t base, std::uint32_t* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] += base;
}

// Adds those rows of packed integers to `out`, modulo 2^32, and more of the sub-blocks that they are in.
bool AddPacked(FieldReader& reader, RowRange rows, std::span<std::uint32_t> out) {
  const auto base = static_cast<std::uint32_t>(reader.ZigZag());
  for (std::size_t at = 0; at < rows.to; at += kLaneBlock) {
    const std::span<std::uint32_t> block = out.subspan(at, std::min(kLaneBlock, out.size() - at));
    const bool is_wanted = at + block.size() > rows.from;
    const std::uint8_t head = reader.Byte();
    const unsigned width = head & ~kPatchedBlock & 0xff;
    if (width > 64) return false;
    const std::size_t patch_count = (head & kPatchedBlock) != 0 ? reader.Byte() : 0;
    for (std::size_t i = 0; i < patch_count; ++i) {
      const std::uint8_t index = reader.Byte();
      const auto rest = static_cast<std::uint32_t>(reader.ZigZag());
      if (index >= block.size()) return false;
      if (is_wanted) block[index] += rest;
    }
    const bool is_full = block.size() == kLaneBlock;
    const ByteView packed = reader.Take(is_full ? LaneBlockBytes(width) : PackedBytes(block.size(), width));
    if (!reader.ok()) return false;
    if (!is_wanted) continue;
    // Of numbers over 32 bits the low halves come first.
    if (is_full) {
      AddLanes(packed.data(), std::min(width, 32U),
               std::span<std::uint32_t, kLaneBlock>(block.data(), kLaneBlock));
    } else {
      const std::size_t from = std::max(rows.from, at) - at;
      AddBits(packed, width, from, block.first(std::min(rows.to - at, block.size())).subspan(from));
    }
  }
  if (base != 0 && rows.to > rows.from) AddToAll(base, out.data() + rows.from, rows.to - rows.from);
  return reader.ok();
}

}  // namespace

bool DecodeColumnSteps(ByteView column, RowRange rows, std::span<std::uint32_t> steps) {
  TICKSCOPE_DCHECK(rows.from < rows.to && rows.to <= steps.size());
  FieldReader reader(column);
  const std::uint8_t flags = reader.Byte();
  const std::uint64_t count = reader.Varint();
  if (!reader.ok() || count != steps.size() || count > kBlockColumnMax || steps.empty()) return false;
  if ((flags & (kUnitMask | kGapsColumn | kRawsColumn)) != 0) return false;
  if ((flags & kReferenceColumn) == 0) std::ranges::fill(steps.subspan(rows.from, rows.to - rows.from), 0U);
  const bool is_constant = (flags & kConstantColumn) != 0;
  const bool is_whole = rows.to == steps.size();
  // What lies behind the rows that are wanted is not looked at.
  const auto is_sound = [&] { return reader.ok() && (!is_whole || reader.remaining() == 0); };
  const std::size_t from = std::max<std::size_t>(rows.from, 1);
  if ((flags & kStepsColumn) != 0) {
    static_cast<void>(reader.ZigZag());
    if (is_constant) {
      const auto step = static_cast<std::uint32_t>(reader.ZigZag());
      if (step != 0 && rows.to > from) AddToAll(step, &steps[from], rows.to - from);
      return reader.ok() && reader.remaining() == 0;
    }
    // The packed ones begin with the second row.
    return AddPacked(reader, {from - 1, rows.to - 1}, steps.subspan(1)) && is_sound();
  }
  if (is_constant) {
    static_cast<void>(reader.ZigZag());
    return reader.ok() && reader.remaining() == 0;
  }
  std::array<std::uint32_t, kBlockColumnMax> values;
  const std::span<std::uint32_t> own(values.data(), steps.size());
  std::ranges::fill(own.subspan(from - 1, rows.to - from + 1), 0U);
  if (!AddPacked(reader, {from - 1, rows.to}, own) || !is_sound()) return false;
  for (std::size_t row = from; row < rows.to; ++row)
    steps[row] += values[row] - values[row - 1];
  return true;
}

}  // namespace tickscope::codec
