// BlockWriter: writes a block, series by series in block order.
//
// The bytes are a function of what is added: no clock, no chance. A classic histogram's buckets are folded
// here: a bucket's values are kept as what they are more than the next smaller bucket's, when that is shorter.
//
// A series may also be added as it lies in another block: its columns stay packed, in chunks of any length up to
// kChunkRows. What refers to the series before does so by value, so the columns of a histogram's buckets stay true when
// they are added in the same order, with the same times.
//
// Memory    What is open: the index (some 20 bytes a series, 16 a chunk of it, and the distinct label texts), packed times,
//           starts, and one page; memory_bytes() says how much that is.
// Threads   Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "block/block_order.h"
#include "block/section_file.h"
#include "codec/column_stats.h"
#include "codec/start_table.h"
#include "io/file_system.h"
#include "model/labels.h"
#include "model/queryable.h"
#include "model/tenant.h"

namespace tickscope::block {

/// Number of a time column within a block.
enum class TimesId : std::uint32_t {};

struct BlockMeta {
  TenantId tenant;
  TimeMs min_time_ms = INT64_MAX;  ///< Of samples; the writer fills in all but tenant and end_offset.
  TimeMs max_time_ms = INT64_MIN;
  std::uint64_t end_offset = 0;  ///< Stream offset up to which it was made.
  std::uint64_t series_count = 0;
  std::uint64_t sample_count = 0;
  std::int64_t resolution_ms = 0;  ///< Of a rollup: length of a window; 0 for samples as they came.
  std::string aggregate;           ///< Of a rollup: what its values are; empty for samples as they came.
  std::vector<std::string>
      sources;  ///< Names of the blocks it was merged from, and theirs: it replaces them.
};

struct BlockSummary {
  BlockMeta meta;
  std::uint64_t bytes = 0;
};

/// A chunk of a time column as it lies in a block (codec/time_column.h).
struct PackedTimes {
  ByteView column;
  std::uint32_t rows = 0;
  TimeMs first_ms = 0;
  TimeMs last_ms = 0;
};

/// A column of a series as it lies in a block (codec/block_column.h), and what it comes to.
struct PackedColumn {
  ByteView column;
  codec::ColumnStats stats;
};

class BlockWriter {
 public:
  /// Errors: what the file system says.
  [[nodiscard]] static Result<BlockWriter> Create(io::FileSystem& fs, const std::string& path,
                                                  BlockMeta meta);
  ~BlockWriter();
  BlockWriter(BlockWriter&&) noexcept;
  BlockWriter& operator=(BlockWriter&&) noexcept;

  /// Adds a time column, ascending, of any length; an equal one is not kept twice.
  [[nodiscard]] Result<TimesId> AddTimes(std::span<const TimeMs> times_ms);
  /// Adds a series: one value a time of AddTimes, MissingValue() where it has none. Requires: after all before it in block
  /// order; some value present.
  [[nodiscard]] Status AddSeries(const Labels& labels, TimesId times, std::span<const double> values);
  /// Adds a time column that is packed already; chunks ascend. An equal one, cut alike, is not kept twice.
  [[nodiscard]] Result<TimesId> AddPackedTimes(std::span<const PackedTimes> chunks);
  /// Adds a series whose columns are packed already, one a chunk of its times. Some may need the values of the series
  /// added before as their reference, if MayRefer says so. Requires: as AddSeries.
  /// Errors: kCorruption when a column has not the rows that its times and stats say.
  [[nodiscard]] Status AddPackedSeries(const Labels& labels, TimesId times,
                                       std::span<const PackedColumn> columns);
  /// Whether columns of the next series, if it has these times, may refer to those of the series added last.
  [[nodiscard]] bool MayRefer(TimesId times) const;
  /// Bytes held, estimated from above, with what Finish will need.
  [[nodiscard]] std::uint64_t memory_bytes() const;
  /// Adds a series some of whose samples are native histograms.
  [[nodiscard]] Status AddMixedSeries(const Labels& labels, const SampleColumns& samples);
  /// Says what starts the samples of the series added last have (codec/start_table.h); none without a call.
  void AddStarts(std::span<const codec::StartChange> changes);
  /// Writes the index and makes the file durable, but not its name.
  [[nodiscard]] Result<BlockSummary> Finish();

 private:
  class State;
  explicit BlockWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tickscope::block
