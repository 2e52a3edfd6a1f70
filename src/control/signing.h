// Signatures of what a gateway tells its agents: made with a key that only gateways have, checked with one that all may know. So an agent's machine,
// taken over, steers no other.
//
// Ed25519; keys are PEM files as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them.
// Threads   Immutable; thread-safe.
// Source    RFC 8032; the mathematics is OpenSSL's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::control {

inline constexpr std::uint64_t kKeyFileBytesMax = 64U << 10;

class Signer {
 public:
  /// Errors: kInvalidArgument when the text is no private Ed25519 key in PEM.
  [[nodiscard]] static Result<std::unique_ptr<Signer>> FromPem(std::string_view pem);
  virtual ~Signer() = default;
  /// The signature in hex.
  [[nodiscard]] virtual std::string Sign(std::string_view text) const = 0;
};

class Verifier {
 public:
  /// Errors: kInvalidArgument when the text is no public Ed25519 key in PEM.
  [[nodiscard]] static Result<std::unique_ptr<Verifier>> FromPem(std::string_view pem);
  virtual ~Verifier() = default;
  [[nodiscard]] virtual bool Verify(std::string_view text, std::string_view signature) const = 0;
};

}  // namespace tickscope::control
