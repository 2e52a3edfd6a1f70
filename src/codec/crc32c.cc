#include "codec/crc32c.h"

#include <array>

#include "codec/fixed.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tickscope::codec {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78U;  // Bit-reversed 0x1edc6f41.

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t Crc32cHardware(ByteView bytes, std::uint32_t seed) {
  std::uint64_t crc = ~seed;
  const std::byte* at = bytes.data();
  const std::byte* const end = at + bytes.size();
  for (; end - at >= 8; at += 8)
    crc = _mm_crc32_u64(crc, LoadFixed<std::uint64_t>(at));
  auto crc32 = static_cast<std::uint32_t>(crc);
  for (; at != end; ++at)
    crc32 = _mm_crc32_u8(crc32, static_cast<std::uint8_t>(*at));
  return ~crc32;
}
#endif

}  // namespace

std::uint32_t Crc32cPortable(ByteView bytes, std::uint32_t seed) {
  static constexpr std::array<std::uint32_t, 256> kTable = MakeTable();
  std::uint32_t crc = ~seed;
  for (const std::byte byte : bytes)
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<std::uint32_t>(byte)) & 0xff];
  return ~crc;
}

std::uint32_t Crc32c(ByteView bytes, std::uint32_t seed) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return Crc32cHardware(bytes, seed);
#endif
  return Crc32cPortable(bytes, seed);
}

}  // namespace tickscope::codec
