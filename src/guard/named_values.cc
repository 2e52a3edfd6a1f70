#include "guard/named_values.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include "guard/secret_forms.h"
#include "guard/text_class.h"

namespace tickscope::guard {
namespace {

constexpr std::size_t kNameMax = 24;
constexpr std::size_t kQuotesMax = 3;  // And spaces, between a name and its mark.
constexpr std::size_t kValueMax = 4096;

// Without _ and -, in lower case. Sorted.
constexpr std::string_view kPlayerFields[] = {
    "accountid", "characterid", "charactername", "discordid",  "displayname", "epicid", "gamertag",
    "nickname",  "playerguid",  "playerid",      "playername", "playeruid",   "psnid",  "steamid",
    "steamid64", "userid",      "username",      "xboxid",     "xuid"};
constexpr std::string_view kSecretFields[] = {
    "accesskey",    "accesstoken", "apikey",    "apitoken",   "authorization", "authtoken",
    "clientsecret", "passphrase",  "passwd",    "password",   "privatekey",    "pwd",
    "refreshtoken", "secret",      "secretkey", "sessionkey", "sessiontoken",  "token"};

bool IsNameByte(char c) {
  return IsOf(c, kClassAlnum) || c == '_' || c == '-';
}

bool IsQuote(char c) {
  return c == '"' || c == '\'' || c == '\\';
}

bool EndsValue(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ';' || c == '&' || c == '|' ||
         c == ')' || c == ']' || c == '}' || c == '<' || c == '>';
}

bool SaysNothing(std::string_view value) {
  constexpr std::string_view kNothing[] = {"false", "n/a",  "nil",       "none",
                                           "null",  "true", "undefined", "unknown"};
  if (value.size() < 4 || IsToken(value)) return true;
  if (std::ranges::all_of(value,
                          [](char c) { return c == '*' || c == 'x' || c == 'X' || c == '-' || c == '.'; }))
    return true;
  return std::ranges::any_of(kNothing, [&](std::string_view nothing) {
    return std::ranges::equal(value, nothing, [](char a, char b) { return ToLower(a) == b; });
  });
}

}  // namespace

std::optional<PiiKind> KindOfField(std::string_view name) {
  std::array<char, kNameMax> lower{};
  std::size_t size = 0;
  for (const char c : name) {
    if (c == '_' || c == '-') continue;
    if (size == lower.size()) return std::nullopt;
    lower[size++] = ToLower(c);
  }
  static constexpr std::array<std::uint32_t, 26> kLengths = [] {
    std::array<std::uint32_t, 26> lengths{};
    for (const auto* const fields : {&kPlayerFields[0], &kSecretFields[0]}) {
      const std::size_t count =
          fields == &kPlayerFields[0] ? std::size(kPlayerFields) : std::size(kSecretFields);
      for (std::size_t i = 0; i < count; ++i)
        lengths[static_cast<std::size_t>(fields[i][0] - 'a')] |= 1U << fields[i].size();
    }
    return lengths;
  }();
  if (size == 0 || !IsOf(lower[0], kClassLetter) ||
      (kLengths[static_cast<std::size_t>(lower[0] - 'a')] >> size & 1U) == 0)
    return std::nullopt;
  const std::string_view folded(lower.data(), size);
  if (std::ranges::binary_search(kPlayerFields, folded)) return PiiKind::kPlayerId;
  if (std::ranges::binary_search(kSecretFields, folded)) return PiiKind::kKey;
  return std::nullopt;
}

bool MayEndFieldName(std::string_view text, std::size_t at) {
  static constexpr std::array<std::uint64_t, 128> kLastTwo = [] {
    std::array<std::uint64_t, 128> pairs{};
    const auto add = [&](std::string_view name) {
      const auto last = static_cast<unsigned>(name[name.size() - 1]);
      const auto before = static_cast<unsigned>(name[name.size() - 2]);
      pairs[last] |= std::uint64_t{1} << (before & 63U);
    };
    for (const std::string_view name : kPlayerFields)
      add(name);
    for (const std::string_view name : kSecretFields)
      add(name);
    return pairs;
  }();
  for (std::size_t i = 0; i < kQuotesMax && at > 0 && (IsQuote(text[at - 1]) || text[at - 1] == ' '); ++i)
    --at;
  if (at < 2) return false;
  const char last = ToLower(text[at - 1]);
  const char before = ToLower(text[at - 2]);
  if (last == '_' || last == '-') return true;
  const auto row = static_cast<unsigned char>(last);
  if (row >= 128 || kLastTwo[row] == 0) return false;
  return before == '_' || before == '-' ||
         (kLastTwo[row] >> (static_cast<unsigned char>(before) & 63U) & 1U) != 0;
}

std::optional<PiiFinding> FindNamedValue(std::string_view text, std::size_t at) {
  std::size_t name_end = at;
  while (name_end > 0 && at - name_end < kQuotesMax &&
         (IsQuote(text[name_end - 1]) || text[name_end - 1] == ' '))
    --name_end;
  std::size_t name_begin = name_end;
  while (name_begin > 0 && name_end - name_begin <= kNameMax && IsNameByte(text[name_begin - 1]))
    --name_begin;
  if (name_end - name_begin < 3) return std::nullopt;
  const auto kind = KindOfField(text.substr(name_begin, name_end - name_begin));
  if (!kind) return std::nullopt;

  std::size_t begin = at + 1;
  bool is_quoted = false;
  while (begin < text.size() && begin - at < 5 && (text[begin] == ' ' || IsQuote(text[begin])))
    is_quoted = IsQuote(text[begin++]) || is_quoted;
  // "token: expected ..." is prose; a field is quoted, or has =.
  const std::string_view rest = text.substr(begin, 8);
  bool is_scheme = false;
  for (const std::string_view scheme : {"Bearer ", "bearer ", "Basic ", "basic "}) {
    if (!rest.starts_with(scheme)) continue;
    begin += scheme.size();
    is_scheme = true;
  }
  if (*kind == PiiKind::kKey && text[at] == ':' && !is_quoted && !is_scheme) return std::nullopt;
  std::size_t end = begin;
  while (end < text.size() && end - begin < kValueMax &&
         !(is_quoted ? IsQuote(text[end]) || text[end] == '\n' : EndsValue(text[end]) || IsQuote(text[end])))
    ++end;
  if (SaysNothing(text.substr(begin, end - begin))) return std::nullopt;
  return PiiFinding{*kind, begin, end};
}

}  // namespace tickscope::guard
