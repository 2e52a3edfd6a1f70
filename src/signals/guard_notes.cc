#include "signals/guard_notes.h"

#include <algorithm>
#include <utility>

#include "model/labels.h"

namespace tickscope::signals {
namespace {

constexpr std::size_t kTextBefore = 48;
constexpr std::size_t kTextAfter = 32;
constexpr std::size_t kNameBytesMax = 128;
// No owner is named so: control characters are none of a name's.
constexpr std::string_view kUnnamed = "\n";

std::string_view Cut(std::string_view text, std::size_t bytes_max) {
  text = text.substr(0, bytes_max);
  while (!IsValidUtf8(text))
    text.remove_suffix(1);
  return text;
}

void AppendMasked(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      out += '#';
    } else {
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
  }
}

bool IsInsideCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

}  // namespace

std::string RedactedSample(std::string_view text, std::span<const guard::PiiFinding> findings,
                           guard::PiiKind kind) {
  const auto first = std::ranges::find(findings, kind, &guard::PiiFinding::kind);
  if (first == findings.end()) return {};
  std::size_t begin = first->begin > kTextBefore ? first->begin - kTextBefore : 0;
  std::size_t end = std::min(text.size(), first->end + kTextAfter);
  while (begin < first->begin && IsInsideCharacter(text[begin]))
    ++begin;
  while (end < text.size() && IsInsideCharacter(text[end]))
    ++end;
  std::string sample;
  std::size_t at = begin;
  for (const guard::PiiFinding& finding : findings) {
    // One that begins or ends outside is named all the same: no part of it is shown.
    if (finding.end <= begin || finding.begin >= end) continue;
    if (finding.begin > at) AppendMasked(text.substr(at, finding.begin - at), sample);
    sample += '[';
    sample += guard::PiiKindName(finding.kind);
    sample += ']';
    at = std::max(at, finding.end);
  }
  if (at < end) AppendMasked(text.substr(at, end - at), sample);
  return sample;
}

void RequestNotes::BeginOwner() {
  owner_ = std::string(kUnnamed);
}

void RequestNotes::NameOwner(std::string_view owner) {
  owner_ = Cut(owner, kNameBytesMax);
  for (GuardNote& note : notes_) {
    if (note.owner == kUnnamed) note.owner = owner_;
  }
}

bool RequestNotes::Count(GuardAction action, guard::PiiKind kind, std::string_view field) {
  const std::string_view name = Cut(field, kNameBytesMax);
  for (GuardNote& note : notes_) {
    if (note.action != action || note.kind != kind || note.field != name || note.owner != owner_) continue;
    ++note.count;
    return true;
  }
  return notes_.size() >= kEntriesMax;
}

void RequestNotes::Add(GuardAction action, guard::PiiKind kind, std::string_view field, std::string sample) {
  if (notes_.size() >= kEntriesMax) return;
  GuardNote& note = notes_.emplace_back();
  note.action = action;
  note.kind = kind;
  note.owner = owner_;
  note.field = Cut(field, kNameBytesMax);
  note.sample = std::move(sample);
  note.count = 1;
}

void GuardNotes::Add(const TenantId& tenant, codec::RecordKind signal, std::string_view sender, TimeMs now_ms,
                     const std::vector<GuardNote>& notes) {
  const MutexLock lock(mu_);
  for (const GuardNote& added : notes) {
    GuardNote note = added;
    note.signal = signal;
    const auto [known, is_new] = notes_.Touch(
        tenant, now_ms, note, [&](const GuardNote& other) { return other.IsOfOneKindWith(note); });
    if (!is_new) known.count += note.count;
    known.sender = sender;
  }
}

std::vector<GuardNote> GuardNotes::Of(const TenantId& tenant) const {
  const MutexLock lock(mu_);
  return notes_.Of(tenant);
}

}  // namespace tickscope::signals
