// PairTable: numbers for label pairs, by their texts.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/labels.h"

namespace tickscope::scan {

class PairTable {
 public:
  /// The pair's number, new or known. The texts outlive the table.
  [[nodiscard]] std::uint32_t Number(const LabelView& pair) {
    const auto [found, is_new] = numbers_.try_emplace(Key{pair}, static_cast<std::uint32_t>(pairs_.size()));
    if (is_new) pairs_.push_back(pair);
    return found->second;
  }
  [[nodiscard]] const LabelView& at(std::uint32_t number) const { return pairs_[number]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(pairs_.size()); }
  [[nodiscard]] std::uint64_t memory_bytes() const {
    // A node of the table has a pair, its hash, its number and a pointer.
    return pairs_.capacity() * sizeof(LabelView) + numbers_.size() * (sizeof(LabelView) + 32);
  }

 private:
  struct Key {
    LabelView pair;
    friend bool operator==(const Key& a, const Key& b) {
      return a.pair.name == b.pair.name && a.pair.value == b.pair.value;
    }
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      constexpr std::size_t kOdd = 0x9e3779b97f4a7c15;
      return std::hash<std::string_view>()(key.pair.name) * kOdd +
             std::hash<std::string_view>()(key.pair.value);
    }
  };

  std::unordered_map<Key, std::uint32_t, Hash> numbers_;
  std::vector<LabelView> pairs_;
};

}  // namespace tickscope::scan
