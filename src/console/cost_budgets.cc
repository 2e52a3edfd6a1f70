#include "console/cost_budgets.h"

#include <fmt/format.h>

namespace tickscope::console {
namespace {

constexpr double kMoneyMax = 1e12;
constexpr std::size_t kCurrencyBytesMax = 8;

void ReadBudgets(config::YamlMap& map, const char* key, std::map<std::string, double, std::less<>>& budgets) {
  if (!map.Has(key)) return;
  config::YamlMap given = map.Map(key);
  budgets.clear();
  for (const std::string& name : given.Keys())
    budgets[name] = given.Double(name, 0, {.min = 0, .max = kMoneyMax});
  if (budgets.size() > kCostBudgetsMax)
    map.Complain(key, fmt::format("want at most {} budgets, got {}", kCostBudgetsMax, budgets.size()));
}

void WriteBudgets(const char* key, const std::map<std::string, double, std::less<>>& budgets,
                  config::YamlWriter& out) {
  if (budgets.empty()) return;
  out.BeginMap(key);
  for (const auto& [name, budget] : budgets)
    out.Double(name, budget);
  out.EndMap();
}

}  // namespace

std::optional<double> BudgetOf(const std::map<std::string, double, std::less<>>& budgets,
                               std::string_view name) {
  const auto found = budgets.find(name);
  return found == budgets.end() ? std::nullopt : std::optional(found->second);
}

void Read(config::YamlMap map, CostBudgets& costs) {
  costs.currency = map.String("currency", costs.currency);
  if (costs.currency.empty() || costs.currency.size() > kCurrencyBytesMax)
    map.Complain("currency", fmt::format("want 1 to {} bytes, such as EUR", kCurrencyBytesMax));
  costs.series_month = map.Double("series_month", costs.series_month, {.min = 0, .max = kMoneyMax});
  ReadBudgets(map, "owners", costs.owners);
  ReadBudgets(map, "tenants", costs.tenants);
}

void Write(const CostBudgets& costs, config::YamlWriter& out) {
  out.Comment("What costs are said in.");
  out.String("currency", costs.currency);
  out.Comment(
      "What an active series costs a month; 0: the console shows no costs. Budgets of a month are maps: "
      "owners: {gameplay: 400}, tenants: {eu: 2000}.");
  out.Double("series_month", costs.series_month);
  WriteBudgets("owners", costs.owners, out);
  WriteBudgets("tenants", costs.tenants, out);
}

}  // namespace tickscope::console
