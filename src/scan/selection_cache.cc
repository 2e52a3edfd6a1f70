#include "scan/selection_cache.h"

#include <algorithm>
#include <cstring>

namespace tickscope::scan {
namespace {

/// Fewer entries than this are not looked through.
constexpr std::size_t kSweepMin = 64;

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

SelectionCache::SelectionCache(MetricRegistry& metrics, std::uint64_t bytes_max) : entries_(bytes_max) {
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

bool SelectionCache::Entry::IsOrphan() const {
  return std::ranges::any_of(owners, [](const auto& owner) { return owner.expired(); });
}

std::shared_ptr<const void> SelectionCache::FindAny(const SelectionKey& key) {
  const MutexLock lock(mu_);
  const Entry* const found = entries_.Find(key.text_);
  if (found != nullptr && !found->IsOrphan()) {
    hits_->Add();
    return found->what;
  }
  if (found != nullptr) {
    entries_.Erase(key.text_);
    bytes_gauge_->Set(static_cast<double>(entries_.bytes()));
  }
  misses_->Add();
  return nullptr;
}

void SelectionCache::Keep(const SelectionKey& key, std::shared_ptr<const void> what, std::uint64_t bytes) {
  const MutexLock lock(mu_);
  if (!IsTaken(key, bytes)) return;
  if (entries_.size() >= std::max(kSweepMin, 2 * swept_at_)) {
    entries_.EraseIf([](const Entry& entry) { return entry.IsOrphan(); });
    swept_at_ = entries_.size();
  }
  entries_.Put(key.text_, {std::move(what), key.owners_}, bytes);
  bytes_gauge_->Set(static_cast<double>(entries_.bytes()));
}

}  // namespace tickscope::scan
