#include "otlp/translation.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tickscope::otlp {
namespace {

using UnitWord = std::pair<std::string_view, std::string_view>;

// Units of UCUM that OpenTelemetry's conventions use, and the words Prometheus has for them.
constexpr std::array<UnitWord, 26> kUnits = {{{"d", "days"},          {"h", "hours"},
                                              {"min", "minutes"},     {"s", "seconds"},
                                              {"ms", "milliseconds"}, {"us", "microseconds"},
                                              {"ns", "nanoseconds"},  {"By", "bytes"},
                                              {"KiBy", "kibibytes"},  {"MiBy", "mebibytes"},
                                              {"GiBy", "gibibytes"},  {"TiBy", "tibibytes"},
                                              {"KBy", "kilobytes"},   {"MBy", "megabytes"},
                                              {"GBy", "gigabytes"},   {"TBy", "terabytes"},
                                              {"m", "meters"},        {"V", "volts"},
                                              {"A", "amperes"},       {"J", "joules"},
                                              {"W", "watts"},         {"g", "grams"},
                                              {"Cel", "celsius"},     {"Hz", "hertz"},
                                              {"%", "percent"},       {"1", ""}}};
// After "per".
constexpr std::array<UnitWord, 7> kPerUnits = {{{"s", "second"},
                                                {"m", "minute"},
                                                {"h", "hour"},
                                                {"d", "day"},
                                                {"w", "week"},
                                                {"mo", "month"},
                                                {"y", "year"}}};

constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool IsLetterOrDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

template <typename Table>
std::string_view WordOf(const Table& table, std::string_view unit) {
  const auto found = std::ranges::find(table, unit, &UnitWord::first);
  return found == table.end() ? unit : found->second;
}

// The two halves of "By/s" in words: bytes, per_second. Annotations ("{player}") are no units.
struct UnitWords {
  std::string_view main;
  std::string per;
};

UnitWords WordsOf(std::string_view unit) {
  const std::size_t slash = unit.find('/');
  const auto is_unit = [](std::string_view half) {
    return !half.empty() && half.find_first_of("{}") == std::string_view::npos;
  };
  UnitWords words;
  const std::string_view main = Trimmed(unit.substr(0, slash));
  if (is_unit(main)) words.main = WordOf(kUnits, main);
  if (slash == std::string_view::npos) return words;
  const std::string_view per = Trimmed(unit.substr(slash + 1));
  if (!is_unit(per)) return words;
  words.per = "per_";
  words.per += WordOf(kPerUnits, per);
  return words;
}

// Letters, digits and single underscores, none of these in front.
std::string CleanUnit(std::string_view unit) {
  std::string clean;
  for (const char c : unit) {
    if (IsLetterOrDigit(c) || c == ':') {
      clean += c;
    } else if (!clean.empty() && clean.back() != '_') {
      clean += '_';
    }
  }
  return clean;
}

// The unit's words as pieces of a name; either may be empty.
std::array<std::string, 2> UnitPieces(std::string_view unit) {
  const UnitWords words = WordsOf(unit);
  std::array<std::string, 2> pieces = {CleanUnit(words.main), CleanUnit(words.per)};
  auto& [main, per] = pieces;
  if (per.ends_with('_')) per.pop_back();
  if (per == "per") per.clear();
  if (!per.empty() && main.ends_with('_')) main.pop_back();
  return pieces;
}

// Pieces of the name between what a metric name cannot have; with `keeps_underscores` these are no ends.
std::vector<std::string> PiecesOf(std::string_view name, bool keeps_underscores) {
  std::vector<std::string> pieces;
  bool in_piece = false;
  for (const char c : name) {
    if (!IsLetterOrDigit(c) && c != ':' && !(keeps_underscores && c == '_')) {
      in_piece = false;
      continue;
    }
    if (!in_piece) pieces.emplace_back();
    in_piece = true;
    pieces.back() += c;
  }
  return pieces;
}

void MoveToEnd(std::vector<std::string>& pieces, std::string_view word) {
  std::erase(pieces, word);
  pieces.emplace_back(word);
}

std::string Joined(const std::vector<std::string>& pieces) {
  std::string name;
  for (const std::string& piece : pieces) {
    if (!name.empty()) name += '_';
    name += piece;
  }
  if (name.find_first_not_of('_') == std::string::npos) return {};
  if (IsDigit(name.front())) name.insert(name.begin(), '_');
  return name;
}

std::string EscapedName(std::string_view name, std::string_view unit, NameKind kind) {
  std::vector<std::string> pieces = PiecesOf(name, false);
  const std::array<std::string, 2> words = UnitPieces(unit);
  for (const std::string& word : words) {
    if (!word.empty() && std::ranges::find(pieces, word) == pieces.end()) pieces.push_back(word);
  }
  if (kind == NameKind::kCounter) MoveToEnd(pieces, "total");
  if (kind == NameKind::kGauge && unit == "1") MoveToEnd(pieces, "ratio");
  return Joined(pieces);
}

// The name without `word` and what is before it, when it ends in that; it is put at the very end later.
void CutWord(std::string& name, std::string_view word) {
  if (name.ends_with(word) && name.size() > word.size() + 1) name.resize(name.size() - word.size() - 1);
}

std::string SuffixedName(std::string_view name, std::string_view unit, NameKind kind) {
  std::string out(name);
  const UnitWords words = WordsOf(unit);
  std::string_view last;
  if (kind == NameKind::kCounter) last = "total";
  if (kind == NameKind::kGauge && unit == "1") last = "ratio";
  if (!last.empty()) CutWord(out, last);
  if (!words.per.empty()) CutWord(out, words.per);
  if (!words.main.empty() && !out.ends_with(words.main)) out.append("_").append(words.main);
  if (!words.per.empty()) out.append("_").append(words.per);
  if (!last.empty()) out.append("_").append(last);
  return out;
}

bool IsUnderscores(std::string_view text) {
  return text.find_first_not_of('_') == std::string_view::npos;
}

}  // namespace

std::string MetricName(NameStrategy strategy, std::string_view name, std::string_view unit, NameKind kind) {
  if (name.empty()) return {};
  switch (strategy) {
    case NameStrategy::kUnderscoreEscapingWithSuffixes:
      return EscapedName(name, unit, kind);
    case NameStrategy::kUnderscoreEscapingWithoutSuffixes:
      return Joined(PiecesOf(name, true));
    case NameStrategy::kNoUTF8EscapingWithSuffixes:
      return SuffixedName(name, unit, kind);
    case NameStrategy::kNoTranslation:
      return std::string(name);
  }
  return {};
}

std::string LabelName(NameStrategy strategy, std::string_view attribute) {
  if (strategy == NameStrategy::kNoUTF8EscapingWithSuffixes || strategy == NameStrategy::kNoTranslation)
    return IsUnderscores(attribute) ? std::string() : std::string(attribute);
  std::string name;
  name.reserve(attribute.size() + 4);
  for (const char c : attribute) {
    // Bytes that continue a character of several went with its first.
    if ((static_cast<unsigned char>(c) & 0xc0U) == 0x80U) continue;
    name += IsLetterOrDigit(c) ? c : '_';
  }
  if (name.empty()) return name;
  if (IsDigit(name.front())) return name.insert(0, "key_");
  if (name.starts_with('_') && !name.starts_with("__")) return name.insert(0, "key");
  return IsUnderscores(name) ? std::string() : name;
}

std::string UnitName(std::string_view unit) {
  auto [name, per] = UnitPieces(unit);
  if (!name.empty() && !per.empty()) name += '_';
  return name.append(per);
}

}  // namespace tickscope::otlp
