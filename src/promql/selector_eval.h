// Selectors: reading series from storage for all steps of an evaluation at once.
#pragma once

#include <functional>

#include "base/error.h"
#include "promql/ast.h"
#include "promql/evaluator.h"
#include "promql/range_series.h"

namespace tickscope::promql {

/// Where offset and @ move an evaluation time to.
class TimeShift {
 public:
  /// Errors: kInvalidArgument when the offset is an expression without a legal value.
  [[nodiscard]] static Result<TimeShift> Resolve(const QueryRun& run, const Duration& offset,
                                                 const AtModifier& at);
  [[nodiscard]] TimeMs Apply(TimeMs time_ms) const { return (fixed_ ? *fixed_ : time_ms) - offset_ms_; }
  [[nodiscard]] bool is_fixed() const { return fixed_.has_value(); }

 private:
  std::optional<TimeMs> fixed_;
  std::int64_t offset_ms_ = 0;
};

/// What of the newest sample an instant selector yields.
enum class SampleAspect : std::uint8_t {
  kValue,
  kTimestamp,       ///< Its time in seconds.
  kStartTimestamp,  ///< Its start time in seconds, 0 when unknown.
};

/// The newest sample within the lookback at each step. `place` is where notes point to.
[[nodiscard]] Result<StepMatrix> EvalInstantSelector(Evaluator& evaluator, const VectorSelector& selector,
                                                     const Scope& scope, SampleAspect aspect,
                                                     PositionRange place = {});

/// Called for each series in label order; the columns are valid during the call.
using SeriesVisitor = std::function<Status(const Labels&, const SampleColumns&)>;

/// Reads every series that matches, with its samples in [start_ms, end_ms].
[[nodiscard]] Status VisitSeries(QueryRun& run, const std::vector<Matcher>& matchers, TimeMs start_ms,
                                 TimeMs end_ms, const SeriesVisitor& visit);

}  // namespace tickscope::promql
