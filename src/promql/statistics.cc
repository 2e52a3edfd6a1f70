#include "promql/statistics.h"

#include <algorithm>
#include <limits>

namespace tickscope::promql {

void RunningVariance::Add(double v) {
  ++count_;
  const double delta = v - mean_.value();
  mean_.Add(delta / count_);
  squares_.Add(delta * (v - mean_.value()));
}

double Quantile(double q, std::vector<double>& values) {
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -std::numeric_limits<double>::infinity();
  if (q > 1) return std::numeric_limits<double>::infinity();
  std::sort(values.begin(), values.end(),
            [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; });
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(rank));
  const double weight = rank - std::floor(rank);
  if (weight == 0)
    return values[below];  // An exact rank does not touch its neighbour, which may be infinite.
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] * (1 - weight) + values[above] * weight;
}

}  // namespace tickscope::promql
