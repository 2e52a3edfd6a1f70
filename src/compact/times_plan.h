// TimesPlan: how the time columns of one series in several blocks become one.
//
// Series of one target share their times, so a plan is made once and serves them all. It says what may be copied: a
// chunk that no other chunk overlaps in time keeps its rows, and then columns of values keep their bytes. Chunks that
// overlap become one stretch of rows at the union of their times. Short ones (rollups have 24 rows in two hours) are joined
// as well.
//
//   inputs   a |--720--|--720--|          |--720--|           pieces   1 copy of a's first
//            b             |-- 30 --|                                  2 both a's second and b's, 720 to 750 rows
//                                                                      3 copy of a's third
//
// Invariants   T1 pieces ascend in time and do not overlap; nor do their chunks.
//              T2 a plan is a function of the time columns, their order and the range.
//
// Joining   Chunks of fewer than kCopyRowsMin rows are joined with neighbours as short up to kChunkRows. Twelve chunks of
//           720 stay as they are: cutting a day of a fleet anew, into nine of 960, saves 0.9 % of the block and takes
//           forty times as long (block_merge_bench: 33.15 to 32.84 MiB, 0.13 to 4.7 s).
// Threads   None of its own; a plan is written to by its merge only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "block/block_reader.h"
#include "block/block_writer.h"

namespace tickscope::compact {

/// Chunks of fewer rows are joined where they lie side by side.
inline constexpr std::uint32_t kCopyRowsMin = 512;
/// In a row map: the row is outside of the range.
inline constexpr std::uint32_t kNoRow = UINT32_MAX;

/// A time column of one of the blocks a series is in.
struct SourceTimes {
  const block::BlockReader* block = nullptr;
  block::TimesId id{};
};

/// A chunk of one of the sources.
struct SourceChunk {
  std::uint32_t source = 0;
  std::uint32_t chunk = 0;
};

/// Rows of the result that follow each other.
struct Piece {
  std::vector<SourceChunk> sources;                ///< In the order of sources: which comes first wins.
  std::vector<TimeMs> times_ms;                    ///< Empty when the one source's rows are kept as they are.
  std::vector<std::vector<std::uint32_t>> row_of;  ///< Of each source's row; empty as above.
  std::vector<std::uint32_t> chunk_rows;           ///< Of the chunks it becomes.
  TimeMs first_ms = 0;
  TimeMs last_ms = 0;

  [[nodiscard]] bool keeps_rows() const { return times_ms.empty(); }
};

struct TimesPlan {
  std::vector<Piece> pieces;
  std::vector<SourceChunk> dropped;  ///< Chunks wholly outside of the range.
  std::uint64_t rows = 0;
  std::size_t chunk_count = 0;
  std::uint64_t bytes = 0;           ///< Memory held.
  std::optional<block::TimesId> id;  ///< In the block that is written, once a series needed it.
};

/// Plans rows in [from_ms, until_ms). Errors: kCorruption, of the source `damaged` is set to.
[[nodiscard]] Result<TimesPlan> MakeTimesPlan(std::span<const SourceTimes> sources, TimeMs from_ms,
                                              TimeMs until_ms, std::size_t& damaged);

/// Adds the plan's times to the block. Errors: what the writer says.
[[nodiscard]] Result<block::TimesId> AddPlannedTimes(const TimesPlan& plan,
                                                     std::span<const SourceTimes> sources,
                                                     block::BlockWriter& writer);

}  // namespace tickscope::compact
