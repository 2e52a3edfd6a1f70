#include "codec/bit_pack.h"

#include <array>
#include <cstring>

#include "base/check.h"
#include "base/random.h"
#include "codec/fixed.h"

namespace tickscope::codec {

void PackBits(std::span<const std::uint64_t> values, unsigned width, Bytes& out) {
  TICKSCOPE_DCHECK(width <= 64);
  if (width == 0) return;
  Uint128 pending = 0;
  unsigned pending_bits = 0;
  for (const std::uint64_t v : values) {
    TICKSCOPE_DCHECK(width == 64 || v >> width == 0);
    pending |= static_cast<Uint128>(v) << pending_bits;
    pending_bits += width;
    if (pending_bits >= 64) {
      PutFixed(static_cast<std::uint64_t>(pending), out);
      pending >>= 64;
      pending_bits -= 64;
    }
  }
  for (; pending_bits > 0; pending_bits -= pending_bits < 8 ? pending_bits : 8) {
    out.push_back(static_cast<std::byte>(pending));
    pending >>= 8;
  }
}

void UnpackBits(ByteView packed, unsigned width, std::span<std::uint64_t> out) {
  TICKSCOPE_DCHECK(width <= 64);
  TICKSCOPE_DCHECK(packed.size() >= PackedBytes(out.size(), width));
  if (width == 0) {
    for (std::uint64_t& v : out)
      v = 0;
    return;
  }
  const std::uint64_t mask = width == 64 ? ~0ULL : (1ULL << width) - 1;
  std::size_t i = 0;
  std::size_t bit = 0;
  // Whole words while eight bytes (and a ninth for what straddles) may be read without leaving `packed`.
  for (; i < out.size() && bit / 8 + 9 <= packed.size(); ++i, bit += width) {
    const std::byte* at = packed.data() + bit / 8;
    const unsigned shift = bit % 8;
    std::uint64_t v = LoadFixed<std::uint64_t>(at) >> shift;
    if (shift + width > 64) v |= static_cast<std::uint64_t>(at[8]) << (64 - shift);
    out[i] = v & mask;
  }
  for (; i < out.size(); ++i, bit += width) {
    std::uint64_t v = 0;
    for (unsigned taken = 0; taken < width;) {
      const std::size_t at = bit + taken;
      const unsigned shift = at % 8;
      v |= (static_cast<std::uint64_t>(packed[at / 8]) >> shift) << taken;
      taken += 8 - shift;
    }
    out[i] = v & mask;
  }
}

void AddBits(ByteView packed, unsigned width, std::size_t from, std::span<std::uint32_t> sums) {
  TICKSCOPE_DCHECK(width <= 64 && sums.size() <= kAddedMax);
  TICKSCOPE_DCHECK(packed.size() >= PackedBytes(from + sums.size(), width));
  if (width == 0 || sums.empty()) return;
  // Copied to where eight bytes may be read at each value.
  std::array<std::byte, kAddedMax * sizeof(std::uint64_t) + 2 * sizeof(std::uint64_t)> room;
  const std::size_t first_byte = from * width / 8;
  std::memcpy(room.data(), packed.data() + first_byte, PackedBytes(from + sums.size(), width) - first_byte);
  const auto mask = width >= 32 ? UINT32_MAX : static_cast<std::uint32_t>((1ULL << width) - 1);
  std::size_t bit = from * width % 8;
  std::size_t i = 0;
  const auto word_at = [&room](std::size_t at) {
    return LoadFixed<std::uint64_t>(&room[at / 8]) >> (at % 8);
  };
  // Four values of a word: 57 bits of it are left whatever bit they begin at.
  for (; width <= 14 && i + 4 <= sums.size(); i += 4, bit += std::size_t{4} * width) {
    const std::uint64_t word = word_at(bit);
    sums[i] += static_cast<std::uint32_t>(word) & mask;
    sums[i + 1] += static_cast<std::uint32_t>(word >> width) & mask;
    sums[i + 2] += static_cast<std::uint32_t>(word >> (2 * width)) & mask;
    sums[i + 3] += static_cast<std::uint32_t>(word >> (3 * width)) & mask;
  }
  for (; i < sums.size(); ++i, bit += width)
    sums[i] += static_cast<std::uint32_t>(word_at(bit)) & mask;
}

}  // namespace tickscope::codec
