#include "access/gate.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tls/peer.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::access {
namespace {

constexpr std::string_view kAnyTenant = "*";

std::optional<std::string_view> BearerToken(const http::Headers& headers) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view value = headers.Get("Authorization");
  if (value.size() <= kBearer.size() || !http::EqualsIgnoreCase(value.substr(0, kBearer.size()), kBearer))
    return std::nullopt;
  return value.substr(kBearer.size());
}

}  // namespace

Scope ScopeOf(std::string_view method, std::string_view path) {
  constexpr std::string_view kWrites[] = {"/api/v1/write",
                                          "/api/v1/otlp/",
                                          "/v1/",
                                          "/loki/api/v1/push",
                                          "/opentelemetry.proto.collector.",
                                          "/api/v1/fleet/settings"};
  constexpr std::string_view kAdmins[] = {"/api/v1/admin", "/api/v1/fleet/", "/debug/"};
  // What everybody sees, and few change.
  constexpr std::string_view kShared[] = {"/api/v1/dashboards", "/api/v1/annotations", "/api/v1/view_links"};
  const auto begins = [&](std::string_view prefix) { return path.starts_with(prefix); };
  if (std::ranges::any_of(kWrites, begins)) return Scope::kWrite;
  if (std::ranges::any_of(kAdmins, begins)) return Scope::kAdmin;
  const bool is_reading = method == "GET" || method == "HEAD";
  if (!is_reading && std::ranges::any_of(kShared, begins)) return Scope::kAdmin;
  return Scope::kRead;
}

Gate::Gate(io::FileSystem& fs, MetricRegistry& metrics, std::shared_ptr<const Rules> rules)
    : fs_(fs), rules_(std::move(rules)) {
  constexpr std::array<const char*, kReasonCount> kNames = {
      "open",   "certificate",  "token",   "nothing_proven", "no_uri",       "several_uris",
      "bad_id", "trust_domain", "no_rule", "unknown_token",  "other_tenant", "scope"};
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    results_[i] = metrics.AddCounter(
        "tickscope_access_requests_total",
        "Requests by how they were let in (open, certificate, token), or why not.", {{"result", kNames[i]}});
  }
}

Result<std::unique_ptr<Gate>> Gate::Open(io::FileSystem& fs, MetricRegistry& metrics,
                                         const AccessConfig& config) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto rules, Load(fs, config));
  return std::unique_ptr<Gate>(new Gate(fs, metrics, std::move(rules)));
}

Result<std::shared_ptr<const Gate::Rules>> Gate::Load(io::FileSystem& fs, const AccessConfig& config) {
  auto rules = std::make_shared<Rules>();
  rules->config = config;
  if (!config.tokens_file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(rules->tokens_text,
                               io::ReadWholeFile(fs, config.tokens_file, kTokenFileBytesMax));
    TICKSCOPE_ASSIGN_OR_RETURN(rules->tokens, TokenTable::Parse(rules->tokens_text));
  }
  return rules;
}

Result<bool> Gate::Reload(const AccessConfig& config) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto rules, Load(fs_, config));
  const MutexLock lock(mu_);
  const bool is_changed = rules->tokens_text != rules_->tokens_text || rules->config != rules_->config;
  rules_ = std::move(rules);
  return is_changed;
}

Result<bool> Gate::Reload() {
  AccessConfig config;
  {
    const MutexLock lock(mu_);
    config = rules_->config;
  }
  return Reload(config);
}

std::unexpected<Error> Gate::Refuse(Reason reason, ErrorCode code, std::string why) {
  results_[static_cast<std::size_t>(reason)]->Add();
  return Fail(code, std::move(why));
}

Result<Gate::Identity> Gate::IdentifyByCertificate(const Rules& rules, const tls::Peer& peer) {
  const auto refuse = [&](Reason reason, std::string why) {
    return Refuse(reason, ErrorCode::kPermissionDenied, std::move(why));
  };
  if (peer.uris.empty()) return refuse(Reason::kNoUri, "the certificate has no URI name, want one SPIFFE id");
  if (peer.uris.size() > 1) {
    return refuse(Reason::kSeveralUris, "the certificate has several URI names, want one SPIFFE id: got " +
                                            std::to_string(peer.uris.size()));
  }
  const auto id = ParseSpiffeId(peer.uris.front());
  if (!id) return refuse(Reason::kBadId, id.error().message);
  if (id->trust_domain != rules.config.trust_domain) {
    return refuse(Reason::kTrustDomain, "the certificate is of another trust domain: got " +
                                            id->trust_domain + ", want " + rules.config.trust_domain);
  }
  for (const CertificateRule& rule : rules.config.certificates) {
    auto captured = rule.pattern.Match(id->path);
    if (!captured) continue;
    Identity identity{.tenant = rule.pattern.captures_tenant() ? captured->tenant : rule.tenant,
                      .sender = std::move(captured->sender),
                      .scopes = rule.scopes,
                      .way = Reason::kCertificate};
    // A segment may have a '.', a tenant may not.
    if (const auto tenant = wire::ParseTenantHeader(identity.tenant); !tenant)
      return refuse(Reason::kBadId, "the certificate's path names no tenant: " + tenant.error().message);
    return identity;
  }
  return refuse(Reason::kNoRule, "no rule is for the certificate's path: got " + id->path);
}

Result<Gate::Identity> Gate::Identify(const Rules& rules, const http::Request& request) {
  if (!rules.config.trust_domain.empty() && request.peer != nullptr)
    return IdentifyByCertificate(rules, *request.peer);
  if (const auto token = BearerToken(request.headers); token && !rules.config.tokens_file.empty()) {
    const TokenOwner* const owner = rules.tokens.Find(*token);
    if (owner == nullptr)
      return Refuse(Reason::kUnknownToken, ErrorCode::kUnauthenticated, "the bearer token is nobody's");
    return Identity{
        .tenant = owner->tenant, .sender = owner->sender, .scopes = owner->scopes, .way = Reason::kToken};
  }
  if (rules.config.required) {
    return Refuse(Reason::kNothingProven, ErrorCode::kUnauthenticated,
                  "who are you: want a client certificate or a bearer token");
  }
  return Identity{.tenant = std::string(kAnyTenant), .sender = "", .scopes = {}, .way = Reason::kOpen};
}

Status Gate::Admit(Scope scope, http::Request& request) {
  std::shared_ptr<const Rules> rules;
  {
    const MutexLock lock(mu_);
    rules = rules_;
  }
  if (!rules->config.is_on()) return {};
  TICKSCOPE_ASSIGN_OR_RETURN(Identity identity, Identify(*rules, request));
  if (identity.way != Reason::kOpen) {
    if (!identity.scopes.Has(scope)) {
      const std::string want = ScopeNames({static_cast<std::uint8_t>(scope)}).front();
      return Refuse(Reason::kScope, ErrorCode::kPermissionDenied,
                    "this identity may not do that: want scope " + want);
    }
    request.sender = std::move(identity.sender);
  }
  if (identity.tenant != kAnyTenant) {
    for (const auto& [name, value] : request.headers.fields()) {
      if (!http::EqualsIgnoreCase(name, wire::kTenantHeader) || value == identity.tenant) continue;
      return Refuse(Reason::kOtherTenant, ErrorCode::kPermissionDenied,
                    "X-Scope-OrgID names another tenant than this identity's: want " + identity.tenant +
                        ", or no such header");
    }
    request.headers.Set(wire::kTenantHeader, identity.tenant);
  }
  results_[static_cast<std::size_t>(identity.way)]->Add();
  return {};
}

}  // namespace tickscope::access
