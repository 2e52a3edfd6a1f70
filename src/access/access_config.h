// AccessConfig: who may come in, and as whom.
//
//   access:
//     required: true
//     trust_domain: game.example
//     certificates:
//       - path: /{tenant}/agent/{sender}
//         scopes: [write]
//     tokens_file: /etc/tickscope/tokens
//     tokens_check: 10s
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "access/spiffe.h"
#include "base/error.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::access {

/// What somebody may do. Bits of a ScopeSet.
enum class Scope : std::uint8_t {
  kWrite = 1,  ///< Send, and ask for settings.
  kRead = 2,   ///< Query.
  kAdmin = 4,  ///< Steer the fleet, import, delete.
};

struct ScopeSet {
  std::uint8_t bits = 0;
  [[nodiscard]] bool Has(Scope scope) const { return (bits & static_cast<std::uint8_t>(scope)) != 0; }
  friend bool operator==(const ScopeSet&, const ScopeSet&) = default;
};

/// Errors: kInvalidArgument for a name other than write, read, admin.
[[nodiscard]] Result<ScopeSet> ParseScopes(const std::vector<std::string>& names);
[[nodiscard]] std::vector<std::string> ScopeNames(ScopeSet scopes);

/// What owners of certificates with such a path are.
struct CertificateRule {
  std::string path;
  PathPattern pattern;
  std::string tenant;  ///< When the path does not say it.
  ScopeSet scopes;

  friend bool operator==(const CertificateRule& a, const CertificateRule& b) {
    return a.path == b.path && a.tenant == b.tenant && a.scopes == b.scopes;
  }
};

struct AccessConfig {
  bool required = false;     ///< Whoever proves nothing is refused.
  std::string trust_domain;  ///< Of certificates that say who comes; none are looked at when empty.
  std::vector<CertificateRule> certificates;
  std::string tokens_file;  ///< Of bearer tokens; none when empty.

  /// Whether anybody is asked who they are.
  [[nodiscard]] bool is_on() const { return required || !trust_domain.empty() || !tokens_file.empty(); }
  friend bool operator==(const AccessConfig&, const AccessConfig&) = default;
};

/// Mistakes go to the map's document.
void Read(config::YamlMap map, AccessConfig& access);
void Write(const AccessConfig& access, config::YamlWriter& out);

}  // namespace tickscope::access
