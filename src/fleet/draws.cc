#include "fleet/draws.h"

#include <cmath>

namespace tickscope::fleet {
namespace {

// e^-x for x in [0, 12]: the series of e^-(x/64) to the fourth power, squared six times; relative error below
// 1e-4.
double ExpOfMinus(double x) {
  const double t = x / 64;
  double result = 1 - t * (1 - t / 2 * (1 - t / 3 * (1 - t / 4)));
  for (int i = 0; i < 6; ++i)
    result *= result;
  return result;
}

}  // namespace

double Draws::Normal() {
  const std::uint64_t bits = random_.Next();
  const std::uint64_t sum =
      (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
  // Four uniforms of [0, 65536) have mean 131070 and standard deviation 65536 / sqrt(3).
  return (static_cast<double>(sum) - 131070.0) * (1.7320508075688772 / 65536.0);
}

double Draws::Poisson(double mean) {
  if (!(mean > 0)) return 0;
  if (mean > 12) {
    const double count = mean + std::sqrt(mean) * Normal();
    return count > 0 ? RoundWhole(count) : 0;
  }
  // Inversion: walk the distribution until it has passed one uniform number.
  const double at = Unit();
  double probability = ExpOfMinus(mean);
  double passed = probability;
  double count = 0;
  while (passed <= at && count < 64) {
    ++count;
    probability *= mean / count;
    passed += probability;
  }
  return count;
}

}  // namespace tickscope::fleet
