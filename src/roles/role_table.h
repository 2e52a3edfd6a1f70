// The roles a server process can play. A role is a row: its name and what it needs beside it; "all" is every row.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::roles {

/// What a process does.
struct RoleSet {
  bool gateway = false;
  bool store = false;
  bool query = false;
  bool compact = false;

  /// Whether anything of it has samples of its own: the stream and the store.
  [[nodiscard]] bool keeps_samples() const { return gateway || store || query; }
};

struct Role {
  std::string_view name;
  std::string_view summary;
  bool RoleSet::* member;
  /// Role that must run in the same process while the stream is the embedded one; empty for none.
  std::string_view needs;
};

inline constexpr std::array<Role, 4> kRoles = {{
    {"gateway", "takes writes and puts them on the stream", &RoleSet::gateway, ""},
    {"store", "keeps what the stream carries, ready for queries", &RoleSet::store, ""},
    {"query", "answers the API", &RoleSet::query, "store"},
    {"compact", "merges, thins and expires blocks in the object store", &RoleSet::compact, ""},
}};

/// Reads "all" or a comma-separated list. Errors: kInvalidArgument naming an unknown role or a missing need.
[[nodiscard]] Result<RoleSet> ParseRoles(std::string_view text);

}  // namespace tickscope::roles
