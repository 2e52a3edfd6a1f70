#include "agent/judge_series.h"

#include <string_view>
#include <vector>

namespace tickscope::agent {

bool IsRefused(guard::Guard* guard, const Series& series) {
  if (guard == nullptr) return false;
  const std::vector<LabelView> labels(series.labels.begin(), series.labels.end());
  const std::string_view type =
      series.family != nullptr ? wire::MetricTypeName(series.family->type) : std::string_view();
  return guard->Judge(TenantId(kDefaultTenant), {.labels = labels, .type = type, .type_before = {}})
      .has_value();
}

}  // namespace tickscope::agent
