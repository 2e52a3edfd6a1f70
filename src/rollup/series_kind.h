// Series kind: which aggregates of a series anybody will ask for.
//
// Seven aggregates of a minute hold as much as the six samples they are of. Of a counter its last value and what it grew by
// are asked for, of a gauge its extremes and its average; the others cost bytes for years and encoding at every seal.
#pragma once

#include <cstdint>

#include "model/labels.h"
#include "rollup/rollup_rows.h"

namespace tickscope::rollup {

enum class Keeping : std::uint8_t {
  kByKind,      ///< Of counters count, last and increase; of others count, sum, min, max and last.
  kEverything,  ///< All of all series, nothing left out: files that are to be laid over others.
};

/// What is kept of counters of floats.
inline constexpr AggregateSet kOfCounters = {Aggregate::kCount, Aggregate::kLast, Aggregate::kIncrease};

/// Whether the series is a counter by its name, as OpenMetrics and Prometheus name them: _total, _bucket, _count, _sum.
[[nodiscard]] bool IsNamedAsCounter(const Labels& labels);

/// What is worth keeping of a series with these windows, the finest there are. One that is named as a counter but falls from
/// more than one window of four to the next is none. Of series with native histograms: all but the first.
[[nodiscard]] AggregateSet WorthKeeping(const Labels& labels, const RollupRows& rows);

}  // namespace tickscope::rollup
