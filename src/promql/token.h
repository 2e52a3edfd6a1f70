// Tokens of PromQL: what the lexer hands to the parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "promql/ast.h"

namespace tickscope::promql {

enum class TokenKind : std::uint8_t {
  kEnd,
  kError,             ///< The lexer knows what is wrong; nothing follows.
  kIdentifier,        ///< Also fill, fill_left and fill_right, which mean something only after an operator.
  kMetricIdentifier,  ///< An identifier with a colon.
  kNumber,            ///< Also Inf and NaN.
  kDuration,
  kString,  ///< With its quotes.
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kAt,
  kAssign,         ///< `=`
  kRegexMatch,     ///< `=~`
  kNotRegexMatch,  ///< `!~`
  kOperator,       ///< `op` says which; and, or, unless and atan2 among them.
  kAggregate,      ///< `aggregate` says which.
  kBy,
  kWithout,
  kOn,
  kIgnoring,
  kGroupLeft,
  kGroupRight,
  kBool,
  kOffset,
  kAnchored,
  kSmoothed,
  kStart,
  kEndKeyword,
  kStep,
  kRange,
  kMinOf,
  kMaxOf,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  PositionRange position;
  std::string_view text;  ///< Borrowed from the query.
  BinaryOp op = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
};

/// How an "unexpected ..." message names the token, which is not kError: `identifier "foo"`, `<op:+>`, `end of input`.
[[nodiscard]] std::string DescribeToken(const Token& token);

/// True for +, <=, ... that are spelled with a word: and, or, unless, atan2.
[[nodiscard]] bool IsWordOperator(const Token& token);

}  // namespace tickscope::promql
