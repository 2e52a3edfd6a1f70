#include "agent/judge_series.h"

#include <string_view>
#include <vector>

namespace tickscope::agent {

std::optional<guard::Rejection> Judge(guard::Guard* guard, const Series& series) {
  if (guard == nullptr) return std::nullopt;
  const std::vector<LabelView> labels(series.labels.begin(), series.labels.end());
  const std::string_view type =
      series.family != nullptr ? wire::MetricTypeName(series.family->type) : std::string_view();
  return guard->Judge(TenantId(kDefaultTenant), {.labels = labels, .type = type, .type_before = {}});
}

bool IsRefused(guard::Guard* guard, const Series& series) {
  return Judge(guard, series).has_value();
}

}  // namespace tickscope::agent
