// ExpressionParser: recursive descent over the token stream. Used by parser.cc only.
//
// One class, bodies by subject: expression_parser.cc (operators, calls, aggregations), selector_parser.cc
// (selectors and their modifiers), duration_parser.cc. Every Parse... expects its first token as current()
// and leaves the token after its construct there. The first error ends the parse.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "promql/duration_expr.h"
#include "promql/engine.h"
#include "promql/lexer.h"

namespace tickscope::promql {

class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, const EngineOptions& options);

  /// The whole text as one expression, not yet type-checked.
  [[nodiscard]] Result<ExprPtr> ParseAll();
  /// The whole text as one selector without modifiers.
  [[nodiscard]] Result<std::vector<Matcher>> ParseSelectorAll();

 private:
  /// A tree and its height, which bounds how deep later walks recurse.
  struct Tree {
    ExprPtr expr;
    std::size_t height = 1;
  };
  /// What a duration expression stands in; decides the wording of its errors.
  struct DurationPlace {
    std::string_view context;
    std::string_view expected;
  };

  // Tokens.
  [[nodiscard]] const Token& current() const { return current_; }
  void Advance();
  [[nodiscard]] bool At(TokenKind kind) const { return current_.kind == kind; }
  [[nodiscard]] bool AtOperator(BinaryOp op) const { return At(TokenKind::kOperator) && current_.op == op; }
  /// Moves on when the current token is of that kind; else "unexpected ... in context, expected ...".
  [[nodiscard]] Status Expect(TokenKind kind, std::string_view context, std::string_view expected);

  // Errors.
  [[nodiscard]] std::unexpected<Error> FailAt(std::size_t position, std::string_view message) const;
  /// As FailAt, for what is known once the next token has been read: when that is none, its error comes first.
  [[nodiscard]] std::unexpected<Error> FailBefore(std::size_t position, std::string_view message) const;
  [[nodiscard]] std::unexpected<Error> Unexpected(std::string_view context = "",
                                                  std::string_view expected = "") const;

  // Trees.
  [[nodiscard]] Result<Tree> Make(std::size_t start, Expr::Node&& node, std::size_t children_height) const;

  // Operators, calls, aggregations.
  [[nodiscard]] Result<Tree> ParseBinary(int precedence_min);
  [[nodiscard]] Result<Tree> ParseUnary();
  [[nodiscard]] Result<Tree> ParsePrimary();
  [[nodiscard]] Result<Tree> ParseParen();
  [[nodiscard]] Result<Tree> ParseNumberLiteral();
  [[nodiscard]] Result<Tree> ParseCall();
  [[nodiscard]] Result<Tree> ParseAggregate();
  /// Whether an expression can begin with the current token.
  [[nodiscard]] bool AtOperand() const;
  [[nodiscard]] Status ParseArguments(std::string_view context, std::vector<ExprPtr>& args,
                                      std::size_t& height);
  [[nodiscard]] Status ParseGrouping(Aggregate& aggregate);
  [[nodiscard]] Result<std::vector<std::string>> ParseLabelList();
  [[nodiscard]] Result<VectorMatching> ParseMatching(const Token& op);
  [[nodiscard]] Status ParseFill(const Token& op, VectorMatching& matching);
  [[nodiscard]] bool AtFill(std::string_view name) const;
  [[nodiscard]] bool AtAnyFill() const;

  // Selectors.
  [[nodiscard]] bool AtMetricName() const;
  [[nodiscard]] Result<VectorSelector> ParseVectorSelector();
  [[nodiscard]] Status ParseMatchers(std::vector<Matcher>& matchers);
  [[nodiscard]] Result<Tree> ParsePostfix(Tree tree);
  [[nodiscard]] Status ParseOffset(Expr& expr);
  [[nodiscard]] Status ParseAt(Expr& expr);
  [[nodiscard]] Status ParseRangeMode(Expr& expr);
  [[nodiscard]] Result<Tree> ParseRange(Tree tree);

  // Durations.
  [[nodiscard]] Result<Duration> ParseDuration(const DurationPlace& place, DurationRole role);
  [[nodiscard]] Result<Duration> ParseOffsetDuration();
  [[nodiscard]] Result<std::unique_ptr<DurationExpr>> ParseDurationBinary(int precedence_min,
                                                                          const DurationPlace& place);
  [[nodiscard]] Result<std::unique_ptr<DurationExpr>> ParseDurationUnary(const DurationPlace& place,
                                                                         int operand_min);
  [[nodiscard]] Result<std::unique_ptr<DurationExpr>> ParseDurationPrimary(const DurationPlace& place);
  [[nodiscard]] Result<Duration> Finish(std::unique_ptr<DurationExpr> expr, DurationRole role) const;

  /// Counts the levels the parser itself recurses.
  class Nesting;
  [[nodiscard]] Status CheckDepth(std::size_t depth) const;

  std::string_view text_;
  const EngineOptions& options_;
  Lexer lexer_;
  Token current_;
  Token next_;
  std::size_t last_end_ = 0;  // Where the last consumed token ended.
  std::size_t depth_ = 0;
  std::size_t aggregations_ =
      0;  // Whose arguments are being parsed: the place errors tell when they tell no other.
};

class ExpressionParser::Nesting {
 public:
  explicit Nesting(ExpressionParser& parser) : parser_(parser) { ++parser_.depth_; }
  ~Nesting() { --parser_.depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  ExpressionParser& parser_;
};

/// "line:col: parse error: message" as an Error.
[[nodiscard]] std::unexpected<Error> ParseErrorAt(std::string_view text, std::size_t position,
                                                  std::string_view message);

}  // namespace tickscope::promql
