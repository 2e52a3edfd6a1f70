// BlockWriter: writes a block, series by series in block order.
//
// The bytes are a function of what is added: no clock, no chance. A classic histogram's buckets are folded
// here: a bucket's values are kept as what they are more than the next smaller bucket's, when that is shorter.
//
// Memory    What is open: the index (some 20 bytes a series and the distinct label texts), times, starts, and one page.
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
  /// Adds a series: one value a time, MissingValue() where it has none. Requires: after all before it in block
  /// order; some value present.
  [[nodiscard]] Status AddSeries(const Labels& labels, TimesId times, std::span<const double> values);
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
