// tickscope query follow: prints a live query's points as they come, and comes back when the server was away.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "roles/connect_flags.h"

namespace tickscope::roles {

struct FollowArguments {
  std::string url;
  std::string tenant;
  std::string expression;
  std::string range = "5m";
  std::string step = "10s";
  bool json = false;  ///< Events' data as it comes, one a line.
  ConnectFlags connect;
  std::uint64_t points_max = 0;  ///< Ends after so many steps; 0 for never.
};

/// Runs until a signal ends it. Errors: kInvalidArgument and the like when the server refuses the query.
[[nodiscard]] Status FollowQuery(const FollowArguments& arguments);

}  // namespace tickscope::roles
