// Which tenant a request names in X-Scope-OrgID, for writes and reads alike.
#pragma once

#include <string_view>

#include "base/error.h"
#include "model/tenant.h"

namespace tickscope::wire {

inline constexpr std::size_t kTenantIdBytesMax = 150;

/// The tenant of a header value; empty (no header) is kDefaultTenant.
/// Errors: kInvalidArgument unless it is 1 to kTenantIdBytesMax of [a-zA-Z0-9_-].
[[nodiscard]] Result<TenantId> ParseTenantHeader(std::string_view value);

}  // namespace tickscope::wire
