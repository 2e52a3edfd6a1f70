// Label state: when answers about labels are still what they were.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "model/tenant.h"

namespace tickscope {

/// Thread-safe.
class LabelStateSource {
 public:
  virtual ~LabelStateSource() = default;
  /// A text that differs whenever LabelNames or LabelValues of a range (Queryable) might: two ranges and moments of equal
  /// text have equal answers. Nothing where that cannot be told cheaply.
  [[nodiscard]] virtual std::optional<std::string> LabelState(const TenantId& tenant, TimeMs start_ms,
                                                              TimeMs end_ms) const = 0;
};

}  // namespace tickscope
