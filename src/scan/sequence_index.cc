#include "scan/sequence_index.h"

#include <algorithm>
#include <bit>

namespace tickscope::scan {
namespace {

std::uint64_t HashOf(std::span<const std::uint32_t> sequence) {
  std::uint64_t hash = 0x9e3779b97f4a7c15 + sequence.size();
  for (const std::uint32_t number : sequence) {
    hash = (hash ^ number) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

void SequenceIndex::Reserve(std::size_t count) {
  const std::size_t wanted = std::bit_ceil(std::max(kSlotsMin, count * 2));
  if (wanted > slots_.size()) Rehash(wanted);
}

void SequenceIndex::Rehash(std::size_t slot_count) {
  slots_.assign(slot_count, kNone);
  for (std::uint32_t number = 0; number < size(); ++number) {
    std::size_t slot = hashes_[number] & (slot_count - 1);
    while (slots_[slot] != kNone)
      slot = (slot + 1) & (slot_count - 1);
    slots_[slot] = number;
  }
}

std::uint32_t SequenceIndex::Number(std::span<const std::uint32_t> sequence) {
  const std::uint64_t hash = HashOf(sequence);
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != kNone; slot = (slot + 1) & (slots_.size() - 1)) {
    const std::uint32_t known = slots_[slot];
    if (hashes_[known] == hash && std::ranges::equal(at(known), sequence)) return known;
  }
  const std::uint32_t number = size();
  slots_[slot] = number;
  hashes_.push_back(hash);
  numbers_.resize(begins_.back());
  numbers_.insert(numbers_.end(), sequence.begin(), sequence.end());
  begins_.push_back(numbers_.size());
  if (numbers_.empty()) numbers_.push_back(0);
  if (hashes_.size() * 2 > slots_.size()) Rehash(slots_.size() * 2);
  return number;
}

}  // namespace tickscope::scan
