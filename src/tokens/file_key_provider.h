// FileKeyProvider: keys from a file that only its owner may read.
//
//   # tenant  id  from-epoch  key: 64 hex digits or more (openssl rand -hex 32)
//   *         k1  0           9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//   eu        e2  690         60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
//
// A line's key is used from its epoch until that of the tenant's next line. `*` is for tenants that have no line: each gets
// a key of its own, derived from that one. To rotate, add a line with a coming epoch; keep the old ones as long as tokens
// made with them should be comparable.
//
// Invariants   F1 key bytes are in SecretMemory only; errors name lines, never what is on them.
// Bounds       1 MiB, 10,000 keys; 10,000 derived keys are remembered.
// Threads      Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "tokens/key_provider.h"

namespace tickscope::tokens {

class FileKeyProvider final : public KeyProvider {
 public:
  /// Errors: those of io::ReadSecretFile; kInvalidArgument naming the line for a bad one, for an id that is there twice,
  /// and for a tenant's epochs that do not ascend.
  [[nodiscard]] static Result<std::unique_ptr<FileKeyProvider>> Open(const std::string& path);

  [[nodiscard]] Result<TenantKey> KeyFor(const TenantId& tenant, TokenEpoch epoch) override
      TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Key {
    std::string id;
    TokenEpoch from = 0;
    std::shared_ptr<const KeyedHash> hash;
  };
  using Keys = std::map<std::string, std::vector<Key>, std::less<>>;  // By tenant, ascending `from`.

  explicit FileKeyProvider(Keys keys) : keys_(std::move(keys)) {}

  const Keys keys_;
  Mutex mu_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const KeyedHash>> derived_
      TICKSCOPE_GUARDED_BY(mu_);  // By tenant and id.
};

}  // namespace tickscope::tokens
