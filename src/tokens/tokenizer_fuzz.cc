// Any bytes as a log line: rewriting ends, gives the same twice, changes nothing where nothing is found, and grows a line by
// no more than a token a finding.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "tokens/tokenizer.h"

namespace {

class OneKey final : public tickscope::tokens::KeyProvider {
 public:
  tickscope::Result<tickscope::tokens::TenantKey> KeyFor(const tickscope::TenantId&,
                                                         tickscope::tokens::TokenEpoch) override {
    static constexpr std::array<std::byte, 32> kKey = {std::byte{1}, std::byte{2}};
    return tickscope::tokens::TenantKey{.id = "k1",
                                        .hash = std::make_shared<tickscope::tokens::KeyedHash>(kKey)};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  static const auto kScanner = guard::PiiScanner::Make({}).value();
  static OneKey keys;
  static const auto kSession = tokens::TokenSession::Open(keys, TenantId("t"), 7, *kScanner).value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<guard::PiiFinding> findings;
  std::string once;
  std::string again;
  const std::size_t found = kSession.Rewrite(text, guard::kLogKinds, findings, once);
  TICKSCOPE_CHECK(found == findings.size());
  TICKSCOPE_CHECK(kSession.Rewrite(text, guard::kLogKinds, findings, again) == found && again == once);
  TICKSCOPE_CHECK(found > 0 || once == text);
  TICKSCOPE_CHECK(once.size() <= size + found * 128);
  return 0;
}
