#include "model/value_regex.h"

#include <re2/re2.h>

#include "model/trigrams.h"

namespace tickscope {
namespace {

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

std::unique_ptr<const re2::RE2> Compile(std::string_view expression) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_dot_nl(true);
  options.set_max_mem(4 << 20);
  options.set_never_capture(true);
  return std::make_unique<const re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
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

ValueRegex::ValueRegex(std::string_view expression)
    : expression_(expression), pattern_(TextPattern::Parse(expression)) {}
ValueRegex::~ValueRegex() = default;

Result<std::shared_ptr<const ValueRegex>> ValueRegex::Make(std::string_view expression) {
  const std::shared_ptr<ValueRegex> made(new ValueRegex(expression));
  if (made->pattern_) return made;
  // Anchored where that cannot change what it says: then the range is known without compiling once more.
  if (IsPlainInside(expression)) made->regex_ = Compile(Anchored(expression));
  if (made->regex_ == nullptr || !made->regex_->ok()) made->regex_ = Compile(expression);
  if (!made->regex_->ok()) return Fail(ErrorCode::kInvalidArgument, RegexpErrorText(*made->regex_));
  return made;
}

bool ValueRegex::Matches(std::string_view value) const {
  if (pattern_) return pattern_->Matches(value);
  return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
}

const std::vector<std::string>& ValueRegex::literals() const {
  static const std::vector<std::string> kNone;
  return pattern_ ? pattern_->literals() : kNone;
}

void ValueRegex::FindHints() const {
  if (pattern_) {
    hints_ = {pattern_->Range(), pattern_->NeededTrigrams()};
    return;
  }
  // The range is worked out for expressions that begin with ^ only.
  const bool is_anchored = IsPlainInside(expression_);
  const std::unique_ptr<const re2::RE2> compiled = is_anchored ? nullptr : Compile(Anchored(expression_));
  const re2::RE2& anchored = is_anchored ? *regex_ : *compiled;
  std::string first;
  std::string last;
  if (anchored.ok() && anchored.PossibleMatchRange(&first, &last, kRangeBytes))
    hints_.range = {std::move(first), std::move(last)};
  hints_.needed_trigrams = NeededTrigrams(expression_);
}

}  // namespace tickscope
