// LabelBudgets: which values count against a schema's budgets, and how many series have each.
//
// A value is *held* while an active series has it. The last one that falls silent gives it back, so that of a full budget
// the values silent longest leave first, and what is counted is what is there: exactly, by 64-bit hashes. Two values of
// one hash count as one; no value itself is kept.
//
// Invariants   B1 a set has at most as many values as the budget of what was held in it: who holds asks HasRoom first.
// Threads      Externally locked.
// Memory       About 24 bytes a value, 8 a value of each series; as many as active series make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace tickscope::guard {

/// One of the things of a series that has a budget.
struct BudgetedValue {
  /// Names no label: the metric's own labels together.
  static constexpr std::uint32_t kAllOwnLabels = ~std::uint32_t{0};

  std::uint64_t set = 0;    ///< Hash of what the budget is for: metric and label.
  std::uint64_t value = 0;  ///< Hash.
  std::uint64_t budget = 0;
  std::uint32_t label = kAllOwnLabels;  ///< Place in the series' labels.
};

class LabelBudgets {
 public:
  [[nodiscard]] bool IsHeld(const BudgetedValue& value) const;
  /// Whether the value is held, or may be.
  [[nodiscard]] bool HasRoom(const BudgetedValue& value) const;
  /// Holds the value for a series, once more if it does so already.
  void Hold(std::uint32_t series, const BudgetedValue& value);
  /// Gives back all that the series holds.
  void Release(std::uint32_t series);
  void Clear();

  /// Values held.
  [[nodiscard]] std::size_t size() const { return entries_.size() - free_entries_.size(); }
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t set = 0;
    std::uint32_t series = 0;  // That hold it.
  };
  struct Set {
    std::uint64_t key = 0;
    std::uint64_t values = 0;
  };
  // Of the list of what a series holds.
  struct Link {
    std::uint32_t entry = 0;
    std::uint32_t next = 0;  // Index + 1; 0 ends.
  };

  // The slot of the key, or the free one where it would be. Requires: slots.
  [[nodiscard]] std::size_t SlotOf(std::uint64_t key) const;
  [[nodiscard]] std::uint32_t AddEntry(std::uint64_t key, std::uint64_t set);
  void EraseEntry(std::uint32_t entry);
  void FreeSlot(std::size_t slot);
  void Grow();

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_entries_;
  std::vector<std::uint32_t> slots_;  // Open addressing; entry index + 1, 0 is free. A power of two, or none.
  std::vector<Set> sets_;
  std::vector<std::uint32_t> free_sets_;
  std::unordered_map<std::uint64_t, std::uint32_t> set_numbers_;
  std::vector<Link> links_;
  std::vector<std::uint32_t> free_links_;
  std::vector<std::uint32_t> first_links_;  // By series; index + 1.
};

}  // namespace tickscope::guard
