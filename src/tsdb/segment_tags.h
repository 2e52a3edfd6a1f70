// Section tags of segments and catalog files (tsdb/segment.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "block/section_file.h"

namespace tickscope::tsdb {

inline constexpr std::string_view kSegmentMagic = "TKSSEG02";

inline constexpr std::uint8_t kInfoTag = 1;
inline constexpr std::uint8_t kSeriesTag = 2;
inline constexpr std::uint8_t kMetadataTag = 3;
inline constexpr std::uint8_t kTargetsTag = 4;
inline constexpr std::uint8_t kBesideTag = 5;
inline constexpr std::uint8_t kStartsTag = 6;
inline constexpr std::uint8_t kPagesTag = block::kPagedFlag | 4;
inline constexpr std::uint8_t kSamplesTag = block::kPagedFlag | 5;

/// Rows of a page, and up to how many its columns are the ones that are quick to write.
inline constexpr std::size_t kPageRows = 1024;
inline constexpr std::size_t kShortRows = 32;

}  // namespace tickscope::tsdb
