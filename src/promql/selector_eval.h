// Selectors: reading series from storage for all steps of an evaluation at once.
#pragma once

#include <functional>
#include <optional>
#include <span>

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

/// Called for each series in label order; the columns, and the spans they are from, are valid during the call.
using SeriesVisitor =
    std::function<Status(const Labels&, const SampleColumns&, std::span<const ReadSpan> spans)>;

/// Samples in [start_ms, end_ms] of what a selector matches.
struct SeriesRead {
  const VectorSelector& selector;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::optional<SelectHints> hints;
};

/// Reads every series that matches.
[[nodiscard]] Status VisitSeries(QueryRun& run, const SeriesRead& read, const SeriesVisitor& visit);

/// What was read when storage says no more than `spans`.
[[nodiscard]] std::vector<ReadSpan> SpansRead(std::span<const ReadSpan> spans, TimeMs start_ms,
                                              TimeMs end_ms);

}  // namespace tickscope::promql
