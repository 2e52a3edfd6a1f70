#include "tsdb/target.h"

#include <algorithm>

namespace tickscope::tsdb {

std::optional<Row> Target::FindRecent(TimeMs time_ms) const {
  const std::size_t look = std::min(times_ms_.size(), kRecentRows);
  for (std::size_t back = 1; back <= look; ++back) {
    const TimeMs at = times_ms_[times_ms_.size() - back];
    if (at == time_ms) return first_row_ + static_cast<Row>(times_ms_.size() - back);
    if (at < time_ms) break;
  }
  return std::nullopt;
}

void Target::TrimBefore(Row row) {
  if (row <= first_row_) return;
  const std::size_t count = std::min<std::size_t>(row - first_row_, times_ms_.size());
  times_ms_.erase(times_ms_.begin(), times_ms_.begin() + static_cast<std::ptrdiff_t>(count));
  first_row_ += static_cast<Row>(count);
}

Row Target::RowAtOrAfter(TimeMs time_ms) const {
  const auto at = std::lower_bound(times_ms_.begin(), times_ms_.end(), time_ms);
  return first_row_ + static_cast<Row>(at - times_ms_.begin());
}

}  // namespace tickscope::tsdb
