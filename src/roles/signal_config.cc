#include "roles/signal_config.h"

#include <utility>

#include "tokens/file_key_provider.h"

namespace tickscope::roles {

Result<std::shared_ptr<const signals::PrivacyRules>> MakePrivacyRules(const SignalConfig& config,
                                                                      const guard::GuardConfig& guard) {
  auto rules = std::make_shared<signals::PrivacyRules>();
  rules->mode = guard.mode;
  if (guard.mode == guard::GuardMode::kAuto)
    rules->mode = guard.schema_file.empty() ? guard::GuardMode::kObserve : guard::GuardMode::kEnforce;
  TICKSCOPE_ASSIGN_OR_RETURN(rules->scanner,
                             guard::PiiScanner::Make({.player_patterns = guard.player_patterns}));
  if (!config.token_keys.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(rules->keys, tokens::FileKeyProvider::Open(config.token_keys));
  }
  rules->epoch_ms = config.token_epoch_ms;
  return rules;
}

}  // namespace tickscope::roles
