// Whom a query is counted for, as its request's headers say.
//
//   X-Scope-OrgID       the tenant
//   X-Tickscope-User    the user; else X-Grafana-User; else the address it comes from
//   X-Tickscope-Class   alert, recording, dashboard or adhoc; else what Grafana sends with a panel's query makes it a
//                       dashboard's; else ad hoc
//
// Nothing here is proven: a deployment that does not trust its clients takes these headers away in front.
#pragma once

#include "http/message.h"
#include "queryfront/query_request.h"

namespace tickscope::api {

/// An unknown class counts as ad hoc; a user is cut at kUserBytesMax.
[[nodiscard]] queryfront::QueryIdentity IdentityOf(const http::Request& request, const TenantId& tenant);

/// The same before the tenant was checked: one that is no tenant's name is the empty one.
[[nodiscard]] queryfront::QueryIdentity ArrivalOf(const http::Request& request);

}  // namespace tickscope::api
