// Vector matching: which series of two vectors belong together, and what their result is called.
//
// The rows of both sides are put into groups of equal matching labels once per query; the steps then only look at
// which members are present.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "promql/ast.h"
#include "promql/step_matrix.h"

namespace tickscope::promql {

struct MatchGroup {
  std::vector<std::size_t> left;  ///< Rows of the left side.
  std::vector<std::size_t> right;
};

/// Groups in the order their first series appear, left side first.
[[nodiscard]] Result<std::vector<MatchGroup>> MatchRows(const QueryRun& run, const StepMatrix& left,
                                                        const StepMatrix& right,
                                                        const VectorMatching& matching);

/// The labels a group shares: those of on(), or all but those of ignoring() and the metric name.
[[nodiscard]] Labels MatchingLabels(const Labels& labels, const VectorMatching& matching);

/// Labels of the result of `many OP one` (in a one-to-one match, of left OP right). `keep_name` is false for
/// operators that yield another quantity.
[[nodiscard]] Labels ResultLabels(const Labels& many, const Labels& one, const VectorMatching& matching,
                                  bool keep_name);

/// `{a="b", __name__="c"}`: with the metric name among the others, as matching errors show it.
[[nodiscard]] std::string LabelSetText(const Labels& labels);

}  // namespace tickscope::promql
