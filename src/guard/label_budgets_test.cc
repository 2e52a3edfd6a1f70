// LabelBudgets: counts distinct values exactly, also when many come and go: held to a plain model of sets.
#include "guard/label_budgets.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"

namespace tickscope::guard {
namespace {

BudgetedValue Value(std::uint64_t set, std::uint64_t value, std::uint64_t budget) {
  return {.set = MixBits(set + 1), .value = MixBits(value + 1'000), .budget = budget, .label = 0};
}

TEST(LabelBudgets, TheLastThatFitsFitsAndTheNextDoesNot) {
  LabelBudgets budgets;
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(budgets.HasRoom(Value(0, i, 3)));
    budgets.Hold(i, Value(0, i, 3));
  }
  EXPECT_FALSE(budgets.HasRoom(Value(0, 3, 3)));
  EXPECT_TRUE(budgets.HasRoom(Value(0, 2, 3))) << "is held";
  EXPECT_TRUE(budgets.HasRoom(Value(1, 3, 3))) << "another set";
  EXPECT_FALSE(budgets.HasRoom(Value(1, 3, 0)));
  EXPECT_EQ(budgets.size(), 3U);
}

TEST(LabelBudgets, AValueLeavesWithTheLastSeriesThatHasIt) {
  LabelBudgets budgets;
  budgets.Hold(1, Value(0, 7, 1));
  budgets.Hold(2, Value(0, 7, 1));
  budgets.Release(1);
  budgets.Release(1);
  EXPECT_FALSE(budgets.HasRoom(Value(0, 8, 1)));
  budgets.Release(2);
  EXPECT_TRUE(budgets.HasRoom(Value(0, 8, 1)));
  EXPECT_EQ(budgets.size(), 0U);
}

TEST(LabelBudgets, IsExactWhateverComesAndGoes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    LabelBudgets budgets;
    std::map<std::uint32_t, std::multiset<std::pair<std::uint64_t, std::uint64_t>>> model;
    for (int step = 0; step < 3'000; ++step) {
      const auto series = static_cast<std::uint32_t>(random.Below(200));
      if (random.Below(3) == 0) {
        budgets.Release(series);
        model.erase(series);
        continue;
      }
      const std::uint64_t set = random.Below(5);
      const std::uint64_t value = random.Below(100);
      budgets.Hold(series, Value(set, value, 1'000));
      model[series].emplace(set, value);
    }
    std::map<std::uint64_t, std::set<std::uint64_t>> held;
    std::size_t count = 0;
    for (const auto& [series, values] : model) {
      for (const auto& [set, value] : values)
        count += held[set].insert(value).second ? 1 : 0;
    }
    EXPECT_EQ(budgets.size(), count) << seed;
    for (std::uint64_t set = 0; set < 5; ++set) {
      for (std::uint64_t value = 0; value < 100; ++value)
        EXPECT_EQ(budgets.IsHeld(Value(set, value, 0)), held[set].contains(value)) << seed;
      EXPECT_TRUE(budgets.HasRoom(Value(set, 500, held[set].size() + 1)));
      EXPECT_FALSE(budgets.HasRoom(Value(set, 500, held[set].size())));
    }
    // What is given back is used again.
    const std::size_t bytes = budgets.bytes();
    for (std::uint32_t series = 0; series < 200; ++series)
      budgets.Release(series);
    EXPECT_EQ(budgets.size(), 0U);
    for (std::uint64_t value = 0; value < 100; ++value)
      EXPECT_FALSE(budgets.IsHeld(Value(0, value, 0)));
    EXPECT_LE(budgets.bytes(), bytes * 3);
  }
}

}  // namespace
}  // namespace tickscope::guard
