// What a guard refused, as the API shows it.
#pragma once

#include "api/sources.h"
#include "guard/guard.h"

namespace tickscope::roles {

class GuardRejectList final : public api::GuardRejectSource {
 public:
  /// `guard` outlives this.
  explicit GuardRejectList(const guard::Guard& guard) : guard_(guard) {}

  [[nodiscard]] api::GuardRejects Rejects(const TenantId& tenant) const override;

 private:
  const guard::Guard& guard_;
};

}  // namespace tickscope::roles
