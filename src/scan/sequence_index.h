// SequenceIndex: numbers for sequences of numbers, in the order of their first sight. A series is the sequence of its label
// pairs, a group that of the pairs it is grouped by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tickscope::scan {

class SequenceIndex {
 public:
  SequenceIndex() : slots_(kSlotsMin, kNone) {}

  /// Makes room for `count` sequences.
  void Reserve(std::size_t count);
  /// The sequence's number, new or known.
  [[nodiscard]] std::uint32_t Number(std::span<const std::uint32_t> sequence);
  [[nodiscard]] std::span<const std::uint32_t> at(std::uint32_t number) const {
    return {&numbers_[begins_[number]], begins_[number + 1] - begins_[number]};
  }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(hashes_.size()); }
  [[nodiscard]] std::uint64_t memory_bytes() const {
    return (numbers_.capacity() + slots_.capacity()) * sizeof(std::uint32_t) +
           (begins_.capacity() + hashes_.capacity()) * sizeof(std::uint64_t);
  }

 private:
  static constexpr std::size_t kSlotsMin = 64;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void Rehash(std::size_t slot_count);

  std::vector<std::uint32_t> numbers_ = {0};  // Never empty, so that an empty sequence has a place.
  std::vector<std::size_t> begins_ = {0};
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> slots_;  // A power of two, at most half of them taken.
};

}  // namespace tickscope::scan
