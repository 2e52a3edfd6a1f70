#include "base/glob.h"

#include <optional>

namespace tickscope {
namespace {

// Of a set that begins at '[': bytes it takes and whether it has the character.
struct SetMatch {
  std::size_t bytes = 0;
  bool has = false;
};
std::optional<SetMatch> MatchSet(std::string_view pattern, char c) {
  std::size_t at = 1;
  const bool is_negative = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  at += is_negative ? 1 : 0;
  bool has = false;
  for (const std::size_t begin = at; at < pattern.size(); ++at) {
    if (pattern[at] == ']' && at > begin) return SetMatch{at + 1, has != is_negative};
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      has = has || (pattern[at] <= c && c <= pattern[at + 2]);
      at += 2;
    } else {
      has = has || pattern[at] == c;
    }
  }
  return std::nullopt;
}

// Bytes of the pattern that match one character; 0 when they do not.
std::size_t MatchOne(std::string_view pattern, char c) {
  if (pattern.empty()) return 0;
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '[') {
    if (const auto set = MatchSet(pattern, c)) return set->has ? set->bytes : 0;
  }
  return pattern[0] == c ? 1 : 0;
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view name, HiddenNames hidden) {
  if (hidden == HiddenNames::kOnlyNamed && name.starts_with('.') && !pattern.starts_with('.')) return false;
  std::size_t at = 0;
  std::size_t of = 0;
  // Where the last '*' is, and how much of the name it has taken: only that one ever needs to take more.
  std::optional<std::size_t> star;
  std::size_t taken = 0;
  while (at < name.size()) {
    if (of < pattern.size() && pattern[of] == '*') {
      star = of++;
      taken = at;
    } else if (const std::size_t bytes = MatchOne(pattern.substr(of), name[at]); bytes > 0) {
      of += bytes;
      ++at;
    } else if (star) {
      of = *star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  while (of < pattern.size() && pattern[of] == '*')
    ++of;
  return of == pattern.size();
}

}  // namespace tickscope
