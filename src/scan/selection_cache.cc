#include "scan/selection_cache.h"

#include <algorithm>
#include <cstring>

namespace tickscope::scan {
namespace {

// What an entry takes beside what it keeps and its key, twice.
constexpr std::uint64_t kEntryBytes = 256;

}  // namespace

void SelectionKey::AddNumber(std::uint64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  text_.append(bytes, sizeof number);
}

void SelectionKey::AddText(std::string_view text) {
  AddNumber(text.size());
  text_ += text;
}

void SelectionKey::AddMatchers(const std::vector<Matcher>& matchers) {
  AddNumber(matchers.size());
  for (const Matcher& matcher : matchers) {
    text_ += static_cast<char>('0' + static_cast<int>(matcher.type()));
    AddText(matcher.name());
    AddText(matcher.value());
  }
}

void SelectionKey::AddOwner(const std::shared_ptr<const void>& owner) {
  AddNumber(reinterpret_cast<std::uintptr_t>(owner.get()));
  owners_.emplace_back(owner);
}

SelectionCache::SelectionCache(MetricRegistry& metrics, std::uint64_t bytes_max) : bytes_max_(bytes_max) {
  const auto add = [&](const char* outcome) {
    return metrics.AddCounter(
        "tickscope_query_cache_selections_requests_total",
        "Look-ups of which series a selector chooses, of a block, of memory, of all together and by "
        "group, by whether that was kept.",
        {{"outcome", outcome}});
  };
  hits_ = add("hit");
  misses_ = add("miss");
  bytes_gauge_ =
      metrics.AddGauge("tickscope_query_cache_selections_bytes", "Memory of kept selections of series.", {});
}

std::shared_ptr<const void> SelectionCache::FindAny(const SelectionKey& key) {
  const MutexLock lock(mu_);
  const auto found = entries_.find(key.text_);
  if (found == entries_.end()) {
    misses_->Add();
    return nullptr;
  }
  const auto is_gone = [](const std::weak_ptr<const void>& owner) { return owner.expired(); };
  if (std::ranges::any_of(found->second.owners, is_gone)) {
    Remove(found);
    misses_->Add();
    return nullptr;
  }
  used_.splice(used_.begin(), used_, found->second.used);
  hits_->Add();
  return found->second.what;
}

void SelectionCache::Keep(const SelectionKey& key, std::shared_ptr<const void> what, std::uint64_t bytes) {
  bytes += 2 * key.text_.size() + kEntryBytes;
  if (bytes > bytes_max_ / 4) return;
  const MutexLock lock(mu_);
  RemoveOrphans();
  if (const auto known = entries_.find(key.text_); known != entries_.end()) Remove(known);
  while (bytes_ + bytes > bytes_max_)
    Remove(entries_.find(used_.back()));
  used_.push_front(key.text_);
  entries_.emplace(key.text_, Entry{std::move(what), bytes, key.owners_, used_.begin()});
  bytes_ += bytes;
  bytes_gauge_->Set(static_cast<double>(bytes_));
}

void SelectionCache::Remove(Entries::iterator entry) {
  bytes_ -= entry->second.bytes;
  bytes_gauge_->Set(static_cast<double>(bytes_));
  used_.erase(entry->second.used);
  entries_.erase(entry);
}

void SelectionCache::RemoveOrphans() {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    const auto is_gone = [](const std::weak_ptr<const void>& owner) { return owner.expired(); };
    if (std::ranges::any_of(entry->second.owners, is_gone)) Remove(entry);
    entry = next;
  }
}

}  // namespace tickscope::scan
