// BlockBuilder: turns segments into blocks, one for every window of time they reach into.
//
// A block is a function of the samples alone: series in block order, a series' samples in time order, wherever
// they lay. What shares a source (tsdb/catalog.h) shares a time column; a series that misses some of its times
// has gaps, one that misses most has times of its own.
//
// A window of range R is (k * R, (k + 1) * R]: it begins a millisecond after the multiple, as PromQL's ranges are open
// to the left and so are the windows of rollups (rollup/rollup_rows.h), none of which then lies in two blocks.
//
// Threads   Reads the catalog under its lock, in slices.
// Memory    The labels and times of one metric's series at a time, and the time columns of a window.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "block/block_writer.h"
#include "io/file_system.h"
#include "tsdb/segment.h"

namespace tickscope::tsdb {

/// First millisecond of the window a time lies in; also for times before 1970.
[[nodiscard]] TimeMs BlockWindowStart(TimeMs time_ms, std::int64_t range_ms);

struct BlockInput {
  std::shared_ptr<const SegmentReader> reader;
  TimeMs from_ms = INT64_MIN;  ///< Samples before it do not count.
};

struct BlockPlan {
  TenantId tenant;
  std::string directory;
  std::string suffix;          ///< Of the files' names: tells cuts apart.
  TimeMs closed_until_ms = 0;  ///< Windows before it were made into blocks once; stragglers share one block.
  TimeMs until_ms = 0;         ///< End of the last window, exclusive.
  std::int64_t range_ms = 0;   ///< Length of a window.
  std::uint64_t end_offset = 0;
};

struct BuiltBlock {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t samples = 0;
};

class BlockBuilder {
 public:
  /// Everything given outlives the builder.
  BlockBuilder(io::FileSystem& fs, const Catalog& catalog, const std::vector<BlockInput>& inputs);

  /// Writes the blocks, durably but for their names. Errors: kCorruption when a segment does not decode; what
  /// the file system says.
  [[nodiscard]] Result<std::vector<BuiltBlock>> Build(const BlockPlan& plan) const;

 private:
  struct Window {
    TimeMs start_ms = 0;
    TimeMs end_ms = 0;  ///< Exclusive.
  };
  class WindowBuild;

  [[nodiscard]] std::vector<Window> Windows(const BlockPlan& plan) const;

  io::FileSystem& fs_;
  const Catalog& catalog_;
  const std::vector<BlockInput>& inputs_;
};

}  // namespace tickscope::tsdb
