// Private data in files before they are used, found by the library that refuses it in the gateway (src/guard). What is found
// is never repeated.
#pragma once

#include <vector>

#include "guard/private_labels.h"
#include "lint/linters.h"

namespace tickscope::lint {

/// The detectors, made once.
[[nodiscard]] const guard::PiiScanner& PrivateDataScanner();

/// Keys, cards, accounts and player ids anywhere in a text that people write: schema, rules, dashboards. Addresses are left to
/// them, for a rule may name whom to ask.
void LintPrivateText(const SourceFile& file, Findings& findings);

}  // namespace tickscope::lint
