// CostBudgets: what an active series is said to cost a month, and how much owners and tenants may spend.
//
//   console:
//     costs:
//       currency: EUR
//       series_month: 0.015
//       owners: {gameplay: 400, netcode: 150}
//       tenants: {eu: 2000}
//
// It is a price of the operator's own making, for a page that says early who grows past what was agreed; what is kept and what it
// takes to the byte is `tickscope cost`'s.
//
// Bounds   kCostBudgetsMax owners, as many tenants.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::console {

inline constexpr std::size_t kCostBudgetsMax = 1'000;

struct CostBudgets {
  std::string currency = "USD";
  double series_month = 0;                             ///< Of one active series; 0: costs are not shown.
  std::map<std::string, double, std::less<>> owners;   ///< A month; as the schema names them.
  std::map<std::string, double, std::less<>> tenants;  ///< A month.

  [[nodiscard]] bool is_on() const { return series_month > 0; }
  /// Of a month, at so many series.
  [[nodiscard]] double MonthOf(std::uint64_t series) const {
    return series_month * static_cast<double>(series);
  }
  friend bool operator==(const CostBudgets&, const CostBudgets&) = default;
};

/// Nothing for a name without a budget.
[[nodiscard]] std::optional<double> BudgetOf(const std::map<std::string, double, std::less<>>& budgets,
                                             std::string_view name);

/// Mistakes go to the map's document.
void Read(config::YamlMap map, CostBudgets& costs);
void Write(const CostBudgets& costs, config::YamlWriter& out);

}  // namespace tickscope::console
