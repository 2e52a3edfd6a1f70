// Comparison of what a query gave with what a script expects.
//
//   floats       equal when both are stale markers, both some other NaN, identical, or apart by less than 1e-6
//                relative to |a| + |b| (next to zero practically exact)
//   histograms   compared without empty buckets; the reset hint only when the script wrote one
//   series       as a set, by labels; points by time
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/labels.h"
#include "promql/engine.h"
#include "promqltest/script.h"

namespace tickscope::promqltest {

/// What differs, for a person to read, a line for each series or point up to twenty; nullopt when nothing does.
using Difference = std::optional<std::string>;

struct ExpectedPoint {
  TimeMs time_ms = 0;
  SlotValue value;
};
using ExpectedMatrix = std::map<Labels, std::vector<ExpectedPoint>>;

[[nodiscard]] bool SameFloat(double want, double got);
[[nodiscard]] bool SamePoint(const SlotValue& want, const promql::Point& got);

/// The expected series with slot i at start + i * step.
[[nodiscard]] ExpectedMatrix PlaceOnGrid(const std::vector<ExpectedSeries>& series, const TimeGrid& grid);

[[nodiscard]] Difference CompareMatrix(const ExpectedMatrix& want, const promql::Matrix& got);
/// Times of `got` do not count.
[[nodiscard]] Difference CompareVector(const std::vector<ExpectedSeries>& want, const promql::Vector& got);
/// Elements at the same place must agree.
[[nodiscard]] Difference CompareOrdered(const std::vector<ExpectedSeries>& want, const promql::Vector& got);
[[nodiscard]] Difference CompareAnnotations(std::string_view kind, const AnnotationExpectation& want,
                                            const std::vector<std::string>& got);

/// "5", "NaN", "stale" or a histogram in script notation.
[[nodiscard]] std::string ValueText(const SlotValue& value);
[[nodiscard]] std::string ValueText(const promql::Point& point);

}  // namespace tickscope::promqltest
