#include "codec/lane_pack.h"

#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace tickscope::codec {
namespace {

constexpr unsigned kLanes = 4;
constexpr unsigned kRows = kLaneBlock / kLanes;

// Four words; the compiler turns arithmetic on it into one instruction.
using Words = std::uint32_t __attribute__((vector_size(16)));

[[gnu::always_inline]] inline Words Load(const std::byte* at) {
  Words words;
  std::memcpy(&words, at, sizeof words);
  return words;
}

// Unpacks or adds, unrolled for a width.
template <unsigned kWidth, bool kAdd>
[[gnu::always_inline]] inline void Unpack(const std::byte* packed, std::uint32_t* out) {
  constexpr std::uint32_t kMask = kWidth == 32 ? ~0U : (1U << kWidth) - 1;
#pragma GCC unroll 32
  for (unsigned row = 0; row < kRows; ++row) {
    Words values{};
    if constexpr (kWidth > 0) {
      const unsigned word = row * kWidth / 32;
      const unsigned shift = row * kWidth % 32;
      values = Load(packed + word * sizeof(Words)) >> shift;
      if (shift + kWidth > 32) values |= Load(packed + (word + 1) * sizeof(Words)) << (32 - shift);
      if constexpr (kWidth < 32) values &= kMask;
    }
    std::uint32_t* const at = out + std::size_t{row} * kLanes;
    if constexpr (kAdd) values += Load(reinterpret_cast<const std::byte*>(at));
    std::memcpy(at, &values, sizeof values);
  }
}

using Kernel = void (*)(const std::byte*, std::uint32_t*);
using Kernels = std::array<Kernel, 33>;

template <unsigned kWidth, bool kAdd>
void PlainKernel(const std::byte* packed, std::uint32_t* out) {
  Unpack<kWidth, kAdd>(packed, out);
}
template <bool kAdd, std::size_t... kWidths>
constexpr Kernels PlainKernels(std::index_sequence<kWidths...>) {
  return {PlainKernel<kWidths, kAdd>...};
}

#if defined(__x86_64__)
template <unsigned kWidth, bool kAdd>
[[gnu::target("avx2")]] void Avx2Kernel(const std::byte* packed, std::uint32_t* out) {
  Unpack<kWidth, kAdd>(packed, out);
}
template <bool kAdd, std::size_t... kWidths>
constexpr Kernels Avx2Kernels(std::index_sequence<kWidths...>) {
  return {Avx2Kernel<kWidths, kAdd>...};
}
template <unsigned kWidth, bool kAdd>
[[gnu::target("avx512f,avx512vl,avx512bw")]] void Avx512Kernel(const std::byte* packed, std::uint32_t* out) {
  Unpack<kWidth, kAdd>(packed, out);
}
template <bool kAdd, std::size_t... kWidths>
constexpr Kernels Avx512Kernels(std::index_sequence<kWidths...>) {
  return {Avx512Kernel<kWidths, kAdd>...};
}
#endif

template <bool kAdd>
const Kernels& KernelsOf(LaneCode code) {
  using Widths = std::make_index_sequence<33>;
  static constexpr Kernels kPlain = PlainKernels<kAdd>(Widths{});
#if defined(__x86_64__)
  static constexpr Kernels kAvx2 = Avx2Kernels<kAdd>(Widths{});
  static constexpr Kernels kAvx512 = Avx512Kernels<kAdd>(Widths{});
  if (code == LaneCode::kAvx512) return kAvx512;
  if (code == LaneCode::kAvx2) return kAvx2;
#endif
  static_cast<void>(code);
  return kPlain;
}

LaneCode BestCode() {
  if (LaneCodeRuns(LaneCode::kAvx512)) return LaneCode::kAvx512;
  return LaneCodeRuns(LaneCode::kAvx2) ? LaneCode::kAvx2 : LaneCode::kPlain;
}

}  // namespace

bool LaneCodeRuns(LaneCode code) {
#if defined(__x86_64__)
  if (code == LaneCode::kAvx2) return __builtin_cpu_supports("avx2") != 0;
  if (code == LaneCode::kAvx512) {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
           __builtin_cpu_supports("avx512bw") != 0;
  }
#endif
  return code == LaneCode::kPlain;
}

void PackLanes(std::span<const std::uint64_t, kLaneBlock> values, unsigned width, Bytes& out) {
  TICKSCOPE_CHECK(width <= 64);
  if (width > 32) {
    std::array<std::uint64_t, kLaneBlock> part;
    for (std::size_t i = 0; i < kLaneBlock; ++i)
      part[i] = values[i] & 0xffff'ffffU;
    PackLanes(part, 32, out);
    for (std::size_t i = 0; i < kLaneBlock; ++i)
      part[i] = values[i] >> 32;
    PackLanes(part, width - 32, out);
    return;
  }
  std::array<std::uint32_t, kLaneBlock> words{};
  for (std::size_t i = 0; i < kLaneBlock; ++i) {
    const std::size_t bit = i / kLanes * width;
    const std::size_t word = bit / 32;
    const std::uint64_t shifted = values[i] << (bit % 32);
    words[word * kLanes + i % kLanes] |= static_cast<std::uint32_t>(shifted);
    if (bit % 32 + width > 32)
      words[(word + 1) * kLanes + i % kLanes] |= static_cast<std::uint32_t>(shifted >> 32);
  }
  AppendBytes(std::as_bytes(std::span(words)).first(LaneBlockBytes(width)), out);
}

void UnpackLanes(const std::byte* packed, unsigned width, std::span<std::uint32_t, kLaneBlock> out) {
  static const Kernels& kernels = KernelsOf<false>(BestCode());
  kernels[width](packed, out.data());
}

void UnpackLanesWith(LaneCode code, const std::byte* packed, unsigned width,
                     std::span<std::uint32_t, kLaneBlock> out) {
  KernelsOf<false>(code)[width](packed, out.data());
}

void AddLanes(const std::byte* packed, unsigned width, std::span<std::uint32_t, kLaneBlock> sums) {
  static const Kernels& kernels = KernelsOf<true>(BestCode());
  kernels[width](packed, sums.data());
}

void UnpackLanes64(const std::byte* packed, unsigned width, std::span<std::uint64_t, kLaneBlock> out) {
  std::array<std::uint32_t, kLaneBlock> part;
  UnpackLanes(packed, width < 32 ? width : 32, part);
  for (std::size_t i = 0; i < kLaneBlock; ++i)
    out[i] = part[i];
  if (width <= 32) return;
  UnpackLanes(packed + LaneBlockBytes(32), width - 32, part);
  for (std::size_t i = 0; i < kLaneBlock; ++i)
    out[i] |= static_cast<std::uint64_t>(part[i]) << 32;
}

}  // namespace tickscope::codec
