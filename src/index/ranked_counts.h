// RankedCounts: counts that only grow, always in order, largest first.
//
// An item whose count grows by one changes places with the first of those that had the same count; so the order is kept
// with one swap, and the largest are the front, exact at any moment, without a scan.
//
// Threads   Externally locked.
// Memory    12 bytes an item, and some 50 for each different count.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tickscope::index {

class RankedCounts {
 public:
  using Item = std::uint32_t;

  /// A further item, numbered from 0; its count is 0.
  Item Add() {
    const auto item = static_cast<Item>(counts_.size());
    first_of_.try_emplace(0, item);
    counts_.push_back(0);
    places_.push_back(item);
    order_.push_back(item);
    return item;
  }

  void Increment(Item item) {
    const std::uint32_t count = counts_[item];
    const auto found = first_of_.find(count);
    const std::uint32_t first = found->second;
    const std::uint32_t place = places_[item];
    const Item other = order_[first];
    std::swap(order_[first], order_[place]);
    places_[item] = first;
    places_[other] = place;
    counts_[item] = count + 1;
    if (first + 1 < order_.size() && counts_[order_[first + 1]] == count) {
      found->second = first + 1;
    } else {
      first_of_.erase(found);
    }
    first_of_.try_emplace(count + 1, first);
  }

  [[nodiscard]] std::uint32_t count(Item item) const { return counts_[item]; }
  [[nodiscard]] std::size_t size() const { return counts_.size(); }
  /// The `limit` items with the largest counts, largest first; equal ones in any order.
  [[nodiscard]] std::span<const Item> Top(std::size_t limit) const {
    return {order_.data(), limit < order_.size() ? limit : order_.size()};
  }
  [[nodiscard]] std::size_t bytes() const {
    return (counts_.capacity() + places_.capacity() + order_.capacity()) * sizeof(std::uint32_t) +
           first_of_.size() * 50;
  }

 private:
  std::vector<std::uint32_t> counts_;  // By item.
  std::vector<std::uint32_t> places_;  // By item, in order_.
  std::vector<Item> order_;
  std::unordered_map<std::uint32_t, std::uint32_t> first_of_;  // By count: first place that has it.
};

}  // namespace tickscope::index
