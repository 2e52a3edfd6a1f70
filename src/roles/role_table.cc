#include "roles/role_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace tickscope::roles {

Result<RoleSet> ParseRoles(std::string_view text) {
  RoleSet set;
  if (text == "all") {
    for (const Role& role : kRoles)
      set.*role.member = true;
    return set;
  }
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    while (name.starts_with(' '))
      name.remove_prefix(1);
    while (name.ends_with(' '))
      name.remove_suffix(1);
    const auto role =
        std::find_if(kRoles.begin(), kRoles.end(), [name](const Role& r) { return r.name == name; });
    if (role == kRoles.end()) {
      return Fail(
          ErrorCode::kInvalidArgument,
          fmt::format("unknown role: got \"{}\", want all, or a list of gateway, store, query, compact",
                      name));
    }
    set.*role->member = true;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  for (const Role& role : kRoles) {
    for (const Role& needed : kRoles) {
      if (set.*role.member && role.needs == needed.name && !(set.*needed.member)) {
        return Fail(ErrorCode::kInvalidArgument,
                    fmt::format("role {} needs role {} in the same process", role.name, needed.name));
      }
    }
  }
  return set;
}

}  // namespace tickscope::roles
