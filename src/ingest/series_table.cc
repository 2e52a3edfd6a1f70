#include "ingest/series_table.h"

#include <algorithm>

namespace tickscope::ingest {

void SeriesTable::FreeIdlePages() {
  for (std::unique_ptr<Page>& page : pages_) {
    if (page == nullptr) continue;
    if (std::ranges::all_of(*page, [](const SeriesState& state) { return state.metric == 0; })) page.reset();
  }
}

std::size_t SeriesTable::bytes() const {
  const auto pages = std::ranges::count_if(pages_, [](const auto& page) { return page != nullptr; });
  return static_cast<std::size_t>(pages) * sizeof(Page) + pages_.capacity() * sizeof(pages_[0]);
}

}  // namespace tickscope::ingest
