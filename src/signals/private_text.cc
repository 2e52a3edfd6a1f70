#include "signals/private_text.h"

#include <algorithm>
#include <span>

#include "guard/addresses.h"
#include "guard/label_kinds.h"
#include "guard/named_values.h"
#include "guard/secret_forms.h"

namespace tickscope::signals {
namespace {

using guard::PiiKind;
using guard::PiiKinds;

// OpenTelemetry's semantic conventions name machines and what runs on them so; who plays is under client., enduser., user.
constexpr std::string_view kMachineSpaces[] = {"aws.",     "azure.",     "cloud.", "container.", "faas.",
                                               "gcp.",     "host.",      "k8s.",   "os.",        "process.",
                                               "service.", "telemetry.", "server."};

bool IsOfMachine(std::string_view name) {
  if (guard::IsMachineLabel(name)) return true;
  return std::ranges::any_of(kMachineSpaces, [&](std::string_view space) { return name.starts_with(space); });
}

// What the same conventions call people. Sorted.
constexpr std::string_view kPersonNames[] = {"enduser.id", "enduser.pseudo.id", "user.full_name",
                                             "user.hash",  "user.id",           "user.name"};

// What values of that name are, if they are private whatever they look like.
std::optional<PiiKind> KindOfName(std::string_view name) {
  if (std::ranges::binary_search(kPersonNames, name)) return PiiKind::kPlayerId;
  return guard::KindOfField(name);
}

PiiKinds KindsFor(std::string_view name, ValueOf of) {
  const std::size_t dot = name.rfind('.');
  const std::string_view last = name.substr(dot + 1);
  // client.address is no machine's, for all that `address` is.
  const bool is_others = dot != std::string_view::npos && guard::IsMachineLabel(last);
  PiiKinds kinds = is_others ? guard::kLabelKinds : guard::KindsForLabel(last);
  // An address there is judged by its network, below.
  if (IsOfMachine(name)) kinds = guard::KindsForLabel("instance");
  if (of == ValueOf::kAttribute) kinds = kinds.Without({PiiKind::kDigits, PiiKind::kEntropy});
  return kinds;
}

// A field's value that says nothing of anybody, whatever the field is called.
bool SaysNothing(std::string_view text) {
  constexpr std::string_view kNothing[] = {"", "-", "0", "null", "nil", "none", "true", "false", "unknown"};
  return std::ranges::find(kNothing, text) != std::end(kNothing) || guard::IsToken(text) ||
         (text.starts_with('[') && text.ends_with(']')) ||
         text.find_first_not_of('*') == std::string_view::npos;
}

// What notes call texts that have no names.
constexpr std::string_view kTextField = "text";
constexpr std::string_view kNameField = "name";

bool IsNumberChar(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

}  // namespace

PrivateText::PrivateText(std::shared_ptr<const PrivacyRules> rules, const TenantId& tenant, TimeMs now_ms)
    : rules_(std::move(rules)) {
  if (rules_->keys == nullptr || rules_->mode == guard::GuardMode::kOff) return;
  auto session = tokens::TokenSession::Open(*rules_->keys, tenant, tokens::EpochOf(now_ms, rules_->epoch_ms),
                                            *rules_->scanner);
  if (session) session_.emplace(*std::move(session));
}

bool PrivateText::IsPrivateName(std::string_view name) {
  if (rules_->mode == guard::GuardMode::kOff) return false;
  guard::PiiFinding found;
  // Names are words with dots; random ones and long numbers are not told from those of generated fields.
  if (!rules_->scanner->Finds(name, guard::kLogKinds, found)) return false;
  rules_->scanner->Scan(name, guard::kLogKinds, findings_);
  private_name_ = {found.kind, RedactedSample(name, findings_, found.kind)};
  return true;
}

void PrivateText::NoteRefusedName() {
  if (!notes_.Count(GuardAction::kRefused, private_name_.kind, kNameField))
    notes_.Add(GuardAction::kRefused, private_name_.kind, kNameField, private_name_.sample);
}

void PrivateText::NoteFindings(std::string_view field, std::string_view text) {
  for (const guard::PiiFinding& finding : findings_) {
    if (!notes_.Count(GuardAction::kReplaced, finding.kind, field)) {
      notes_.Add(GuardAction::kReplaced, finding.kind, field, RedactedSample(text, findings_, finding.kind));
    }
  }
}

void PrivateText::AppendReplacement(PiiKind kind, std::string_view value, std::string& out) {
  ++replaced_[static_cast<std::size_t>(kind)];
  if (session_) {
    session_->AppendToken(kind, value, out);
    return;
  }
  out += '[';
  out += guard::PiiKindName(kind);
  out += ']';
}

std::string_view PrivateText::Replace(std::string_view field, std::string_view text, TextPool& pool) {
  if (findings_.empty()) return text;
  NoteFindings(field, text);
  std::string& out = pool.Next();
  std::size_t at = 0;
  for (const guard::PiiFinding& finding : findings_) {
    out += text.substr(at, finding.begin - at);
    AppendReplacement(finding.kind, text.substr(finding.begin, finding.end - finding.begin), out);
    at = finding.end;
  }
  out += text.substr(at);
  return out;
}

std::string_view PrivateText::CleanName(std::string_view name, TextPool& pool) {
  if (rules_->mode == guard::GuardMode::kOff) return name;
  rules_->scanner->Scan(name, guard::kLogKinds, findings_);
  return Replace(kNameField, name, pool);
}

std::string_view PrivateText::CleanLine(std::string_view text, TextPool& pool) {
  if (rules_->mode == guard::GuardMode::kOff) return text;
  rules_->scanner->Scan(text, guard::kLogKinds, findings_);
  return Replace(kTextField, text, pool);
}

void PrivateText::FindIn(std::string_view name, std::string_view text, ValueOf of) {
  findings_.clear();
  if (const auto kind = KindOfName(name)) {
    if (!SaysNothing(text)) findings_.push_back({*kind, 0, text.size()});
    return;
  }
  PiiKinds kinds = KindsFor(name, of);
  const bool is_of_machine = IsOfMachine(name);
  if (is_of_machine) kinds = kinds.With({PiiKind::kIp});
  if (kinds.empty()) return;
  rules_->scanner->Scan(text, kinds, findings_);
  if (!is_of_machine) return;
  std::erase_if(findings_, [&](const guard::PiiFinding& finding) {
    if (finding.kind != PiiKind::kIp) return false;
    const auto address = guard::ParseIp(text.substr(finding.begin, finding.end - finding.begin));
    return address && guard::IsOfOwnNetwork(*address);
  });
}

std::string_view PrivateText::CleanValue(std::string_view name, std::string_view text, ValueOf of,
                                         TextPool& pool) {
  if (rules_->mode == guard::GuardMode::kOff) return text;
  FindIn(name, text, of);
  return Replace(field_, text, pool);
}

std::string_view PrivateText::CleanJson(std::string_view name, std::string_view json, TextPool& pool) {
  if (rules_->mode == guard::GuardMode::kOff) return json;
  const std::string_view field = name.empty() ? kTextField : field_;
  if (const auto kind = KindOfName(name)) {
    findings_.assign(1, {*kind, 0, json.size()});
    NoteFindings(field, json);
    std::string& out = pool.Next();
    out += '"';
    AppendReplacement(*kind, json, out);
    out += '"';
    return out;
  }
  rules_->scanner->Scan(json, guard::kLogKinds, findings_);
  if (findings_.empty()) return json;
  NoteFindings(field, json);
  std::string& out = pool.Next();
  std::size_t at = 0;
  std::size_t looked_to = 0;
  bool in_text = false;
  for (const guard::PiiFinding& found : findings_) {
    // A value that spans texts, as a block of a key may, ends with the one it begins in.
    std::size_t begin = std::max(found.begin, at);
    for (; looked_to < begin; ++looked_to) {
      if (json[looked_to] == '\\' && in_text) {
        ++looked_to;
      } else if (json[looked_to] == '"') {
        in_text = !in_text;
      }
    }
    looked_to = std::max(looked_to, begin);
    std::size_t end = begin;
    if (in_text) {
      while (end < found.end && json[end] != '"')
        end += json[end] == '\\' ? 2 : 1;
      end = std::min(end, json.size());
      if (end <= begin) continue;
      out += json.substr(at, begin - at);
      AppendReplacement(found.kind, json.substr(begin, end - begin), out);
    } else {
      // A bare number: all of it, as a text.
      while (begin > at && IsNumberChar(json[begin - 1]))
        --begin;
      end = begin;
      while (end < json.size() && IsNumberChar(json[end]))
        ++end;
      if (end == begin) continue;
      out += json.substr(at, begin - at);
      out += '"';
      AppendReplacement(found.kind, json.substr(begin, end - begin), out);
      out += '"';
    }
    at = end;
    looked_to = std::max(looked_to, end);
  }
  out += json.substr(std::min(at, json.size()));
  return out;
}

}  // namespace tickscope::signals
