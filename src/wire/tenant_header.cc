#include "wire/tenant_header.h"

#include <algorithm>
#include <string>

namespace tickscope::wire {
namespace {

bool IsTenantByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

Result<TenantId> ParseTenantHeader(std::string_view value) {
  if (value.empty()) return TenantId(kDefaultTenant);
  if (value.size() > kTenantIdBytesMax) {
    return Fail(ErrorCode::kInvalidArgument, "tenant in X-Scope-OrgID too long: got " +
                                                 std::to_string(value.size()) + " bytes, want at most " +
                                                 std::to_string(kTenantIdBytesMax));
  }
  const auto bad = std::ranges::find_if_not(value, IsTenantByte);
  if (bad != value.end()) {
    return Fail(ErrorCode::kInvalidArgument,
                "tenant in X-Scope-OrgID has a character outside a-z, A-Z, 0-9, _ and - "
                "at byte " +
                    std::to_string(bad - value.begin() + 1));
  }
  return TenantId(value);
}

}  // namespace tickscope::wire
