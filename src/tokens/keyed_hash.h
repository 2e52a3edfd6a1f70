// KeyedHash: HMAC-SHA256 with one key. What the key is mixed into first is kept, so that a hash costs two blocks less.
//
// Threads      Immutable; thread-safe.
// Memory       A page, in no core dump: what is kept is worth as much as the key.
// Source       RFC 2104, FIPS 180-4; the compression is OpenSSL's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "io/secret_memory.h"

namespace tickscope::tokens {

using Digest = std::array<std::uint8_t, 32>;

class KeyedHash {
 public:
  /// Keys longer than 64 bytes are hashed first, as the standard says.
  explicit KeyedHash(std::span<const std::byte> key);

  /// HMAC-SHA256 of `head` followed by `tail`.
  [[nodiscard]] Digest Of(std::string_view head, std::string_view tail) const;

 private:
  io::SecretMemory states_;
};

}  // namespace tickscope::tokens
