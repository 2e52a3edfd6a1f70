#include "model/matcher.h"

#include <re2/re2.h>

#include <algorithm>

namespace tickscope {
namespace {

// Splits "a|b|c" when no character has a meaning in a regular expression. Bounded: beyond this many
// alternatives one automaton pass over the values is cheaper than the list is worth.
constexpr std::size_t kLiteralsMax = 256;

// How much of a prefix is told apart.
constexpr int kRangeBytes = 32;

// The expression as one that must match all of a text.
std::string Anchored(std::string_view expression) {
  std::string anchored = "^(?:";
  anchored.append(expression).append(")$");
  return anchored;
}

// Whether the expression means the same between parentheses, or is as bad there: none of its own that could close ours,
// and no quotation that could run over it.
bool IsPlainInside(std::string_view expression) {
  return expression.find_first_of("()") == std::string_view::npos &&
         expression.find("\\Q") == std::string_view::npos;
}

std::vector<std::string> SplitLiterals(std::string_view expression) {
  if (expression.find_first_of("\\.+*?()[]{}^$") != std::string_view::npos) return {};
  std::vector<std::string> literals;
  while (true) {
    const std::size_t bar = expression.find('|');
    literals.emplace_back(expression.substr(0, bar));
    if (literals.size() > kLiteralsMax) return {};
    if (bar == std::string_view::npos) break;
    expression.remove_prefix(bar + 1);
  }
  std::sort(literals.begin(), literals.end());
  literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
  return literals;
}

// In the words of the language of Prometheus, which users search for.
std::string RegexpErrorText(const re2::RE2& regex) {
  const auto what = [&]() -> std::string_view {
    switch (regex.error_code()) {
      case re2::RE2::ErrorBadEscape:
        return "invalid escape sequence";
      case re2::RE2::ErrorBadCharClass:
        return "invalid character class";
      case re2::RE2::ErrorBadCharRange:
        return "invalid character class range";
      case re2::RE2::ErrorMissingBracket:
        return "missing closing ]";
      case re2::RE2::ErrorMissingParen:
        return "missing closing )";
      case re2::RE2::ErrorUnexpectedParen:
        return "unexpected )";
      case re2::RE2::ErrorTrailingBackslash:
        return "trailing backslash at end of expression";
      case re2::RE2::ErrorRepeatArgument:
        return "missing argument to repetition operator";
      case re2::RE2::ErrorRepeatSize:
        return "invalid repeat count";
      case re2::RE2::ErrorRepeatOp:
        return "invalid nested repetition operator";
      case re2::RE2::ErrorBadPerlOp:
        return "invalid or unsupported Perl syntax";
      case re2::RE2::ErrorBadUTF8:
        return "invalid UTF-8";
      case re2::RE2::ErrorBadNamedCapture:
        return "invalid named capture";
      default:
        return "expression too large";
    }
  }();
  std::string text = "error parsing regexp: ";
  text += what;
  if (!regex.error_arg().empty()) text.append(": `").append(regex.error_arg()).append("`");
  return text;
}

}  // namespace

std::string_view MatchTypeText(MatchType type) {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegex:
      return "=~";
    case MatchType::kNotRegex:
      return "!~";
  }
  std::unreachable();
}

Result<Matcher> Matcher::Make(MatchType type, std::string_view name, std::string_view value) {
  Matcher matcher;
  matcher.type_ = type;
  matcher.name_ = name;
  matcher.value_ = value;
  if (type == MatchType::kRegex || type == MatchType::kNotRegex) {
    matcher.literals_ = SplitLiterals(value);
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_dot_nl(true);
    options.set_max_mem(4 << 20);
    options.set_never_capture(true);
    const auto compile = [&options](std::string_view text) {
      return std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
    };
    // Compiling is most of what a matcher costs, so most expressions are compiled once, anchored.
    std::shared_ptr<const re2::RE2> anchored;
    if (IsPlainInside(value)) anchored = compile(Anchored(value));
    if (anchored == nullptr || !anchored->ok()) {
      matcher.regex_ = compile(value);
      if (!matcher.regex_->ok()) {
        return Fail(ErrorCode::kInvalidArgument, RegexpErrorText(*matcher.regex_));
      }
      anchored = matcher.literals_.empty() ? compile(Anchored(value)) : nullptr;
    } else {
      matcher.regex_ = anchored;
    }
    if (matcher.literals_.empty()) {
      // The range is worked out for expressions that begin with ^ only.
      std::string first;
      std::string last;
      if (anchored->ok() && anchored->PossibleMatchRange(&first, &last, kRangeBytes)) {
        matcher.value_range_ = {std::move(first), std::move(last)};
      }
      matcher.needed_trigrams_ = NeededTrigrams(value);
    }
  }
  matcher.matches_empty_ = matcher.Matches("");
  return matcher;
}

Matcher Matcher::Equal(std::string_view name, std::string_view value) {
  Matcher matcher;
  matcher.name_ = name;
  matcher.value_ = value;
  matcher.matches_empty_ = value.empty();
  return matcher;
}

bool Matcher::Matches(std::string_view value) const {
  switch (type_) {
    case MatchType::kEqual:
      return value == value_;
    case MatchType::kNotEqual:
      return value != value_;
    case MatchType::kRegex:
    case MatchType::kNotRegex: {
      const bool found = literals_.empty()
                             ? re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_)
                             : std::binary_search(literals_.begin(), literals_.end(), value);
      return found == (type_ == MatchType::kRegex);
    }
  }
  std::unreachable();
}

std::string Matcher::ToString() const {
  std::string out = IsClassicLabelName(name_) ? name_ : '"' + name_ + '"';
  out += MatchTypeText(type_);
  out += '"';
  for (const char c : value_) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

bool MatchesAll(const std::vector<Matcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& m) { return m.Matches(labels.Get(m.name())); });
}

}  // namespace tickscope
