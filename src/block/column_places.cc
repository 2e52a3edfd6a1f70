#include "block/column_places.h"

#include <algorithm>

namespace tickscope::block {
namespace {

// Whether steps modulo 2^32 tell such a column's steps.
bool TellsSteps(const codec::ColumnStats& stats) {
  if (stats.gaps > 0 || stats.stale > 0 || stats.has_nan || stats.count == 0 || stats.min < 0) return false;
  return stats.resets == 0 ? stats.last - stats.first < 0x1p32 : stats.max < 0x1p31;
}

}  // namespace

ColumnPlace PlaceOf(const SeriesEntry& entry, std::uint32_t chunk) {
  ColumnPlace place;
  place.times = entry.times;
  place.refers_to_previous = entry.refers_to_previous;
  if (entry.holds_histograms || chunk >= entry.column_bytes.size()) return place;
  place.at = entry.columns_at;
  for (std::uint32_t i = 0; i < chunk; ++i)
    place.at += entry.column_bytes[i];
  place.bytes = entry.column_bytes[chunk];
  const codec::ColumnStats& stats = entry.stats[chunk];
  place.first = stats.first;
  place.last = stats.last;
  // Fewer than a chunk has rows.
  place.resets = static_cast<std::uint16_t>(stats.resets);
  place.is_there = true;
  place.tells_steps = TellsSteps(stats);
  return place;
}

void ColumnPlaces::Add(SeriesId id, const SeriesEntry& entry) {
  ids_.push_back(id);
  for (std::uint32_t chunk = 0; chunk < chunk_count_; ++chunk)
    places_.push_back(PlaceOf(entry, chunk));
}

const ColumnPlace* ColumnPlaces::Find(SeriesId id, std::uint32_t chunk, std::size_t& near) const {
  if (chunk >= chunk_count_) return nullptr;
  if (near >= ids_.size() || ids_[near] != id) {
    if (near + 1 < ids_.size() && ids_[near + 1] == id) {
      ++near;
    } else if (near > 0 && near <= ids_.size() && ids_[near - 1] == id) {
      --near;
    } else {
      const auto found = std::ranges::lower_bound(ids_, id);
      if (found == ids_.end() || *found != id) return nullptr;
      near = static_cast<std::size_t>(found - ids_.begin());
    }
  }
  return &places_[near * chunk_count_ + chunk];
}

}  // namespace tickscope::block
