// Any bytes as a file to lint, of each kind: findings, and never more than the bound; places are within the file.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "lint/linters.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope::
      lint;  // NOLINT(google-build-using-namespace): a fuzz target of this namespace alone.
  if (size == 0) return 0;
  const SourceFile file{"fuzz", std::string(reinterpret_cast<const char*>(data) + 1, size - 1)};
  Findings findings;
  KnownMetrics known(nullptr);
  switch (data[0] % 4) {
    case 0:
      NoteRecorded(file, known);
      LintRules(file, known, findings);
      break;
    case 1:
      LintDashboard(file, known, findings);
      break;
    case 2:
      LintExposition(file, {.format = tickscope::wire::ExpositionFormat::kText}, known, findings);
      break;
    default:
      LintExposition(file, {}, known, findings);
      break;
  }
  TICKSCOPE_CHECK(findings.list().size() <= Findings::kFindingsMax);
  for (const Finding& finding : findings.list()) {
    TICKSCOPE_CHECK(finding.position.line >= 1 && finding.position.column >= 1);
    TICKSCOPE_CHECK(static_cast<std::size_t>(finding.position.line) <= file.text.size() + 2);
  }
  for (const ReportFormat format : {ReportFormat::kText, ReportFormat::kJson, ReportFormat::kSarif})
    TICKSCOPE_CHECK(Report(findings, 1, format).ends_with("\n"));
  return 0;
}
