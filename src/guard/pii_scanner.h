// PiiScanner: finds private data in a text and says which kind and where.
//
// One pass over the bytes, a table lookup each, stops at what can begin or mark something: digits, '@', ':', '=', hex
// in fours and eights, the first letters of keys. There a form is read and proven: octets, Luhn and issuer, mod-97, a
// header that decodes, words around a phone number. Regular expressions (RE2, linear) see only what began like a key,
// and the patterns of the configuration, compiled to one set, see each text once.
//
// Invariants   P1 findings are ascending and disjoint.
//              P2 the time is linear in the text, whatever it holds: every form's length is bounded.
//              P3 tokens of src/tokens are no findings, so what was rewritten stays as it is.
// Threads      Immutable; thread-safe.
// Memory       None that stays; text beyond ASCII is copied (plain_text.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "guard/pii_finding.h"

namespace tickscope::guard {

/// Patterns one scanner may have.
inline constexpr std::size_t kPlayerPatternsMax = 64;

struct PiiScannerOptions {
  /// RE2 each, anywhere in a text: how this game's player ids look.
  std::vector<std::string> player_patterns;
};

class PiiScanner {
 public:
  /// Errors: kInvalidArgument naming the pattern that does not compile, that matches the empty text, or is one too many.
  [[nodiscard]] static Result<std::unique_ptr<const PiiScanner>> Make(const PiiScannerOptions& options);
  ~PiiScanner();

  /// Fills `out` with what is found of `kinds`, P1. Offsets are of `text`, whatever was done to it on the way.
  void Scan(std::string_view text, PiiKinds kinds, std::vector<PiiFinding>& out) const;

  /// The first of what Scan finds, if anything.
  [[nodiscard]] bool Finds(std::string_view text, PiiKinds kinds, PiiFinding& first) const;

 private:
  struct Patterns;
  explicit PiiScanner(std::unique_ptr<const Patterns> patterns);

  void ScanPlain(std::string_view text, PiiKinds kinds, std::vector<PiiFinding>& out) const;

  std::unique_ptr<const Patterns> patterns_;
};

/// The text with each finding replaced by "[kind]", at most `bytes_max` bytes of it, cut between characters.
[[nodiscard]] std::string Redact(std::string_view text, const std::vector<PiiFinding>& findings,
                                 std::size_t bytes_max);

}  // namespace tickscope::guard
