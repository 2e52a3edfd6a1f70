#include "lint/private_data.h"

#include <fmt/format.h>

#include <memory>

#include "lint/source_text.h"

namespace tickscope::lint {

const guard::PiiScanner& PrivateDataScanner() {
  // Without patterns there is nothing that can be wrong with them.
  static const auto kScanner = guard::PiiScanner::Make({}).value();
  return *kScanner;
}

void LintPrivateText(const SourceFile& file, Findings& findings) {
  using enum guard::PiiKind;
  constexpr guard::PiiKinds kKinds = {kKey, kJwt, kIban, kCard, kPlayerId};
  const SourceText source(file.text);
  std::vector<guard::PiiFinding> found;
  PrivateDataScanner().Scan(file.text, kKinds, found);
  for (const guard::PiiFinding& finding : found) {
    findings.Add({file.name, source.PositionAt(finding.begin), Severity::kError, "private-data",
                  fmt::format("private data ({}) does not belong here", guard::PiiKindName(finding.kind))});
  }
}

}  // namespace tickscope::lint
