// Tenant: whose data it is. Part of every key and every call; a single-tenant set-up uses kDefaultTenant.
#pragma once

#include <string>
#include <string_view>

namespace tickscope {

/// Name of a tenant as it appears in headers, paths and metrics: 1 to 150 of [a-zA-Z0-9_-].
using TenantId = std::string;

inline constexpr std::string_view kDefaultTenant = "default";

}  // namespace tickscope
