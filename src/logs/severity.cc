#include "logs/severity.h"

#include <array>
#include <utility>

#include "guard/text_class.h"

namespace tickscope::logs {
namespace {

constexpr std::array<std::pair<std::string_view, Severity>, 26> kWords = {{
    {"trace", Severity::kTrace},     {"verbose", Severity::kTrace},    {"trc", Severity::kTrace},
    {"debug", Severity::kDebug},     {"dbg", Severity::kDebug},        {"fine", Severity::kDebug},
    {"info", Severity::kInfo},       {"information", Severity::kInfo}, {"inf", Severity::kInfo},
    {"notice", Severity::kInfo},     {"log", Severity::kInfo},         {"display", Severity::kInfo},
    {"warn", Severity::kWarn},       {"warning", Severity::kWarn},     {"wrn", Severity::kWarn},
    {"error", Severity::kError},     {"err", Severity::kError},        {"eror", Severity::kError},
    {"severe", Severity::kError},    {"exception", Severity::kError},  {"fatal", Severity::kFatal},
    {"critical", Severity::kFatal},  {"crit", Severity::kFatal},       {"alert", Severity::kFatal},
    {"emergency", Severity::kFatal}, {"panic", Severity::kFatal},
}};
constexpr std::size_t kWordBytesMax = 11;

// Words that stand for themselves in a line's head. "LOG" and "FINE" are words of sentences.
bool StandsAlone(std::string_view word) {
  return word != "LOG" && word != "FINE" && word != "DISPLAY";
}

Severity SeverityOfLetter(char letter) {
  switch (guard::ToLower(letter)) {
    case 't':
      return Severity::kTrace;
    case 'd':
      return Severity::kDebug;
    case 'i':
      return Severity::kInfo;
    case 'w':
      return Severity::kWarn;
    case 'e':
      return Severity::kError;
    case 'f':
    case 'c':
      return Severity::kFatal;
    default:
      return Severity::kUnknown;
  }
}

bool IsKey(std::string_view word) {
  std::array<char, 8> lower{};
  if (word.size() > lower.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    lower[i] = guard::ToLower(word[i]);
  const std::string_view key(lower.data(), word.size());
  return key == "level" || key == "lvl" || key == "severity" || key == "loglevel";
}

// The value behind a key that ends at `at`: =value, ="value", ":"value", : value.
std::string_view ValueBehind(std::string_view head, std::size_t at) {
  if (at < head.size() && head[at] == '"') ++at;
  if (at >= head.size() || (head[at] != '=' && head[at] != ':')) return {};
  ++at;
  while (at < head.size() && (head[at] == ' ' || head[at] == '"'))
    ++at;
  std::size_t end = at;
  while (end < head.size() && guard::IsOf(head[end], guard::kClassLetter))
    ++end;
  return head.substr(at, end - at);
}

bool IsCapitals(std::string_view word) {
  for (const char c : word) {
    if (c < 'A' || c > 'Z') return false;
  }
  return true;
}

// "E1126 15:04:05.000000": glog and klog.
Severity SeverityOfGlog(std::string_view head) {
  if (head.size() < 6 || head[5] != ' ') return Severity::kUnknown;
  for (std::size_t i = 1; i < 5; ++i) {
    if (!guard::IsDigit(head[i])) return Severity::kUnknown;
  }
  const bool is_letter = head[0] == 'I' || head[0] == 'W' || head[0] == 'E' || head[0] == 'F';
  return is_letter ? SeverityOfLetter(head[0]) : Severity::kUnknown;
}

}  // namespace

std::string_view SeverityName(Severity severity) {
  constexpr std::array<std::string_view, kSeverities> kNames = {"unknown", "trace", "debug", "info",
                                                                "warn",    "error", "fatal"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::optional<Severity> ParseSeverity(std::string_view word) {
  if (word.size() == 1) {
    const Severity of_letter = SeverityOfLetter(word[0]);
    if (of_letter != Severity::kUnknown) return of_letter;
    return std::nullopt;
  }
  if (word.empty() || word.size() > kWordBytesMax) return std::nullopt;
  std::array<char, kWordBytesMax> lower{};
  for (std::size_t i = 0; i < word.size(); ++i)
    lower[i] = guard::ToLower(word[i]);
  for (const auto& [name, severity] : kWords) {
    if (name == std::string_view(lower.data(), word.size())) return severity;
  }
  return std::nullopt;
}

Severity SeverityOfSyslog(unsigned number) {
  constexpr std::array<Severity, 8> kBy = {Severity::kFatal, Severity::kFatal, Severity::kFatal,
                                           Severity::kError, Severity::kWarn,  Severity::kInfo,
                                           Severity::kInfo,  Severity::kDebug};
  return number < kBy.size() ? kBy[number] : Severity::kUnknown;
}

Severity DetectSeverity(std::string_view line) {
  const std::string_view head = line.substr(0, kSeverityBytes);
  const auto is_of_word = [](char c) { return guard::IsOf(c, guard::kClassAlnum) || c == '_'; };
  Severity standing = SeverityOfGlog(head);
  for (std::size_t at = 0; at < head.size();) {
    if (!is_of_word(head[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < head.size() && is_of_word(head[end]))
      ++end;
    const std::string_view word = head.substr(at, end - at);
    const char before = at == 0 ? ' ' : head[at - 1];
    const char behind = end < head.size() ? head[end] : ' ';
    at = end;
    if (IsKey(word)) {
      if (const auto said = ParseSeverity(ValueBehind(head, end))) return *said;
    }
    if (standing != Severity::kUnknown || word.size() == 1 || before == '-' || before == '.' ||
        behind == '=' || behind == '.')
      continue;
    const bool is_first = word.data() == head.data();
    const bool is_marked =
        IsCapitals(word) || (before == '[' && behind == ']') || (is_first && behind == ':');
    if (!is_marked || !StandsAlone(word)) continue;
    if (const auto said = ParseSeverity(word)) standing = *said;
  }
  return standing;
}

}  // namespace tickscope::logs
