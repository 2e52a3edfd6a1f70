// Tokenizer: replaces private data in log lines by tokens, so that lines can be kept, counted and joined without saying
// whose they are.
//
//   login jane@example.com from 203.0.113.7
//   login eml_k1_689_y3hq4v2m7ks5d2xw6b7pnrjc2e from ip_k1_689_w4h2mzq5ctk7y_t6ncq3v5xk2jrmw7y4zd5hspbe
//
// A token is a kind, the id of its key, its epoch, and 128 bits of HMAC-SHA256 over kind, epoch and the value in one form
// (an address of e-mail in lower case, an IP address as bytes, a phone number as digits). An IP address has 64 bits for
// its network (/24, /48) before that, so that what comes from one network can be told without the address.
//
// Invariants   T1 the same value of a kind has the same token within a tenant and epoch, however it was written; else
//                 tokens have nothing in common.
//              T2 a token is never rewritten: a line may pass twice.
//              T3 no value, and no key, is in any error or log.
// Threads      A session is immutable; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "guard/pii_scanner.h"
#include "tokens/key_provider.h"

namespace tickscope::tokens {

/// 30 days: longer than a hot tier of logs, so that most joins stay within one.
inline constexpr std::int64_t kEpochMs = 30LL * 24 * 3600 * 1000;

/// The epoch a moment is in. Requires: epoch_ms > 0; moments before 1970 are in the first.
[[nodiscard]] TokenEpoch EpochOf(TimeMs time_ms, std::int64_t epoch_ms);

/// Tokens of one tenant and epoch.
class TokenSession {
 public:
  /// `scanner` outlives the session. Errors: those of KeyProvider::KeyFor.
  [[nodiscard]] static Result<TokenSession> Open(KeyProvider& keys, const TenantId& tenant, TokenEpoch epoch,
                                                 const guard::PiiScanner& scanner);

  /// Appends the token of a value of that kind.
  void AppendToken(guard::PiiKind kind, std::string_view value, std::string& out) const;

  /// Appends the text with what the scanner finds of `kinds` replaced. `findings` is room to work in; afterwards it holds
  /// what was found. Returns how many were.
  std::size_t Rewrite(std::string_view text, guard::PiiKinds kinds, std::vector<guard::PiiFinding>& findings,
                      std::string& out) const;

 private:
  TokenSession(TenantKey key, TokenEpoch epoch, const guard::PiiScanner& scanner);

  TenantKey key_;
  std::string middle_;  // "_k1_689_"
  std::string salt_;    // The epoch's bytes, which begin what is hashed.
  const guard::PiiScanner* scanner_;
};

}  // namespace tickscope::tokens
