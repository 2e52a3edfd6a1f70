// PrivacyRules: what is private in logs and spans, and what takes its place. Replaced whole when settings change.
#pragma once

#include <cstdint>
#include <memory>

#include "guard/guard.h"
#include "guard/pii_scanner.h"
#include "tokens/key_provider.h"
#include "tokens/tokenizer.h"

namespace tickscope::signals {

struct PrivacyRules {
  /// kOff: nothing is looked for. kObserve: private values and names are replaced. kEnforce: a private name refuses its record.
  guard::GuardMode mode = guard::GuardMode::kObserve;
  std::shared_ptr<const guard::PiiScanner> scanner;  ///< Never null.
  std::shared_ptr<tokens::KeyProvider> keys;  ///< Null: what is private becomes "[email]" and the like.
  std::int64_t epoch_ms = tokens::kEpochMs;
};

}  // namespace tickscope::signals
