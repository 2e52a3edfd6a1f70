#include "agent/series_cache.h"

#include <utility>

namespace tickscope::agent {

SeriesCache::Entry* SeriesCache::Find(std::string_view raw) {
  const auto found = entries_.find(raw);
  return found == entries_.end() ? nullptr : &found->second;
}

SeriesCache::Entry& SeriesCache::Add(std::string_view raw, SeriesPtr series) {
  Entry& entry = entries_[std::string(raw)];
  entry.series = std::move(series);
  entry.ordinal = next_ordinal_++;
  return entry;
}

void SeriesCache::JudgeAgain(const std::function<bool(const Series&)>& is_refused,
                             const std::function<void(const Entry&)>& on_gone) {
  std::erase_if(entries_, [](const auto& item) { return item.second.is_refused; });
  for (auto& [raw, entry] : entries_) {
    if (entry.is_dropped || !is_refused(*entry.series)) continue;
    if (entry.is_alive) on_gone(entry);
    entry.is_refused = true;
    entry.is_alive = false;
  }
}

void SeriesCache::Commit(std::uint64_t scrape, const std::function<void(const Entry&)>& on_gone) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    if (entry.seen_in == scrape) {
      entry.is_alive = entry.series != nullptr && !entry.has_own_time && !entry.is_refused;
      entry.absent_scrapes = 0;
      ++at;
      continue;
    }
    if (std::exchange(entry.is_alive, false)) on_gone(entry);
    at = ++entry.absent_scrapes > kAbsentScrapesMax ? entries_.erase(at) : std::next(at);
  }
}

void SeriesCache::EndAll(const std::function<void(const Entry&)>& on_gone) {
  for (auto& [raw, entry] : entries_) {
    if (std::exchange(entry.is_alive, false)) on_gone(entry);
  }
}

}  // namespace tickscope::agent
