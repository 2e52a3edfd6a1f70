#include "codec/step_sum.h"

#include <algorithm>

#include "codec/bit_pack.h"
#include "codec/block_column_layout.h"
#include "codec/lane_pack.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

constexpr unsigned kWidthMax = 31;

// One sub-block of a column, found but not unpacked.
struct Part {
  std::size_t from = 0;
  std::size_t count = 0;
  unsigned width = 0;
  ByteView packed;
};
// Without initial values: an array of a thousand is set up for every column.
struct Patch {
  std::size_t row;
  std::int64_t rest;
};

}  // namespace

bool StepSum::Add(ByteView column) {
  FieldReader reader(column);
  const std::uint8_t flags = reader.Byte();
  const std::uint64_t count = reader.Varint();
  if (!reader.ok() || count < 2 || count > kBlockColumnMax) return false;
  if ((flags & ~kConstantColumn) != kStepsColumn) return false;
  const std::size_t rows = count - 1;
  if (size_ != 0 && size_ != rows) return false;
  static_cast<void>(reader.ZigZag());
  const std::int64_t base = reader.ZigZag();
  if (!reader.ok() || base < 0) return false;
  std::array<Part, kBlockColumnMax / kLaneBlock> parts;
  std::array<Patch, kBlockColumnMax> patches;
  std::size_t part_count = 0;
  std::size_t patch_count = 0;
  std::uint64_t largest = 0;
  if ((flags & kConstantColumn) == 0) {
    for (std::size_t from = 0; from < rows; from += kLaneBlock) {
      Part& part = parts[part_count++];
      part.from = from;
      part.count = std::min(kLaneBlock, rows - from);
      const std::uint8_t head = reader.Byte();
      part.width = head & ~kPatchedBlock & 0xff;
      const std::size_t beside = (head & kPatchedBlock) != 0 ? reader.Byte() : 0;
      if (part.width > kWidthMax || beside > part.count) return false;
      for (std::size_t i = 0; i < beside; ++i) {
        Patch& patch = patches[patch_count++];
        patch.row = from + reader.Byte();
        patch.rest = reader.ZigZag();
        if (patch.row >= rows || patch.rest < -base) return false;
      }
      part.packed = reader.Take(part.count == kLaneBlock ? LaneBlockBytes(part.width)
                                                         : PackedBytes(part.count, part.width));
      largest = std::max(largest, (std::uint64_t{1} << part.width) - 1);
    }
  }
  if (!reader.ok()) return false;
  size_ = rows;
  if (largest > headroom_) Flush();
  headroom_ -= largest;
  for (std::size_t i = 0; i < part_count; ++i) {
    const Part& part = parts[i];
    if (part.count == kLaneBlock) {
      AddLanes(part.packed.data(), part.width,
               std::span<std::uint32_t, kLaneBlock>(&small_[part.from], kLaneBlock));
      continue;
    }
    std::array<std::uint64_t, kLaneBlock> rests;
    UnpackBits(part.packed, part.width, {rests.data(), part.count});
    for (std::size_t k = 0; k < part.count; ++k)
      small_[part.from + k] += static_cast<std::uint32_t>(rests[k]);
  }
  for (std::size_t i = 0; i < patch_count; ++i)
    sums_[patches[i].row] += patches[i].rest;
  constant_ += base;
  return true;
}

void StepSum::Flush() {
  for (std::size_t row = 0; row < size_; ++row) {
    sums_[row] += small_[row] + constant_;
    small_[row] = 0;
  }
  constant_ = 0;
  headroom_ = UINT32_MAX;
}

std::span<const std::int64_t> StepSum::Increases() {
  Flush();
  return {sums_.data(), size_};
}

void StepSum::WindowSums(std::size_t rows, std::span<std::int64_t> out) {
  Flush();
  std::int64_t sum = 0;
  for (std::size_t row = 0; row < size_; ++row) {
    sum += sums_[row];
    if (row + 1 < rows) continue;
    out[row + 1 - rows] = sum;
    sum -= sums_[row + 1 - rows];
  }
}

}  // namespace tickscope::codec
