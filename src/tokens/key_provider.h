// KeyProvider: where the keys of tokens come from. Who has a tenant's key can make that tenant's tokens and so find out
// whose one is, by trying; nobody else can.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "model/tenant.h"
#include "tokens/keyed_hash.h"

namespace tickscope::tokens {

/// A stretch of time, counted from 1970, in which the same value has the same token.
using TokenEpoch = std::uint64_t;

struct TenantKey {
  std::string id;  ///< [a-z0-9]{1,16}: told in each token, so that its key can be found again.
  std::shared_ptr<const KeyedHash> hash;
  TokenEpoch from = 0;  ///< The first epoch it is used in.
};

/// Thread-safe.
class KeyProvider {
 public:
  virtual ~KeyProvider() = default;
  /// The tenant's key of an epoch; always the same for the same two.
  /// Errors: kNotFound when there is none; the provider's own.
  [[nodiscard]] virtual Result<TenantKey> KeyFor(const TenantId& tenant, TokenEpoch epoch) = 0;
};

}  // namespace tickscope::tokens
