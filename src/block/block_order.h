// Block order: how series lie in a block.
//
// By metric name, then by the other labels, so that one metric is one stretch of the file. The buckets of a
// classic histogram (a metric ending in _bucket) go by all labels but `le` first and by `le` as a number last,
// so that each follows the one it is the next larger of.
//
// Invariant   B1 a strict weak order, in which only equal label sets are equivalent.
#pragma once

#include "model/labels.h"

namespace tickscope::block {

/// Whether `a` lies before `b`.
[[nodiscard]] bool BlockOrder(const Labels& a, const Labels& b);

/// Whether the two are buckets of one histogram: equal in all but `le`, of a metric ending in _bucket.
[[nodiscard]] bool IsSameFamily(const Labels& a, const Labels& b);

}  // namespace tickscope::block
