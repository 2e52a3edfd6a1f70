// PrivateText: texts of one tenant's logs and spans without what gives somebody away.
//
// A value is judged by its name too: a field that is named for a player's id has one in it, and the address of a machine on
// its own network is let stand where a name says machine (host.ip, k8s.node.name, instance), as in labels of metrics. What
// is found is replaced by its token, or without keys by its kind in brackets; the rest of the text stays. Tokens are
// nothing private, so that what an agent tokenized passes as it is.
//
// Threads   Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/pii_finding.h"
#include "model/tenant.h"
#include "signals/guard_notes.h"
#include "signals/privacy_rules.h"
#include "signals/text_pool.h"
#include "tokens/tokenizer.h"

namespace tickscope::signals {

/// Whose value it is, which says how strictly it is judged.
enum class ValueOf : std::uint8_t {
  kStream,  ///< A label of a stream: an identity, as labels of metrics are. Long numbers and random words are private.
  kAttribute,  ///< Of a resource, scope, record, span: numbers and hashes are what such values are for.
};

class PrivateText {
 public:
  /// Tokens are of the epoch that `now_ms` is in. Without a key for the tenant values are redacted.
  PrivateText(std::shared_ptr<const PrivacyRules> rules, const TenantId& tenant, TimeMs now_ms);

  /// Whether a name is no name but somebody's data. Never with the guard off.
  [[nodiscard]] bool IsPrivateName(std::string_view name);
  [[nodiscard]] bool refuses_names() const { return rules_->mode == guard::GuardMode::kEnforce; }

  /// The texts below: `text` itself when nothing was found, else one of `pool`.
  [[nodiscard]] std::string_view CleanName(std::string_view name, TextPool& pool);
  /// A log line, or a span's name.
  [[nodiscard]] std::string_view CleanLine(std::string_view text, TextPool& pool);
  [[nodiscard]] std::string_view CleanValue(std::string_view name, std::string_view text, ValueOf of,
                                            TextPool& pool);
  /// A list or map as JSON; it stays JSON.
  [[nodiscard]] std::string_view CleanJson(std::string_view name, std::string_view json, TextPool& pool);

  /// What is cleaned from now on is the value of that name, which is clean.
  void NoteUnder(std::string_view clean_name) { field_ = clean_name; }
  /// A record was refused for the private name that was found last.
  void NoteRefusedName();
  [[nodiscard]] RequestNotes& notes() { return notes_; }

  /// How many values of each kind were replaced.
  [[nodiscard]] const std::array<std::uint64_t, guard::kPiiKinds>& replaced() const { return replaced_; }

 private:
  void AppendReplacement(guard::PiiKind kind, std::string_view value, std::string& out);
  // Notes findings_ in a text.
  void NoteFindings(std::string_view field, std::string_view text);
  [[nodiscard]] std::string_view Replace(std::string_view field, std::string_view text, TextPool& pool);
  // Fills findings_ with what is private in a value of that name.
  void FindIn(std::string_view name, std::string_view text, ValueOf of);

  std::shared_ptr<const PrivacyRules> rules_;
  std::optional<tokens::TokenSession> session_;
  std::vector<guard::PiiFinding> findings_;
  std::array<std::uint64_t, guard::kPiiKinds> replaced_{};
  RequestNotes notes_;
  std::string_view field_;
  struct PrivateName {
    guard::PiiKind kind = guard::PiiKind::kEmail;
    std::string sample;
  };
  PrivateName private_name_;  // Found last.
};

}  // namespace tickscope::signals
