// HostPort: "host:port" as written in options and URLs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::io {

struct HostPort {
  std::string host;  ///< Name or address, IPv6 without brackets; may be empty.
  std::uint16_t port = 0;

  /// "host:port", with brackets around an IPv6 address.
  [[nodiscard]] std::string ToString() const;
};

/// Reads "host:port", "1.2.3.4:80", "[::1]:80" or ":80".
/// Errors: kInvalidArgument naming the text and what is wrong with it.
[[nodiscard]] Result<HostPort> ParseHostPort(std::string_view text);

}  // namespace tickscope::io
