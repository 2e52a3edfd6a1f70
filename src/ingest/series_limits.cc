#include "ingest/series_limits.h"

#include <algorithm>

namespace tickscope::ingest {

std::string_view LimitReasonText(LimitReason reason) {
  constexpr std::string_view kTexts[kLimitReasons] = {"tenant", "metric", "budget", "schema"};
  return kTexts[static_cast<std::size_t>(reason)];
}

std::uint32_t BudgetsOf(const SeriesLimits& limits, const std::vector<LabelView>& labels) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < limits.budgets.size() && i < kBudgetsMax; ++i) {
    const bool selected = std::ranges::all_of(limits.budgets[i].matchers, [&](const Matcher& matcher) {
      const auto label = std::ranges::find(labels, std::string_view(matcher.name()), &LabelView::name);
      return matcher.Matches(label == labels.end() ? std::string_view() : label->value);
    });
    if (selected) bits |= 1U << i;
  }
  return bits;
}

}  // namespace tickscope::ingest
