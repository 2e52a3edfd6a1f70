// Random: the only source of randomness, passed in so that one printed seed replays a run.
#pragma once

#include <cstdint>

namespace tickscope {

__extension__ using Uint128 = unsigned __int128;

class Random {
 public:
  virtual ~Random() = default;
  /// 64 uniform bits.
  [[nodiscard]] virtual std::uint64_t Next() = 0;

  /// Uniform in [0, bound); bound 0 gives 0. The bias is below bound / 2^64.
  [[nodiscard]] std::uint64_t Below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<Uint128>(Next()) * bound) >> 64);
  }
  /// Uniform in [0, 1), 53 bits.
  [[nodiscard]] double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
};

/// Deterministic generator, equal on every platform. Not for secrets. Not thread-safe.
/// Source: xoshiro256++ 1.0 (Blackman and Vigna, 2019), seeded by SplitMix64.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  [[nodiscard]] std::uint64_t Next() override;

 private:
  std::uint64_t state_[4];
};

/// One step of SplitMix64: turns any 64 bits into well mixed ones. Good for deriving seeds from ids.
[[nodiscard]] std::uint64_t MixBits(std::uint64_t x);

}  // namespace tickscope
