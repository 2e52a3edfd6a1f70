// Pushed aggregate: sum by (...) (rate(c[5m])) and its like, added up where the columns are; and rate(c[5m]) by itself.
//
// The values of single series at single steps never stand side by side: a column is read, its function taken, the result
// added to its group, and the buffer used for the next series. Series are label pairs by number all the way; label sets are made of
// groups only. All cores take part.
#pragma once

#include <optional>

#include "promql/evaluator.h"

namespace tickscope::promql {

/// Whether the expression is of the form that may be added up so, whatever the storage has.
[[nodiscard]] bool IsPushable(const QueryRun& run, const Aggregate& aggregate);
/// The same of a function of one range by itself.
[[nodiscard]] bool IsPushable(const QueryRun& run, const Call& call);

/// The aggregate, or nothing when it must be evaluated: the expression is not of this form (an aggregate that StepSums
/// supports, over a selector or over a function of one range, without @ and without modifiers of the range), the storage tells no
/// columns, samples are histograms, sums are not finite, or a note is due to the user that looks at single samples.
/// Errors: as Evaluator::Vector.
[[nodiscard]] Result<std::optional<StepMatrix>> EvalPushedAggregate(Evaluator& evaluator,
                                                                    const Aggregate& aggregate,
                                                                    const Scope& scope);

/// The function of one range, series by series in label order, or nothing when it must be evaluated: as above, or it is none that
/// ColumnKernel has, or its values take too much to be held twice.
[[nodiscard]] Result<std::optional<StepMatrix>> EvalPushedCall(Evaluator& evaluator, const Call& call,
                                                               const Scope& scope);

}  // namespace tickscope::promql
