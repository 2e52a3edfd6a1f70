#include "ingest/sender_table.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace tickscope::ingest {

void DeliveredSet::Add(codec::NumberRange range) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  // All that overlap or touch become one.
  auto next = last_of_.upper_bound(range.first);
  if (next != last_of_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= range.first || before->second + 1 == range.first) next = before;
  }
  while (next != last_of_.end() && (range.last == kMost || next->first <= range.last + 1)) {
    range.first = std::min(range.first, next->first);
    range.last = std::max(range.last, next->second);
    next = last_of_.erase(next);
  }
  last_of_.emplace(range.first, range.last);
  if (last_of_.size() > kRangesMax) last_of_.erase(last_of_.begin());
}

bool DeliveredSet::Has(std::uint64_t number) const {
  const auto next = last_of_.upper_bound(number);
  return next != last_of_.begin() && std::prev(next)->second >= number;
}

std::vector<codec::NumberRange> DeliveredSet::ranges() const {
  std::vector<codec::NumberRange> ranges;
  ranges.reserve(last_of_.size());
  for (const auto& [first, last] : last_of_)
    ranges.push_back({first, last});
  return ranges;
}

DeliveredSet& SenderTable::DoneOf(const TenantId& tenant, const std::string& sender, std::uint64_t epoch) {
  auto [found, is_new] = senders_.try_emplace({tenant, sender});
  if (is_new) {
    uses_.push_front(found->first);
    found->second.use = uses_.begin();
    if (senders_.size() > senders_max_) {
      senders_.erase(uses_.back());
      uses_.pop_back();
    }
  } else {
    uses_.splice(uses_.begin(), uses_, found->second.use);
  }
  std::list<Epoch>& epochs = found->second.epochs;
  const auto known = std::ranges::find(epochs, epoch, &Epoch::epoch);
  if (known != epochs.end()) {
    epochs.splice(epochs.begin(), epochs, known);
  } else {
    epochs.push_front({.epoch = epoch, .done = {}});
    if (epochs.size() > kEpochsMax) epochs.pop_back();
  }
  return epochs.front().done;
}

SenderTable::Verdict SenderTable::Begin(const TenantId& tenant, const codec::Delivery& delivery) {
  if (DoneOf(tenant, delivery.sender, delivery.epoch).Has(delivery.number)) return Verdict::kDone;
  const bool is_first = pending_.emplace(tenant, delivery.sender, delivery.epoch, delivery.number).second;
  return is_first ? Verdict::kNew : Verdict::kPending;
}

void SenderTable::Finish(const TenantId& tenant, const codec::Delivery& delivery, bool is_durable) {
  pending_.erase({tenant, delivery.sender, delivery.epoch, delivery.number});
  if (is_durable) Learn(tenant, delivery);
}

void SenderTable::Learn(const TenantId& tenant, const codec::Delivery& delivery) {
  DoneOf(tenant, delivery.sender, delivery.epoch).Add(delivery.number);
}

void SenderTable::Learn(const codec::Delivered& delivered) {
  DeliveredSet& done = DoneOf(delivered.tenant, delivered.sender, delivered.epoch);
  for (const codec::NumberRange& range : delivered.ranges)
    done.Add(range);
}

std::vector<codec::Delivered> SenderTable::Snapshot() const {
  constexpr std::size_t kNumberBytes = 10;  // At most, as a varint.
  std::vector<codec::Delivered> all;
  std::size_t bytes = 0;
  for (const Key& key : uses_) {
    for (const Epoch& epoch : senders_.find(key)->second.epochs) {
      std::vector<codec::NumberRange> ranges = epoch.done.ranges();
      if (ranges.empty()) continue;
      bytes += key.first.size() + key.second.size() + (ranges.size() * 2 + 3) * kNumberBytes;
      if (bytes > kSnapshotBytesMax) break;
      all.push_back({key.first, key.second, epoch.epoch, std::move(ranges)});
    }
  }
  // Those silent longest first, as they would have been learned.
  std::ranges::reverse(all);
  return all;
}

}  // namespace tickscope::ingest
