#include "promql/lexer.h"

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
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto it = std::ranges::lower_bound(kKeywords, lower, {}, &Keyword::name);
  return it != kKeywords.end() && it->name == lower ? &*it : nullptr;
}

// Bytes of the longest run of "<digits><unit>" pairs.
std::size_t DurationLength(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t digits_at = at;
    while (at < text.size() && IsDigit(text[at]))
      ++at;
    if (at == digits_at || at == text.size()) break;
    if (text.substr(at).starts_with("ms")) {
      at += 2;
    } else if (std::string_view("ywdhms").find(text[at]) != std::string_view::npos) {
      at += 1;
    } else {
      break;
    }
    length = at;
  }
  return length;
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
  failure_.error = std::move(message);
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
  if (IsAsciiLetter(text_[at])) return 1;
  if (names_ == NameSyntax::kClassic || static_cast<unsigned char>(text_[at]) < 0x80) return 0;
  static const re2::RE2 kLetter("\\p{L}");
  const std::size_t length = CharacterLength(text_.substr(at));
  return re2::RE2::FullMatch(re2::StringPiece(text_.data() + at, length), kLetter) ? length : 0;
}

std::size_t Lexer::NameLength(std::size_t at, bool colons) const {
  const std::size_t start = at;
  while (at < text_.size()) {
    const char c = text_[at];
    const bool inner = at > start && (IsDigit(c) || (c == '.' && names_ == NameSyntax::kUnquotedUtf8));
    const std::size_t length = inner || (c == ':' && colons) ? 1 : LetterLength(at);
    if (length == 0) break;
    at += length;
  }
  return at - start;
}

Token Lexer::ScanNumberOrDuration() {
  const std::string_view rest = text_.substr(at_);
  const NumberScan number = ScanNumber(rest);
  const auto ends_at = [&](std::size_t length) {
    return length == rest.size() || (!IsDigit(rest[length]) && !IsAsciiLetter(rest[length]));
  };
  if (number.valid && ends_at(number.length) &&
      (number.length == rest.size() || rest[number.length] != '.')) {
    return Take(TokenKind::kNumber, number.length);
  }
  if (const std::size_t length = DurationLength(rest); length > 0 && ends_at(length)) {
    if (const auto ms = ParseDurationMs(rest.substr(0, length)); !ms) return Error(at_, ms.error().message);
    return Take(TokenKind::kDuration, length);
  }
  // Show the number and the word glued to it.
  std::size_t length = number.length;
  while (!ends_at(length))
    ++length;
  return Error(at_,
               "bad number or duration syntax: " + Quote(rest.substr(0, std::min<std::size_t>(length, 64))));
}

Token Lexer::ScanString() {
  const auto length = promql::ScanString(text_.substr(at_));
  if (!length) return Error(at_, length.error().message);
  return Take(TokenKind::kString, *length);
}

Token Lexer::ScanWord() {
  Token token = Take(TokenKind::kIdentifier, NameLength(at_, true));
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
  SkipBlanksAndComments();
  if (in_braces_) return NextInBraces();
  if (in_brackets_) return NextInBrackets();
  return NextOutside();
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

Token Lexer::NextInBrackets() {
  if (AtEnd()) {
    if (paren_depth_ > 0) return Error(at_, "unclosed left parenthesis");
    return Error(at_, "unclosed left bracket");
  }
  const char c = text_[at_];
  switch (c) {
    case ']':
      in_brackets_ = false;
      return Take(TokenKind::kRightBracket, 1);
    case '[':
      return Error(at_, "unexpected left bracket '['");
    case ':':
      if (!seen_duration_) return Error(at_ + 1, "unexpected colon before duration in duration expression");
      if (seen_colon_) return Error(at_, "unexpected colon ':'");
      seen_colon_ = true;
      return Take(TokenKind::kColon, 1);
    case '(':
    case ')':
    case ',':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return ScanPunctuation();
    default:
      break;
  }
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) {
    seen_duration_ = true;
    return ScanNumberOrDuration();
  }
  if (IsAsciiLetter(c)) {
    const std::size_t at = at_;
    Token token = ScanWord();
    if (token.kind == TokenKind::kStep || token.kind == TokenKind::kRange ||
        token.kind == TokenKind::kMinOf || token.kind == TokenKind::kMaxOf) {
      seen_duration_ = true;
      return token;
    }
    at_ = at;
  }
  return seen_duration_ ? Unexpected("", ", expected ':'") : Unexpected(" in duration expression");
}

Token Lexer::NextOutside() {
  if (AtEnd()) {
    if (paren_depth_ > 0) return Error(at_, "unclosed left parenthesis");
    return Take(TokenKind::kEnd, 0);
  }
  const char c = text_[at_];
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return ScanNumberOrDuration();
  if (IsQuote(c)) return ScanString();
  if (NameLength(at_, true) > 0) return ScanWord();
  return ScanPunctuation();
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
      in_brackets_ = true;
      seen_duration_ = seen_colon_ = false;
      return Take(TokenKind::kLeftBracket, 1);
    case ']':
      return Error(at_, "unexpected right bracket ']'");
    default:
      return Unexpected("");
  }
}

std::string DescribeToken(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "end of input";
    case TokenKind::kError:
      return token.error;
    case TokenKind::kIdentifier:
      // Words of the grammar in some places; told as such everywhere, as users know it.
      if (token.text == "fill" || token.text == "fill_left" || token.text == "fill_right")
        return "<" + std::string(token.text) + ">";
      return "identifier " + Quote(token.text);
    case TokenKind::kMetricIdentifier:
      return "metric identifier " + Quote(token.text);
    case TokenKind::kNumber:
      return "number " + Quote(token.text);
    case TokenKind::kDuration:
      return "duration " + Quote(token.text);
    case TokenKind::kString:
      return "string " + Quote(token.text);
    case TokenKind::kOperator:
      return "<op:" + std::string(BinaryOpText(token.op)) + ">";
    case TokenKind::kAggregate:
      return "<aggr:" + std::string(AggregateOpText(token.aggregate)) + ">";
    case TokenKind::kBy:
      return "<by>";
    case TokenKind::kWithout:
      return "<without>";
    case TokenKind::kOn:
      return "<on>";
    case TokenKind::kIgnoring:
      return "<ignoring>";
    case TokenKind::kGroupLeft:
      return "<group_left>";
    case TokenKind::kGroupRight:
      return "<group_right>";
    case TokenKind::kBool:
      return "<bool>";
    case TokenKind::kOffset:
      return "<offset>";
    case TokenKind::kAnchored:
      return "<anchored>";
    case TokenKind::kSmoothed:
      return "<smoothed>";
    default:
      return Quote(token.text);
  }
}

bool IsWordOperator(const Token& token) {
  return token.kind == TokenKind::kOperator && (token.op == BinaryOp::kAtan2 || IsSetOperator(token.op));
}

}  // namespace tickscope::promql
