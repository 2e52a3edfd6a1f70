#include "access/access_config.h"

#include <array>
#include <utility>

#include "wire/tenant_header.h"

namespace tickscope::access {
namespace {

constexpr std::array<std::pair<std::string_view, Scope>, 3> kScopes = {
    {{"write", Scope::kWrite}, {"read", Scope::kRead}, {"admin", Scope::kAdmin}}};
constexpr std::size_t kRulesMax = 256;

CertificateRule ReadRule(config::YamlMap& map) {
  CertificateRule rule;
  rule.path = map.RequiredString("path");
  if (auto pattern = PathPattern::Parse(rule.path)) {
    rule.pattern = *std::move(pattern);
  } else if (!rule.path.empty()) {
    map.Complain("path", pattern.error().message);
  }
  rule.tenant = map.String("tenant", "");
  if (rule.tenant.empty() == !rule.pattern.captures_tenant())
    map.Complain("path", "the tenant is either {tenant} in the path or tenant beside it");
  if (const auto tenant = wire::ParseTenantHeader(rule.tenant); !tenant)
    map.Complain("tenant", tenant.error().message);
  if (!rule.pattern.captures_sender()) map.Complain("path", "expected {sender} in it");
  if (const auto scopes = ParseScopes(map.Strings("scopes"))) {
    rule.scopes = *scopes;
  } else {
    map.Complain("scopes", scopes.error().message);
  }
  if (!map.Has("scopes")) rule.scopes = {static_cast<std::uint8_t>(Scope::kWrite)};
  return rule;
}

}  // namespace

Result<ScopeSet> ParseScopes(const std::vector<std::string>& names) {
  ScopeSet set;
  for (const std::string& name : names) {
    bool is_known = false;
    for (const auto& [known, scope] : kScopes) {
      if (name != known) continue;
      set.bits = static_cast<std::uint8_t>(set.bits | static_cast<std::uint8_t>(scope));
      is_known = true;
    }
    if (!is_known) return Fail(ErrorCode::kInvalidArgument, "scopes are write, read and admin");
  }
  return set;
}

std::vector<std::string> ScopeNames(ScopeSet scopes) {
  std::vector<std::string> names;
  for (const auto& [name, scope] : kScopes) {
    if (scopes.Has(scope)) names.emplace_back(name);
  }
  return names;
}

void Read(config::YamlMap map, AccessConfig& access) {
  access.required = map.Bool("required", access.required);
  access.trust_domain = map.String("trust_domain", access.trust_domain);
  if (!access.trust_domain.empty() && !ParseSpiffeId("spiffe://" + access.trust_domain))
    map.Complain("trust_domain", "expected lower-case letters, digits, '.', '-' and '_'");
  std::vector<config::YamlMap> rules = map.Maps("certificates");
  if (rules.size() > kRulesMax) map.Complain("certificates", "too many: want at most 256");
  if (!rules.empty()) access.certificates.clear();
  for (config::YamlMap& rule : rules)
    access.certificates.push_back(ReadRule(rule));
  if (!rules.empty() && access.trust_domain.empty())
    map.Complain("certificates", "expected a trust_domain beside it");
  access.tokens_file = map.String("tokens_file", access.tokens_file);
}

void Write(const AccessConfig& access, config::YamlWriter& out) {
  out.Comment(
      "Refuse who proves nothing (401). Health checks and /metrics are answered to all. Without it those who "
      "prove something are held to it, and others are taken at their word.");
  out.Bool("required", access.required);
  out.Comment("SPIFFE trust domain of client certificates; empty takes certificates for proof of nothing.");
  out.String("trust_domain", access.trust_domain);
  out.Comment(
      "What a certificate's path makes its owner, the first that fits: a list of "
      "{path: /{tenant}/agent/{sender}, scopes: [write]}; tenant: NAME when the path has none.\n"
      "Scopes are write (send), read (query) and admin (steer, import, delete).");
  if (access.certificates.empty()) {
    out.Strings("certificates", {});
  } else {
    out.BeginList("certificates");
    for (const CertificateRule& rule : access.certificates) {
      out.BeginItem();
      out.String("path", rule.path);
      if (!rule.tenant.empty()) out.String("tenant", rule.tenant);
      out.Strings("scopes", ScopeNames(rule.scopes));
      out.EndItem();
    }
    out.EndList();
  }
  out.Comment(
      "Hashes of bearer tokens, one a line: SHA256_IN_HEX tenant=NAME sender=NAME scopes=write,read; "
      "empty for none. Read again when it changes.");
  out.String("tokens_file", access.tokens_file);
}

}  // namespace tickscope::access
