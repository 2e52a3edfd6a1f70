// StretchCursor: reads series of one stretch in memory one after the other.
//
// A target's rows are a list, each somewhere else in memory. Series come by number, those of a target together: the rows are looked
// up once for all of them.
//
// Threads   One thread; the stretch outlives it. Rows added after a target's first series was read are not seen for the others.
#pragma once

#include <optional>
#include <vector>

#include "tsdb/generation.h"
#include "tsdb/head.h"

namespace tickscope::tsdb {

class StretchCursor {
 public:
  /// Of samples in [start, end].
  StretchCursor(const Head::Stretch& stretch, TimeMs start_ms, TimeMs end_ms)
      : stretch_(stretch), start_ms_(start_ms), end_ms_(end_ms) {}

  /// Appends the series' samples, in time order, without start timestamps.
  void ReadSamples(SeriesRef ref, SampleColumns& out);

 private:
  void FindRows(TargetId target);

  const Head::Stretch& stretch_;
  TimeMs start_ms_;
  TimeMs end_ms_;
  std::optional<TargetId> target_;  // Whose rows these are.
  std::vector<const Row*> rows_;    // By time.
};

}  // namespace tickscope::tsdb
