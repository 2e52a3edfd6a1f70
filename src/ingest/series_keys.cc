#include "ingest/series_keys.h"

namespace tickscope::ingest {
namespace {

constexpr std::size_t kFirstSlots = 1024;

}  // namespace

SeriesKeys::SeriesKeys() : slots_(kFirstSlots, 0) {}

std::size_t SeriesKeys::SlotOf(const wire::SeriesKey& key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = key.low & mask;
  while (slots_[slot] != 0 && entries_[slots_[slot] - 1].key != key)
    slot = (slot + 1) & mask;
  return slot;
}

std::optional<SeriesRef> SeriesKeys::FindByHash(const wire::SeriesKey& key) {
  const std::size_t slot = SlotOf(key);
  if (slots_[slot] == 0) return std::nullopt;
  const std::size_t entry = slots_[slot] - 1;
  next_ = entry + 1;
  return entries_[entry].ref;
}

void SeriesKeys::Add(const wire::SeriesKey& key, SeriesRef ref) {
  entries_.push_back({key, ref});
  slots_[SlotOf(key)] = static_cast<std::uint32_t>(entries_.size());
  next_ = entries_.size();
  if (entries_.size() * 3 > slots_.size() * 2) Rehash();
}

void SeriesKeys::Rehash() {
  std::size_t slots = kFirstSlots;
  while (entries_.size() * 3 > slots * 2)
    slots *= 2;
  slots_ = std::vector<std::uint32_t>(slots, 0);
  entries_.shrink_to_fit();
  for (std::size_t i = 0; i < entries_.size(); ++i)
    slots_[SlotOf(entries_[i].key)] = static_cast<std::uint32_t>(i + 1);
  next_ = 0;
}

}  // namespace tickscope::ingest
