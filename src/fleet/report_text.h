// What a fleet run and its verification found, as text for people and as JSON for programs.
#pragma once

#include <string>

#include "fleet/fleet_run.h"
#include "fleet/verifier.h"

namespace tickscope::fleet {

/// One line while the run goes on: what was reached in the `seconds` since `before`.
[[nodiscard]] std::string ProgressLine(const RunReport& now, const RunReport& before);

/// Several lines. `cpu_seconds` is what the fleet itself used.
[[nodiscard]] std::string ReportText(const RunReport& report, double cpu_seconds);
/// One line of JSON with the same content.
[[nodiscard]] std::string ReportJson(const RunReport& report, double cpu_seconds);

/// Several lines; the first is "missing=N doubled=N altered=N unacknowledged_present=N".
[[nodiscard]] std::string ReportText(const VerifyReport& report);
[[nodiscard]] std::string ReportJson(const VerifyReport& report);

}  // namespace tickscope::fleet
