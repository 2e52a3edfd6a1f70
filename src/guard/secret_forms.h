// Secrets by their form: keys by the prefix their issuer gives them, private key blocks, JSON Web Tokens, and text too
// random to be a name.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "guard/pii_finding.h"

namespace tickscope::guard {

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
