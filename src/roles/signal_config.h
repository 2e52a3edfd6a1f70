// SignalConfig: settings of logs and spans in `tickscope serve`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "guard/guard_config.h"
#include "signals/privacy_rules.h"
#include "signals/signal_options.h"
#include "tokens/tokenizer.h"

namespace tickscope::roles {

struct SignalConfig {
  signals::SignalOptions limits;
  std::string token_keys;  ///< File of keys (tokens/file_key_provider.h); empty for none.
  std::int64_t token_epoch_ms = tokens::kEpochMs;
};

/// The rules that these settings and the guard's say. Errors: those of PiiScanner::Make and FileKeyProvider::Open.
[[nodiscard]] Result<std::shared_ptr<const signals::PrivacyRules>> MakePrivacyRules(
    const SignalConfig& config, const guard::GuardConfig& guard);

}  // namespace tickscope::roles
