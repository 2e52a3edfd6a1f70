// Any bytes as text: findings are ascending, disjoint and inside; redacting removes them, and the redacted text is no
// longer than its bound.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "guard/pii_scanner.h"
#include "guard/plain_text.h"
#include "guard/text_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  static const auto kScanner =
      guard::PiiScanner::Make({.player_patterns = {"P-[0-9]+", "[a-z]{2}/[a-z]+"}}).value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<guard::PiiFinding> findings;
  for (const guard::PiiKinds kinds : {guard::kLabelKinds, guard::kLogKinds}) {
    kScanner->Scan(text, kinds, findings);
    // What the sieve leaves out begins nothing.
    std::vector<guard::PiiFinding> by_sieve;
    std::vector<guard::PiiFinding> past_every_byte;
    const guard::PlainText plain(text);
    guard::WalkText(plain.text(), kinds, guard::WalkBy::kSieve, by_sieve);
    guard::WalkText(plain.text(), kinds, guard::WalkBy::kEveryByte, past_every_byte);
    TICKSCOPE_CHECK(by_sieve == past_every_byte);
    std::size_t at = 0;
    for (const guard::PiiFinding& finding : findings) {
      TICKSCOPE_CHECK(at <= finding.begin && finding.begin < finding.end && finding.end <= size);
      TICKSCOPE_CHECK(kinds.Has(finding.kind));
      at = finding.end;
    }
    TICKSCOPE_CHECK(guard::Redact(text, findings, 100).size() <= 100);
  }
  return 0;
}
