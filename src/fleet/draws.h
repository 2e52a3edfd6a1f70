// Draws: random numbers of the shapes a game server's metrics have, at a few nanoseconds each.
//
// Arithmetic and square roots only, no libm: a seed gives the same fleet, bit for bit, on every machine,
// which is what lets `fleet verify` recompute a value instead of storing it. Threads   Not thread-safe: one a
// game server.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace tickscope::fleet {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}

  /// Uniform in [0, 1).
  [[nodiscard]] double Unit() { return random_.Unit(); }
  /// Uniform in [low, high).
  [[nodiscard]] double Between(double low, double high) { return low + (high - low) * Unit(); }
  /// Mean 0, variance 1, within +-3.47: the sum of four uniforms, which is bell-shaped enough for noise.
  [[nodiscard]] double Normal();
  /// A count whose mean is `mean`; 0 when that is not positive. Exact in shape up to a mean of 12, then the
  /// rounded normal approximation.
  [[nodiscard]] double Poisson(double mean);

 private:
  SeededRandom random_;
};

/// `x` rounded half up to a whole number. Requires |x| < 2^62.
[[nodiscard]] inline double RoundWhole(double x) {
  const auto floor_ish = static_cast<double>(static_cast<std::int64_t>(x));
  const double rest = x - floor_ish;
  if (rest >= 0.5) return floor_ish + 1;
  return rest < -0.5 ? floor_ish - 1 : floor_ish;
}

}  // namespace tickscope::fleet
