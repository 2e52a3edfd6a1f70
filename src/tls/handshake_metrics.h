// How handshakes ended, by reason. Internal to tls.
//
// Metrics   tickscope_tls_handshakes_total{side,result}
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/metrics.h"

namespace tickscope::tls {

enum class Side : std::uint8_t { kServer, kClient };

enum class HandshakeResult : std::uint8_t {
  kFull,
  kResumed,
  kNoCertificate,
  kExpired,
  kNotYetValid,
  kUnknownCa,
  kBadCertificate,  ///< Vouched for, and not for this: purpose, name, constraint, signature.
  kVersion,
  kRefused,     ///< The other end said no.
  kProtocol,    ///< What came is no TLS that we speak.
  kIncomplete,  ///< Ended or given up on the way.
};
inline constexpr std::size_t kHandshakeResultCount = 11;
inline constexpr std::array<std::string_view, kHandshakeResultCount> kHandshakeResultNames = {
    "full",    "resumed", "no_certificate", "expired",   "not_yet_valid", "unknown_ca", "bad_certificate",
    "version", "refused", "protocol",       "incomplete"};

/// Thread-safe.
class HandshakeMetrics {
 public:
  HandshakeMetrics(MetricRegistry& registry, Side side);
  void Count(HandshakeResult result) { counters_[static_cast<std::size_t>(result)]->Add(); }

 private:
  std::array<Counter*, kHandshakeResultCount> counters_{};
};

}  // namespace tickscope::tls
