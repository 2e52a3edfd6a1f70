// Costs by series: the settings are read, written and read again the same; mistakes have their place.
#include "console/cost_budgets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickscope::console {
namespace {

using ::testing::HasSubstr;

// The mistakes, or "".
std::string ReadText(std::string_view yaml, CostBudgets& costs) {
  auto document = config::YamlDocument::Parse(yaml, "c.yaml");
  EXPECT_TRUE(document.has_value());
  Read((*document)->root(), costs);
  const Status done = (*document)->Finish();
  return done ? std::string() : done.error().message;
}

TEST(CostBudgets, AreReadAndWritten) {
  CostBudgets costs;
  EXPECT_FALSE(costs.is_on());
  EXPECT_EQ(
      ReadText("currency: EUR\nseries_month: 0.015\nowners: {gameplay: 400, \"\": 5}\ntenants: {eu: 2e3}\n",
               costs),
      "");
  EXPECT_TRUE(costs.is_on());
  EXPECT_DOUBLE_EQ(costs.MonthOf(1'000), 15);
  EXPECT_EQ(BudgetOf(costs.owners, "gameplay"), 400);
  EXPECT_EQ(BudgetOf(costs.owners, ""), 5);
  EXPECT_EQ(BudgetOf(costs.owners, "nobody"), std::nullopt);
  EXPECT_EQ(BudgetOf(costs.tenants, "eu"), 2'000);
  config::YamlWriter out;
  Write(costs, out);
  CostBudgets again;
  EXPECT_EQ(ReadText(out.text(), again), "") << out.text();
  EXPECT_EQ(again, costs);
}

TEST(CostBudgets, MistakesAreTold) {
  struct Case {
    const char* yaml;
    const char* told;
  };
  for (const Case& c :
       {Case{"series_month: -1", "series_month"}, Case{"series_month: much", "series_month"},
        Case{"owners: {a: -1}", "owners"}, Case{"owners: [a]", "owners"}, Case{"currency: \"\"", "currency"},
        Case{"currency: doubloons", "currency"}, Case{"budget: 1", "budget"}}) {
    CostBudgets costs;
    EXPECT_THAT(ReadText(c.yaml, costs), HasSubstr(c.told)) << c.yaml;
  }
}

}  // namespace
}  // namespace tickscope::console
