// Lexer: query text to tokens, one at a time.
//
// What a character means depends on the brackets around it: inside braces stand label matchers, inside square
// brackets duration expressions, where a bare word is only step, range, min_of or max_of.
//
// Memory   Tokens point into the query text, which outlives them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "promql/token.h"

namespace tickscope::promql {

/// Whether names may hold letters beyond ASCII and dots without being quoted.
enum class NameSyntax : std::uint8_t { kClassic, kUnquotedUtf8 };

class Lexer {
 public:
  Lexer(std::string_view text, NameSyntax names) : text_(text), names_(names) {}

  /// The next token. After kEnd or kError it keeps returning the same kind.
  [[nodiscard]] Token Next();
  /// What is wrong, once there was a kError.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  [[nodiscard]] Token NextInBraces();
  [[nodiscard]] Token NextInDuration();
  [[nodiscard]] Token NextInStatement();

  void SkipBlanksAndComments();
  [[nodiscard]] Token ScanNumberOrDuration();
  [[nodiscard]] Token ScanString();
  [[nodiscard]] Token ScanWord(std::size_t length);
  /// The keyword of duration expressions that stands here; nothing for other words, which stay.
  [[nodiscard]] std::optional<Token> ScanDurationWord();
  [[nodiscard]] Token ScanPunctuation();

  /// Bytes of the name that starts at `at`, 0 when none does. With colons allowed it is a metric name.
  [[nodiscard]] std::size_t NameLength(std::size_t at, bool colons) const;
  [[nodiscard]] std::size_t LetterLength(std::size_t at) const;
  [[nodiscard]] char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool AtEnd() const { return at_ >= text_.size(); }

  /// The token of `length` bytes that starts here; moves past it.
  [[nodiscard]] Token Take(TokenKind kind, std::size_t length);
  [[nodiscard]] Token TakeOperator(BinaryOp op, std::size_t length);
  [[nodiscard]] Token Error(std::size_t position, std::string message);
  [[nodiscard]] Token Unexpected(std::string_view where, std::string_view tail = "");

  std::string_view text_;
  NameSyntax names_;
  std::size_t at_ = 0;
  std::size_t paren_depth_ = 0;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  bool in_duration_ = false;    // Until the bracket's first literal; then what stands outside is known again.
  bool seen_duration_ = false;  // Since the bracket was opened.
  bool seen_colon_ = false;
  bool failed_ = false;
  Token failure_;
  std::string error_;
};

}  // namespace tickscope::promql
