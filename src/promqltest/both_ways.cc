#include "promqltest/both_ways.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/histogram_text.h"

namespace tickscope::promqltest {
namespace {

using promql::Matrix;
using promql::MatrixSeries;
using promql::Point;
using promql::QueryResult;
using promql::VectorElement;

// Sums that were added up in another order.
constexpr double kRounding = 1e-13;

bool IsSame(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) <= kRounding * std::max(std::fabs(a), std::fabs(b));
}

std::string PointText(const Point& point) {
  return point.histogram != nullptr ? HistogramText(*point.histogram) : fmt::format("{}", point.value);
}

bool IsSame(const Point& a, const Point& b) {
  if (a.time_ms != b.time_ms || (a.histogram == nullptr) != (b.histogram == nullptr)) return false;
  return a.histogram == nullptr ? IsSame(a.value, b.value)
                                : HistogramText(*a.histogram) == HistogramText(*b.histogram);
}

// Any value as a matrix by labels; strings have none.
Matrix AsMatrix(const promql::Value& value) {
  Matrix matrix;
  if (const auto* scalar = std::get_if<promql::Scalar>(&value))
    matrix.push_back({Labels(), {{scalar->time_ms, scalar->value, nullptr}}});
  if (const auto* vector = std::get_if<promql::Vector>(&value)) {
    for (const VectorElement& element : *vector)
      matrix.push_back({element.labels, {element.point}});
  }
  if (const auto* series = std::get_if<Matrix>(&value)) matrix = *series;
  std::ranges::stable_sort(matrix, {}, &MatrixSeries::labels);
  return matrix;
}

Difference Compare(const Matrix& fast, const Matrix& oracle) {
  for (std::size_t i = 0; i < std::max(fast.size(), oracle.size()); ++i) {
    if (i >= fast.size()) return fmt::format("{} is missing", oracle[i].labels.ToString());
    if (i >= oracle.size()) return fmt::format("{} is too much", fast[i].labels.ToString());
    const MatrixSeries& a = fast[i];
    const MatrixSeries& b = oracle[i];
    if (a.labels != b.labels) return fmt::format("got {}, want {}", a.labels.ToString(), b.labels.ToString());
    if (a.points.size() != b.points.size())
      return fmt::format("{}: got {} points, want {}", a.labels.ToString(), a.points.size(), b.points.size());
    for (std::size_t p = 0; p < a.points.size(); ++p) {
      if (IsSame(a.points[p], b.points[p])) continue;
      return fmt::format("{} at {}: got {} at {}, want {}", a.labels.ToString(), b.points[p].time_ms,
                         PointText(a.points[p]), a.points[p].time_ms, PointText(b.points[p]));
    }
  }
  return std::nullopt;
}

Difference CompareNotes(std::string_view kind, const std::vector<std::string>& fast,
                        const std::vector<std::string>& oracle) {
  if (fast == oracle) return std::nullopt;
  return fmt::format("{}: got [{}], want [{}]", kind, fmt::join(fast, "; "), fmt::join(oracle, "; "));
}

}  // namespace

promql::EngineOptions WithoutShortcuts(promql::EngineOptions options) {
  options.pushes_down = false;
  options.shares_subexpressions = false;
  options.uses_windows = false;
  return options;
}

Difference CompareBothWays(const Queryable& storage, std::string_view expression, const QueryTimes& times,
                           const promql::EngineOptions& options) {
  const QueryContext context;
  const auto run = [&](const promql::EngineOptions& with) {
    const promql::Engine engine(with);
    const TenantId tenant(kDefaultTenant);
    return times.step_ms == 0 ? engine.Instant(storage, tenant, expression, times.start_ms, context)
                              : engine.Range(storage, tenant, expression, times.start_ms, times.end_ms,
                                             times.step_ms, context);
  };
  const Result<QueryResult> fast = run(options);
  const Result<QueryResult> oracle = run(WithoutShortcuts(options));
  if (!fast || !oracle) {
    if (fast) return fmt::format("evaluated, want failure: {}", oracle.error().message);
    if (oracle) return fmt::format("failed: {}", fast.error().message);
    if (fast.error().message == oracle.error().message) return std::nullopt;
    return fmt::format("failed with {}, want {}", fast.error().message, oracle.error().message);
  }
  if (auto difference = CompareNotes("warnings", fast->warnings, oracle->warnings)) return difference;
  if (auto difference = CompareNotes("infos", fast->infos, oracle->infos)) return difference;
  return Compare(AsMatrix(fast->value), AsMatrix(oracle->value));
}

}  // namespace tickscope::promqltest
