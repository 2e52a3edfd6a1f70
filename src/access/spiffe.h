// SPIFFE ids: who a certificate says its owner is, and how that names a tenant and a sender.
//
//   spiffe://game.example/eu/agent/host-17        rule path /{tenant}/agent/{sender}
//            '--domain--' '------path-----'       tenant eu, sender host-17
//
// Source   SPIFFE-ID and X509-SVID standards (github.com/spiffe/spiffe): exactly one URI name in a certificate; a trust domain of lower-case
//          letters, digits, '.', '-', '_', compared byte by byte; segments of letters, digits, '.', '-', '_', none of them empty, "." or "..".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "tls/peer.h"

namespace tickscope::access {

inline constexpr std::size_t kSpiffeIdBytesMax = 2048;

struct SpiffeId {
  std::string trust_domain;
  std::string path;  ///< Empty, or begins with '/'.
};

/// Errors: kPermissionDenied saying which rule of the standard is broken. The text is quoted in part, and cleaned.
[[nodiscard]] Result<SpiffeId> ParseSpiffeId(std::string_view text);

/// A pattern of a path: segments are taken as they are, or captured by {tenant} and {sender}.
class PathPattern {
 public:
  struct Captured {
    std::string tenant;  ///< Empty when the pattern has none.
    std::string sender;
  };

  /// Errors: kInvalidArgument for a pattern that no path can match, or that captures twice.
  [[nodiscard]] static Result<PathPattern> Parse(std::string_view text);

  [[nodiscard]] std::optional<Captured> Match(std::string_view path) const;
  [[nodiscard]] bool captures_tenant() const { return captures_tenant_; }
  [[nodiscard]] bool captures_sender() const { return captures_sender_; }

 private:
  std::vector<std::string> segments_;
  bool captures_tenant_ = false;
  bool captures_sender_ = false;
};

}  // namespace tickscope::access
