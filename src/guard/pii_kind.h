// PiiKind: what a piece of text gives away, and sets of such kinds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/error.h"

namespace tickscope::guard {

/// In order of precedence: of two findings over the same bytes the earlier kind is told.
enum class PiiKind : std::uint8_t {
  kKey,       ///< Credentials: API keys by prefix, private key blocks, values of fields named so.
  kJwt,       ///< JSON Web Token whose header decodes.
  kEmail,     ///< E-mail address.
  kIp,        ///< IPv4 or IPv6 address that can be somebody's: not loopback, unspecified or a netmask.
  kMac,       ///< Hardware address.
  kUuid,      ///< UUID, not nil.
  kIban,      ///< Bank account, mod-97.
  kCard,      ///< Payment card, issuer prefix and Luhn.
  kPlayerId,  ///< Steam ids, values of fields named so, patterns of the configuration.
  kPhone,     ///< Telephone number: international, of an unmistakable form, or named so.
  kDigits,    ///< Nine digits or more in a row that are no time.
  kEntropy,   ///< Random-looking text of 20 characters or more.
};
inline constexpr std::size_t kPiiKinds = 12;

/// "key", "jwt", "email", "ip", "mac", "uuid", "iban", "card", "player_id", "phone", "digits", "entropy".
[[nodiscard]] std::string_view PiiKindName(PiiKind kind);

/// Start of tokens of a kind: "key", "jwt", "eml", "ip", "mac", "uid", "iban", "crd", "plr", "tel", "num", "rnd".
[[nodiscard]] std::string_view PiiKindPrefix(PiiKind kind);

class PiiKinds {
 public:
  constexpr PiiKinds() = default;
  constexpr PiiKinds(std::initializer_list<PiiKind> kinds) {
    for (const PiiKind kind : kinds)
      bits_ |= Bit(kind);
  }
  [[nodiscard]] constexpr bool Has(PiiKind kind) const { return (bits_ & Bit(kind)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr PiiKinds Without(PiiKinds others) const {
    return PiiKinds(static_cast<std::uint16_t>(bits_ & ~others.bits_));
  }
  [[nodiscard]] constexpr PiiKinds With(PiiKinds others) const {
    return PiiKinds(static_cast<std::uint16_t>(bits_ | others.bits_));
  }
  friend constexpr bool operator==(const PiiKinds&, const PiiKinds&) = default;

 private:
  explicit constexpr PiiKinds(std::uint16_t bits) : bits_(bits) {}
  [[nodiscard]] static constexpr std::uint16_t Bit(PiiKind kind) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(kind));
  }
  std::uint16_t bits_ = 0;
};

/// Looked for in labels: everything.
inline constexpr PiiKinds kLabelKinds = {
    PiiKind::kKey,  PiiKind::kJwt,  PiiKind::kEmail,    PiiKind::kIp,    PiiKind::kMac,    PiiKind::kUuid,
    PiiKind::kIban, PiiKind::kCard, PiiKind::kPlayerId, PiiKind::kPhone, PiiKind::kDigits, PiiKind::kEntropy};

/// Looked for in log lines: a label's long number is an identity, a log line's may be a size or a block.
inline constexpr PiiKinds kLogKinds = kLabelKinds.Without({PiiKind::kDigits, PiiKind::kEntropy});

}  // namespace tickscope::guard
