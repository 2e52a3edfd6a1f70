// The layout of a block file, shared by its writer and reader. docs/formats/block.md has the picture.
//
// A section file (block/section_file.h), magic "TKSBLK02". Varint and zz as in codec/varint.h, u32 and u64
// little-endian. Series are numbered from 0 in block order (block/block_order.h).
//
//   1 meta      | tenant: text | min, max time: zz | end offset, series, samples: varint |
//               | of a rollup or a merged block: resolution in ms: varint | aggregate: text |
//               |   sources: varint n, n * text |
//   2 symbols   | varint n | n * (shared: varint, rest: text) |          texts ascending, front-coded
//   3 labels    | varint names | names * (name: varint, varint values, values * (value step: varint,
//                 postings bytes: varint)) |                             pairs in this order are numbered from 0
//   4 postings  sets of series numbers as runs (index/postings.h), one a pair, end to end
//   5 series    groups of 32 series; in a group, a series is
//                 | shape: varint | shape 0: labels: varint k, k * pair: varint
//                 |               | else: bits (shape - 1) / 2: the labels that differ from the series before,
//                 |               |       by position; a pair: varint for each                               |
//                 | times: varint | flags: u8 (1 refers to the series before, 2 holds histograms) |
//                 | columns step: zz (a group's first: their offset; else less the end of the one before's) |
//                 | a column for each chunk of its times: bytes: varint, codec/column_stats.h |
//                 a series with histograms: | bytes: varint | and no stats
//   6 groups    u32 offset of each group in 5
//   7 times     n * | chunks: varint | chunks * (rows: varint, bytes: varint, first, last: zz) |, then the
//                 columns (codec/time_column.h), end to end
//   8 pages     u32 crc32c of each 64 KiB of 133
//   9 sketch    how many different series there are (index/hyperloglog.h), to be united with other blocks'
//   10 starts   | a table by series number (codec/start_table.h) |     only when some sample has a start timestamp
//   133 columns value columns (codec/block_column.h) of a series, chunk by chunk; or all of its samples as one histogram
//                 column (codec/histogram_column.h)
//
// Worked example: the second of two series that differ in their third label only has shape 1 + 2 * 0b100 = 9
// and one pair.
#pragma once

#include <cstdint>
#include <string_view>

#include "block/section_file.h"

namespace tickscope::block {

inline constexpr std::string_view kBlockMagic = "TKSBLK02";

inline constexpr std::uint8_t kMetaTag = 1;
inline constexpr std::uint8_t kSymbolsTag = 2;
inline constexpr std::uint8_t kLabelsTag = 3;
inline constexpr std::uint8_t kPostingsTag = 4;
inline constexpr std::uint8_t kSeriesTag = 5;
inline constexpr std::uint8_t kGroupsTag = 6;
inline constexpr std::uint8_t kTimesTag = 7;
inline constexpr std::uint8_t kPagesTag = 8;
inline constexpr std::uint8_t kSketchTag = 9;
inline constexpr std::uint8_t kStartsTag = 10;
inline constexpr std::uint8_t kColumnsTag = kPagedFlag | 5;

inline constexpr std::size_t kPageBytes = 64U << 10;
inline constexpr std::size_t kGroupSeries = 32;
inline constexpr std::size_t kChunkRows = 1024;  ///< codec::kBlockColumnMax.
/// Longest chain of series that refer to the one before: bounds what reading one of them costs.
inline constexpr std::size_t kChainMax = 64;

inline constexpr std::uint8_t kRefersToPrevious = 1;
inline constexpr std::uint8_t kHoldsHistograms = 2;

}  // namespace tickscope::block
