// ColumnPlaces: where the columns of chosen series lie in a block, in entries of one size.
//
// A block's own entries of series are as short as they can be, each told by what differs from the one before: a query of the last
// minute of 40,000 series spent a quarter of its time unpacking them. Who asks the same selector again finds them here.
//
// Memory    40 bytes a series and chunk.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "block/block_format.h"
#include "block/block_reader.h"
#include "codec/column_stats.h"

namespace tickscope::block {

/// One chunk of a series' column, and what its stats say of its steps.
struct ColumnPlace {
  std::uint64_t at = 0;     ///< Offset in the section of columns.
  std::uint32_t bytes = 0;  ///< Its size.
  TimesId times{};
  double first = 0;  ///< Samples of the chunk, when it tells steps.
  double last = 0;
  std::uint16_t resets = 0;
  bool is_there = false;     ///< Of floats. False for histograms, and chunks that the series does not have.
  bool tells_steps = false;  ///< Differences modulo 2^32 tell the column's steps.
  bool refers_to_previous = false;  ///< The column is told by that of the series before it.
};

/// That of the entry's chunk.
[[nodiscard]] ColumnPlace PlaceOf(const SeriesEntry& entry, std::uint32_t chunk);

class ColumnPlaces {
 public:
  /// Of series that ascend, each with at most `chunk_count` chunks.
  explicit ColumnPlaces(std::uint32_t chunk_count) : chunk_count_(chunk_count) {}

  /// Adds the next series.
  void Add(SeriesId id, const SeriesEntry& entry);
  /// The place of a chunk of the series; null when it is not known. `near` is where the last call ended, which is where the next
  /// mostly finds its own; any value will do.
  [[nodiscard]] const ColumnPlace* Find(SeriesId id, std::uint32_t chunk, std::size_t& near) const;
  [[nodiscard]] std::uint64_t memory_bytes() const {
    return ids_.capacity() * sizeof(SeriesId) + places_.capacity() * sizeof(ColumnPlace);
  }
  void ShrinkToFit() {
    ids_.shrink_to_fit();
    places_.shrink_to_fit();
  }

 private:
  std::uint32_t chunk_count_;
  std::vector<SeriesId> ids_;
  std::vector<ColumnPlace> places_;  // chunk_count_ of each series.
};

}  // namespace tickscope::block
