// Secrets by their form: keys by the prefix their issuer gives them, private key blocks, JSON Web Tokens, and text too
// random to be a name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "guard/pii_finding.h"

namespace tickscope::guard {

/// First two bytes of all secrets that EndOfKey, EndOfJwt and EndOfSteamId (value_forms.h) know.
inline constexpr std::string_view kSecretStarts = "AKASAIghgiglxoxaskrkwhnppyyaSGdohfeySTU:";

/// Whether a word with these first two bytes may be a secret: almost no word may.
[[nodiscard]] inline bool MayBeginSecret(char first, char second) {
  static constexpr std::array<std::uint64_t, 128> kSeconds = [] {
    std::array<std::uint64_t, 128> seconds{};
    for (std::size_t i = 0; i < kSecretStarts.size(); i += 2)
      seconds[static_cast<unsigned char>(kSecretStarts[i])] |=
          std::uint64_t{1} << (static_cast<unsigned>(kSecretStarts[i + 1]) & 63U);
    return seconds;
  }();
  const auto row = static_cast<unsigned char>(first);
  return row < 128 && (kSeconds[row] >> (static_cast<unsigned char>(second) & 63U) & 1U) != 0;
}

/// Issuers' key forms, compiled once. Thread-safe.
class KeyForms {
 public:
  KeyForms();
  ~KeyForms();

  /// The end of the key that begins at `at`; `at` when none does. A byte compare for almost all text.
  [[nodiscard]] std::size_t EndOfKey(std::string_view text, std::size_t at) const;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

/// The end of the private key block that begins at `at` with "-----BEGIN", or of the text when its end is missing; `at`
/// for none.
[[nodiscard]] std::size_t EndOfPrivateKey(std::string_view text, std::size_t at);

/// The end of the JSON Web Token that begins at `at` with "eyJ": its header decodes to an object with "alg". `at` for none.
[[nodiscard]] std::size_t EndOfJwt(std::string_view text, std::size_t at);

/// Appends the words of the text that look random: 20 characters or more of the base64 alphabets, of more than one kind,
/// with 3.5 bits a character or more (3.0 for hex), that are no path, no UUID and no token of ours.
void FindRandomWords(std::string_view text, std::vector<PiiFinding>& out);

/// Whether the word is a token that src/tokens made: prefix, key id, epoch and base32.
[[nodiscard]] bool IsToken(std::string_view word);

}  // namespace tickscope::guard
