// Gate: asks each request who sends it, before any part of the server sees it.
//
//   certificate (SPIFFE id) or bearer token  ->  tenant, sender, scopes
//
// What is proven takes the place of what is said: X-Scope-OrgID is the proven tenant's from here on, and one that names another is refused.
// So no endpoint has a rule of its own.
//
// Threads   Thread-safe.
// Metrics   tickscope_access_requests_total{result}
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "access/access_config.h"
#include "access/token_file.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "http/message.h"
#include "io/file_system.h"

namespace tickscope::access {

class Gate {
 public:
  /// Everything given outlives the gate. Errors: as the tokens file's.
  [[nodiscard]] static Result<std::unique_ptr<Gate>> Open(io::FileSystem& fs, MetricRegistry& metrics,
                                                          const AccessConfig& config);

  /// Lets a request in that needs `scope`, as whom it proves to be: sets its tenant header and sender.
  /// Errors: kUnauthenticated when it proves nothing and must, or by a token that is nobody's; kPermissionDenied when what it proves is not
  /// enough, saying what.
  [[nodiscard]] Status Admit(Scope scope, http::Request& request) TICKSCOPE_EXCLUDES(mu_);

  /// Takes over other rules, and reads the tokens file; true when something changed. After an error all stays as it was.
  [[nodiscard]] Result<bool> Reload(const AccessConfig& config) TICKSCOPE_EXCLUDES(mu_);
  /// The same with the rules in force.
  [[nodiscard]] Result<bool> Reload() TICKSCOPE_EXCLUDES(mu_);

 private:
  enum class Reason : std::uint8_t {
    kOpen,         ///< Let in, taken at its word.
    kCertificate,  ///< Let in.
    kToken,        ///< Let in.
    kNothingProven,
    kNoUri,
    kSeveralUris,
    kBadId,
    kTrustDomain,
    kNoRule,
    kUnknownToken,
    kOtherTenant,
    kScope,
  };
  static constexpr std::size_t kReasonCount = 12;
  struct Rules {
    AccessConfig config;
    std::string tokens_text;
    TokenTable tokens;
  };
  struct Identity {
    std::string tenant;
    std::string sender;
    ScopeSet scopes;
    Reason way = Reason::kOpen;
  };

  Gate(io::FileSystem& fs, MetricRegistry& metrics, std::shared_ptr<const Rules> rules);
  [[nodiscard]] static Result<std::shared_ptr<const Rules>> Load(io::FileSystem& fs,
                                                                 const AccessConfig& config);
  [[nodiscard]] Result<Identity> Identify(const Rules& rules, const http::Request& request);
  [[nodiscard]] Result<Identity> IdentifyByCertificate(const Rules& rules, const tls::Peer& peer);
  [[nodiscard]] std::unexpected<Error> Refuse(Reason reason, ErrorCode code, std::string why);

  io::FileSystem& fs_;
  std::array<Counter*, kReasonCount> results_{};
  Mutex mu_;
  std::shared_ptr<const Rules> rules_ TICKSCOPE_GUARDED_BY(mu_);
};

/// What a request of the HTTP API needs.
[[nodiscard]] Scope ScopeOf(std::string_view method, std::string_view path);

}  // namespace tickscope::access
