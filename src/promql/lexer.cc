#include "promql/lexer.h"

#include <fmt/format.h>

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/duration.h"
#include "promql/literal.h"

namespace tickscope::promql {
namespace {

struct Keyword {
  std::string_view name;
  TokenKind kind;
  BinaryOp op = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
};

constexpr Keyword Word(std::string_view name, BinaryOp op) {
  return {name, TokenKind::kOperator, op};
}
constexpr Keyword Word(std::string_view name, AggregateOp op) {
  return {name, TokenKind::kAggregate, {}, op};
}
constexpr Keyword Word(std::string_view name, TokenKind kind) {
  return {name, kind};
}

constexpr auto kKeywords = std::to_array<Keyword>({
    Word("anchored", TokenKind::kAnchored),
    Word("and", BinaryOp::kAnd),
    Word("atan2", BinaryOp::kAtan2),
    Word("avg", AggregateOp::kAvg),
    Word("bool", TokenKind::kBool),
    Word("bottomk", AggregateOp::kBottomk),
    Word("by", TokenKind::kBy),
    Word("count", AggregateOp::kCount),
    Word("count_values", AggregateOp::kCountValues),
    Word("end", TokenKind::kEndKeyword),
    Word("group", AggregateOp::kGroup),
    Word("group_left", TokenKind::kGroupLeft),
    Word("group_right", TokenKind::kGroupRight),
    Word("ignoring", TokenKind::kIgnoring),
    Word("inf", TokenKind::kNumber),
    Word("limit_ratio", AggregateOp::kLimitRatio),
    Word("limitk", AggregateOp::kLimitk),
    Word("max", AggregateOp::kMax),
    Word("max_of", TokenKind::kMaxOf),
    Word("min", AggregateOp::kMin),
    Word("min_of", TokenKind::kMinOf),
    Word("nan", TokenKind::kNumber),
    Word("offset", TokenKind::kOffset),
    Word("on", TokenKind::kOn),
    Word("or", BinaryOp::kOr),
    Word("quantile", AggregateOp::kQuantile),
    Word("range", TokenKind::kRange),
    Word("smoothed", TokenKind::kSmoothed),
    Word("start", TokenKind::kStart),
    Word("stddev", AggregateOp::kStddev),
    Word("stdvar", AggregateOp::kStdvar),
    Word("step", TokenKind::kStep),
    Word("sum", AggregateOp::kSum),
    Word("topk", AggregateOp::kTopk),
    Word("unless", BinaryOp::kUnless),
    Word("without", TokenKind::kWithout),
});
constexpr std::size_t kKeywordBytesMax = 12;

static_assert(std::ranges::is_sorted(kKeywords, {}, &Keyword::name));

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsAsciiLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsQuote(char c) {
  return c == '"' || c == '\'' || c == '`';
}

const Keyword* FindKeyword(std::string_view word) {
  if (word.size() > kKeywordBytesMax) return nullptr;
  std::array<char, kKeywordBytesMax> letters{};
  std::ranges::transform(word, letters.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string_view lower(letters.data(), word.size());
  const auto it = std::ranges::lower_bound(kKeywords, lower, {}, &Keyword::name);
  return it != kKeywords.end() && it->name == lower ? &*it : nullptr;
}

bool IsAlphanumeric(char c) {
  return IsDigit(c) || IsAsciiLetter(c);
}

// A duration's units after its first number, which ends at `at`: moves behind them, and behind what follows when that cannot.
// Units that are none, such as hs, are found where the duration is read.
bool SkipDurationUnits(std::string_view text, std::size_t& at) {
  const auto take = [&](std::string_view set) {
    return at < text.size() && set.find(text[at]) != std::string_view::npos ? (++at, true) : false;
  };
  if (!take("smhdwy")) return false;
  take("s");
  while (take("0123456789")) {
    while (take("0123456789")) {
    }
    if (!take("smhdw")) return false;
    take("s");
  }
  if (at == text.size() || !IsAlphanumeric(text[at])) return true;
  ++at;
  return false;
}

}  // namespace

Token Lexer::Take(TokenKind kind, std::size_t length) {
  Token token;
  token.kind = kind;
  token.position = {at_, at_ + length};
  token.text = text_.substr(at_, length);
  at_ += length;
  return token;
}

Token Lexer::TakeOperator(BinaryOp op, std::size_t length) {
  Token token = Take(TokenKind::kOperator, length);
  token.op = op;
  return token;
}

Token Lexer::Error(std::size_t position, std::string message) {
  failed_ = true;
  failure_.kind = TokenKind::kError;
  failure_.position = {position, position};
  error_ = std::move(message);
  return failure_;
}

Token Lexer::Unexpected(std::string_view where, std::string_view tail) {
  std::string message = "unexpected character";
  message += where;
  message += ": " + QuoteCharacter(text_.substr(at_));
  message += tail;
  return Error(at_, std::move(message));
}

void Lexer::SkipBlanksAndComments() {
  while (!AtEnd()) {
    if (IsBlank(text_[at_])) {
      ++at_;
    } else if (text_[at_] == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      break;
    }
  }
}

std::size_t Lexer::LetterLength(std::size_t at) const {
  if (at >= text_.size()) return 0;
  if (names_ == NameSyntax::kClassic || static_cast<unsigned char>(text_[at]) < 0x80) return 0;
  static const re2::RE2 kLetter("\\p{L}");
  const std::size_t length = CharacterLength(text_.substr(at));
  return re2::RE2::FullMatch(re2::StringPiece(text_.data() + at, length), kLetter) ? length : 0;
}

std::size_t Lexer::NameLength(std::size_t at, bool colons) const {
  const std::size_t start = at;
  while (at < text_.size()) {
    const char c = text_[at];
    if (IsAsciiLetter(c)) {
      ++at;
      continue;
    }
    const bool inner = at > start && (IsDigit(c) || (c == '.' && names_ == NameSyntax::kUnquotedUtf8));
    const std::size_t length = inner || (c == ':' && colons) ? 1 : LetterLength(at);
    if (length == 0) break;
    at += length;
  }
  return at - start;
}

Token Lexer::ScanNumberOrDuration() {
  in_duration_ = false;
  const std::string_view rest = text_.substr(at_);
  const NumberScan number = ScanNumber(rest);
  std::size_t length = number.length;
  if (number.valid && (length == rest.size() || !IsAlphanumeric(rest[length]))) {
    return Take(TokenKind::kNumber, length);
  }
  if (SkipDurationUnits(rest, length)) return Take(TokenKind::kDuration, length);
  return Error(at_, "bad number or duration syntax: " + Quote(rest.substr(0, length)));
}

Token Lexer::ScanString() {
  const auto length = promql::ScanString(text_.substr(at_));
  if (!length) return Error(at_, length.error().message);
  return Take(TokenKind::kString, *length);
}

Token Lexer::ScanWord(std::size_t length) {
  Token token = Take(TokenKind::kIdentifier, length);
  if (const Keyword* keyword = FindKeyword(token.text)) {
    token.kind = keyword->kind;
    token.op = keyword->op;
    token.aggregate = keyword->aggregate;
  } else if (token.text.find(':') != std::string_view::npos) {
    token.kind = TokenKind::kMetricIdentifier;
  }
  return token;
}

Token Lexer::Next() {
  if (failed_) return failure_;
  if (in_duration_) return NextInDuration();
  SkipBlanksAndComments();
  return in_braces_ ? NextInBraces() : NextInStatement();
}

Token Lexer::NextInBraces() {
  if (AtEnd()) return Error(at_, "unexpected end of input inside braces");
  const char c = text_[at_];
  if (IsQuote(c)) return ScanString();
  if (const std::size_t length = NameLength(at_, false); length > 0)
    return Take(TokenKind::kIdentifier, length);
  switch (c) {
    case ',':
      return Take(TokenKind::kComma, 1);
    case '=':
      return Peek(1) == '~' ? Take(TokenKind::kRegexMatch, 2) : Take(TokenKind::kAssign, 1);
    case '!':
      if (Peek(1) == '~') return Take(TokenKind::kNotRegexMatch, 2);
      if (Peek(1) == '=') return TakeOperator(BinaryOp::kNotEqual, 2);
      return Error(at_,
                   "unexpected character after '!' inside braces: " + QuoteCharacter(text_.substr(at_ + 1)));
    case '{':
      return Error(at_, "unexpected left brace '{'");
    case '}':
      in_braces_ = false;
      return Take(TokenKind::kRightBrace, 1);
    default:
      return Unexpected(" inside braces");
  }
}

Token Lexer::NextInDuration() {
  while (!AtEnd() && IsBlank(text_[at_]))
    ++at_;
  if (AtEnd()) return Error(at_, "unexpected end of input in duration expression");
  const char c = text_[at_];
  if (std::string_view("](),+-*/%^").find(c) != std::string_view::npos) return ScanPunctuation();
  if (c == ':') {
    if (!seen_duration_) return Error(at_ + 1, "unexpected colon before duration in duration expression");
    if (seen_colon_) return Error(at_ + 1, "unexpected repeated colon in duration expression");
    seen_colon_ = true;
    return Take(TokenKind::kColon, 1);
  }
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
    seen_duration_ = true;
    return ScanNumberOrDuration();
  }
  if (std::optional<Token> word = ScanDurationWord()) {
    seen_duration_ = true;
    return *std::move(word);
  }
  return Unexpected(" in duration expression");
}

std::optional<Token> Lexer::ScanDurationWord() {
  std::size_t length = 0;
  while (IsAsciiLetter(Peek(length)))
    ++length;
  const Keyword* const keyword = FindKeyword(text_.substr(at_, length));
  if (keyword == nullptr) return std::nullopt;
  switch (keyword->kind) {
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMinOf:
    case TokenKind::kMaxOf:
      return Take(keyword->kind, length);
    default:
      return std::nullopt;
  }
}

Token Lexer::NextInStatement() {
  if (AtEnd()) {
    if (paren_depth_ > 0) return Error(at_, "unclosed left parenthesis");
    if (in_brackets_) return Error(at_, "unclosed left bracket");
    return Take(TokenKind::kEnd, 0);
  }
  const char c = text_[at_];
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return ScanNumberOrDuration();
  if (IsQuote(c)) return ScanString();
  const std::size_t name_length = NameLength(at_, true);
  if (name_length == 0) return ScanPunctuation();
  if (!in_brackets_) return ScanWord(name_length);
  if (c == ':') {
    if (seen_colon_) return Error(at_, "unexpected colon ':'");
    seen_colon_ = true;
    return Take(TokenKind::kColon, 1);
  }
  if (std::optional<Token> word = ScanDurationWord()) return *std::move(word);
  return Unexpected("", ", expected ':'");
}

Token Lexer::ScanPunctuation() {
  const char next = Peek(1);
  switch (text_[at_]) {
    case ',':
      return Take(TokenKind::kComma, 1);
    case '@':
      return Take(TokenKind::kAt, 1);
    case '+':
      return TakeOperator(BinaryOp::kAdd, 1);
    case '-':
      return TakeOperator(BinaryOp::kSub, 1);
    case '*':
      return TakeOperator(BinaryOp::kMul, 1);
    case '/':
      return TakeOperator(BinaryOp::kDiv, 1);
    case '%':
      return TakeOperator(BinaryOp::kMod, 1);
    case '^':
      return TakeOperator(BinaryOp::kPow, 1);
    case '<':
      if (next == '=') return TakeOperator(BinaryOp::kLessEqual, 2);
      if (next == '/') return TakeOperator(BinaryOp::kTrimUpper, 2);
      return TakeOperator(BinaryOp::kLess, 1);
    case '>':
      if (next == '=') return TakeOperator(BinaryOp::kGreaterEqual, 2);
      if (next == '/') return TakeOperator(BinaryOp::kTrimLower, 2);
      return TakeOperator(BinaryOp::kGreater, 1);
    case '=':
      if (next == '=') return TakeOperator(BinaryOp::kEqual, 2);
      if (next == '~') return Error(at_, "unexpected character after '=': '~'");
      return Take(TokenKind::kAssign, 1);
    case '!':
      if (next == '=') return TakeOperator(BinaryOp::kNotEqual, 2);
      return Error(at_, "unexpected character after '!': " + QuoteCharacter(text_.substr(at_ + 1)));
    case '(':
      ++paren_depth_;
      return Take(TokenKind::kLeftParen, 1);
    case ')':
      if (paren_depth_ == 0) return Error(at_ + 1, "unexpected right parenthesis ')'");
      --paren_depth_;
      return Take(TokenKind::kRightParen, 1);
    case '{':
      in_braces_ = true;
      return Take(TokenKind::kLeftBrace, 1);
    case '[':
      if (in_brackets_) return Error(at_, "unexpected left bracket '['");
      in_brackets_ = in_duration_ = true;
      seen_duration_ = seen_colon_ = false;
      return Take(TokenKind::kLeftBracket, 1);
    case ']':
      if (!in_brackets_) return Error(at_, "unexpected right bracket ']'");
      in_brackets_ = in_duration_ = false;
      return Take(TokenKind::kRightBracket, 1);
    default:
      return Unexpected("");
  }
}

namespace {

// Long literals are cut: an expression may be one.
std::string QuoteShort(std::string_view text) {
  constexpr int kCharactersMax = 10;
  if (text.size() <= kCharactersMax) return Quote(text);
  std::size_t length = 0;
  for (int i = 0; i < kCharactersMax && length < text.size(); ++i)
    length += CharacterLength(text.substr(length));
  return Quote(text.substr(0, length)) + "...";
}

}  // namespace

std::string DescribeToken(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "end of input";
    case TokenKind::kIdentifier:
      return "identifier " + Quote(token.text);
    case TokenKind::kMetricIdentifier:
      return "metric identifier " + Quote(token.text);
    case TokenKind::kNumber:
      return "number " + QuoteShort(token.text);
    case TokenKind::kDuration:
      return "duration " + QuoteShort(token.text);
    case TokenKind::kString:
      return "string " + QuoteShort(token.text);
    case TokenKind::kAt:
    case TokenKind::kRegexMatch:
    case TokenKind::kNotRegexMatch:
      return fmt::format("<op:{}>", token.text);
    case TokenKind::kOperator:
      return fmt::format("<op:{}>", token.text);
    case TokenKind::kAggregate:
      return fmt::format("<aggr:{}>", token.text);
    case TokenKind::kBy:
    case TokenKind::kWithout:
    case TokenKind::kOn:
    case TokenKind::kIgnoring:
    case TokenKind::kGroupLeft:
    case TokenKind::kGroupRight:
    case TokenKind::kBool:
    case TokenKind::kOffset:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
      return fmt::format("<{}>", token.text);
    default:
      return Quote(token.text);
  }
}

bool IsWordOperator(const Token& token) {
  return token.kind == TokenKind::kOperator && (token.op == BinaryOp::kAtan2 || IsSetOperator(token.op));
}

}  // namespace tickscope::promql
