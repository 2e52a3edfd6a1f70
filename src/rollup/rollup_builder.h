// BuildRollups: windows of one or more resolutions from raw blocks; FoldRollups: from finer windows.
//
// A rollup is a function of the samples alone (rollup_rows.h, R2): it does not matter in how many blocks they lie, how these
// overlap, or whether a range is made at once or piece by piece; the windows are the same. So late data is dealt with by building
// the range again from all its blocks, under a new stem that replaces the old one. Files of adjacent ranges are merged by
// putting each series' windows one after the other.
//
// Threads   One thread a call; calls for different stems may run side by side.
// Memory    The samples and windows of one series; for each file that is written, some 100 bytes a series it holds. Who wants
//           less asks for the resolutions or the aggregates one after the other: the bytes are the same.
// Cost      rollup_bench, fleet_rollup_bench (src/simulation).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "block/block_reader.h"
#include "rollup/rollup_reader.h"
#include "rollup/rollup_writer.h"

namespace tickscope::rollup {

struct RollupPlan {
  std::string directory;
  std::string stem;     ///< Files are RollupFileName(stem, resolution, aggregate).
  TimeMs start_ms = 0;  ///< The windows in (start, end], multiples of every resolution.
  TimeMs end_ms = 0;
  std::vector<std::int64_t> resolutions_ms = {60'000, 300'000};
  AggregateSet aggregates = AggregateSet::All();
  Keeping keeping = Keeping::kByKind;
  std::vector<std::string> replaced_stems;  ///< Stems of earlier files of the range, which these replace.
};

/// Raw blocks of one tenant.
struct RollupInputs {
  /// Hold the range, and may reach beyond it. Where two have a sample of one time, the earlier block's counts.
  std::vector<std::shared_ptr<const block::BlockReader>> blocks;
  /// Hold what lies up to kStepGapMax before the range, for the first steps of counters; when `blocks` do not.
  std::vector<std::shared_ptr<const block::BlockReader>> before;
};

/// Writes the files, a resolution after the other, each with the aggregates in order. They are durable, their names are not.
/// Errors: kInvalidArgument for a plan that cannot be, or inputs of several tenants or that are rollups; kCorruption of
/// an input; what the file system says. Files of a build that failed are left for the next to write over.
[[nodiscard]] Result<std::vector<RollupFile>> BuildRollups(io::FileSystem& fs, const RollupInputs& inputs,
                                                           const RollupPlan& plan);

/// The same from the windows of a finer resolution that divides all of the plan's. They must cover the range.
/// Errors: as above; kFailedPrecondition when an aggregate is not there for all of the range.
[[nodiscard]] Result<std::vector<RollupFile>> FoldRollups(io::FileSystem& fs, const RollupReader& fine,
                                                          const RollupPlan& plan);

}  // namespace tickscope::rollup
