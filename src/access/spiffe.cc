#include "access/spiffe.h"

#include <algorithm>
#include <utility>

namespace tickscope::access {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::size_t kTrustDomainBytesMax = 255;
constexpr std::string_view kTenant = "{tenant}";
constexpr std::string_view kSender = "{sender}";

bool IsDomainByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool IsSegmentByte(char c) {
  return IsDomainByte(c) || (c >= 'A' && c <= 'Z');
}

bool IsSegment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." && std::ranges::all_of(segment, IsSegmentByte);
}

// What may be shown of a text that anybody chose.
std::string Quote(std::string_view text) {
  constexpr std::size_t kShownMax = 80;
  std::string quoted = "\"";
  for (const char c : text.substr(0, kShownMax))
    quoted += c > ' ' && c < '\x7f' && c != '"' ? c : '?';
  return quoted.append(text.size() > kShownMax ? "...\"" : "\"");
}

std::unexpected<Error> FailId(std::string_view what, std::string_view text) {
  return Fail(ErrorCode::kPermissionDenied,
              std::string("no SPIFFE id: ").append(what).append(": got ").append(Quote(text)));
}

// Segments of a path that begins with '/'.
std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

}  // namespace

Result<SpiffeId> ParseSpiffeId(std::string_view text) {
  if (text.size() > kSpiffeIdBytesMax) return FailId("longer than 2048 bytes", text);
  if (!text.starts_with(kScheme)) return FailId("want spiffe://", text);
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view domain = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  if (domain.empty() || domain.size() > kTrustDomainBytesMax || !std::ranges::all_of(domain, IsDomainByte))
    return FailId("bad trust domain", text);
  if (!path.empty() && !std::ranges::all_of(Split(path), IsSegment)) return FailId("bad path", text);
  return SpiffeId{std::string(domain), std::string(path)};
}

Result<PathPattern> PathPattern::Parse(std::string_view text) {
  PathPattern pattern;
  if (!text.starts_with('/')) return Fail(ErrorCode::kInvalidArgument, "a path begins with /");
  for (const std::string_view segment : Split(text)) {
    bool* const captures = segment == kTenant   ? &pattern.captures_tenant_
                           : segment == kSender ? &pattern.captures_sender_
                                                : nullptr;
    if (captures != nullptr && std::exchange(*captures, true))
      return Fail(ErrorCode::kInvalidArgument, std::string(segment).append(" is there twice"));
    if (captures == nullptr && !IsSegment(segment)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "a segment is {tenant}, {sender}, or letters, digits, '.', '-' and '_'");
    }
    pattern.segments_.emplace_back(segment);
  }
  return pattern;
}

std::optional<PathPattern::Captured> PathPattern::Match(std::string_view path) const {
  const std::vector<std::string_view> segments = Split(path);
  if (segments.size() != segments_.size()) return std::nullopt;
  Captured captured;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments_[i] == kTenant) {
      captured.tenant = segments[i];
    } else if (segments_[i] == kSender) {
      captured.sender = segments[i];
    } else if (segments_[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return captured;
}

}  // namespace tickscope::access
