#include "api/query_identity.h"

#include <array>

#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::api {
namespace {

using queryfront::QueryClass;

constexpr std::string_view kClassHeader = "X-Tickscope-Class";
constexpr std::array<std::string_view, 2> kUserHeaders = {"X-Tickscope-User", "X-Grafana-User"};
constexpr std::array<std::string_view, 2> kDashboardHeaders = {"X-Dashboard-Uid", "X-Panel-Id"};

QueryClass ClassOf(const http::Headers& headers) {
  if (const auto named = queryfront::ParseQueryClass(headers.Get(kClassHeader))) return *named;
  for (const std::string_view header : kDashboardHeaders) {
    if (headers.Has(header)) return QueryClass::kDashboard;
  }
  return QueryClass::kAdHoc;
}

std::string UserOf(const http::Request& request) {
  for (const std::string_view header : kUserHeaders) {
    const std::string_view user = request.headers.Get(header);
    if (!user.empty()) return std::string(user.substr(0, queryfront::kUserBytesMax));
  }
  // Without the port, which is another with every connection.
  return request.remote_address.substr(0, request.remote_address.rfind(':'));
}

}  // namespace

queryfront::QueryIdentity IdentityOf(const http::Request& request, const TenantId& tenant) {
  return {.tenant = tenant, .user = UserOf(request), .query_class = ClassOf(request.headers)};
}

queryfront::QueryIdentity ArrivalOf(const http::Request& request) {
  const auto tenant = wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader));
  return IdentityOf(request, tenant ? *tenant : TenantId());
}

}  // namespace tickscope::api
