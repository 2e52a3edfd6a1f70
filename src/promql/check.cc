#include "promql/check.h"

#include <algorithm>
#include <string>

#include "promql/expr_children.h"
#include "promql/expression_parser.h"
#include "promql/function_signature.h"
#include "promql/literal.h"

namespace tickscope::promql {
namespace {

// Functions whose value depends on the evaluation time even when their arguments do not.
bool ReadsEvaluationTime(const Call& call) {
  const std::string_view name = call.function->name;
  if (name == "time" || name == "timestamp" || name == "predict_linear" || name == "info") return true;
  return call.args.empty() && call.function->returns == ValueType::kVector;  // Date functions of "now".
}

// Whether the value is the same at every step, once that is known of what is below.
bool IsStepInvariant(const Expr& expr) {
  if (const auto* selector = std::get_if<VectorSelector>(&expr.node))
    return selector->at.kind != AtKind::kNone;
  if (const auto* range = std::get_if<MatrixSelector>(&expr.node))
    return range->selector.at.kind != AtKind::kNone;
  if (const auto* subquery = std::get_if<Subquery>(&expr.node)) return subquery->at.kind != AtKind::kNone;
  if (const auto* call = std::get_if<Call>(&expr.node); call != nullptr && ReadsEvaluationTime(*call))
    return false;
  bool invariant = true;
  ForEachChild(expr, [&invariant](const Expr& child) { invariant = invariant && child.is_step_invariant; });
  return invariant;
}

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  // The type of the expression, once it and all below it are found right.
  Result<ValueType> Check(Expr& expr) {
    auto type = std::visit([&](auto& node) { return CheckNode(expr.position, node); }, expr.node);
    expr.is_step_invariant = IsStepInvariant(expr);
    return type;
  }

 private:
  std::unexpected<Error> FailAt(std::size_t position, std::string_view message) const {
    return ParseErrorAt(text_, position, message);
  }

  // `where` gives the text that names the place; asked for when there is something to say.
  template <typename Where>
  Status Expect(Expr& expr, ValueType want, const Where& where) {
    TICKSCOPE_ASSIGN_OR_RETURN(const ValueType got, Check(expr));
    if (got == want) return {};
    return FailAt(expr.position.start, "expected type " + std::string(ValueTypeText(want)) + " in " +
                                           where() + ", got " + std::string(ValueTypeText(got)));
  }

  Result<ValueType> CheckNode(PositionRange, NumberLiteral&) { return ValueType::kScalar; }
  Result<ValueType> CheckNode(PositionRange, StringLiteral&) { return ValueType::kString; }

  Result<ValueType> CheckNode(PositionRange position, VectorSelector& selector) {
    TICKSCOPE_RETURN_IF_ERROR(CheckName(position, selector));
    const bool selective =
        !selector.name.empty() || std::ranges::any_of(selector.matchers, [](const Matcher& matcher) {
          return !matcher.MatchesEmpty();
        });
    if (selective) return ValueType::kVector;
    return FailAt(position.start, "vector selector must contain at least one non-empty matcher");
  }

  Status CheckName(PositionRange position, const VectorSelector& selector) {
    if (selector.name.empty()) return {};
    for (std::size_t i = 0; i + 1 < selector.matchers.size(); ++i) {
      const Matcher& matcher = selector.matchers[i];
      if (matcher.name() != kMetricName) continue;
      return FailAt(position.start, "metric name must not be set twice: " + Quote(selector.name) + " or " +
                                        Quote(matcher.value()));
    }
    return {};
  }

  Result<ValueType> CheckNode(PositionRange, MatrixSelector& matrix) {
    TICKSCOPE_RETURN_IF_ERROR(CheckNode(matrix.selector_position, matrix.selector));
    return ValueType::kMatrix;
  }

  Result<ValueType> CheckNode(PositionRange position, Subquery& subquery) {
    TICKSCOPE_ASSIGN_OR_RETURN(const ValueType type, Check(*subquery.expr));
    if (type == ValueType::kVector) return ValueType::kMatrix;
    const std::string_view name = type == ValueType::kMatrix ? "matrix" : ValueTypeText(type);
    return FailAt(position.start,
                  "subquery is only allowed on instant vector, got " + std::string(name) + " instead");
  }

  Result<ValueType> CheckNode(PositionRange position, Call& call) {
    const FunctionSignature& function = *call.function;
    const std::size_t count = call.args.size();
    if (count < function.args_min || count > function.args_max) {
      std::string message = "expected ";
      std::size_t bound = function.args_min;
      if (function.args_min != function.args_max) {
        message += count < function.args_min ? "at least " : "at most ";
        bound = count < function.args_min ? function.args_min : function.args_max;
      }
      message += std::to_string(bound) + " argument(s) in call to " + Quote(function.name) + ", got " +
                 std::to_string(count);
      return FailAt(position.start, message);
    }
    const auto where = [&function] { return "call to function " + Quote(function.name); };
    const bool info = function.name == "info";
    if (info && count > 1) TICKSCOPE_RETURN_IF_ERROR(CheckInfoSelector(position, *call.args[1], where()));
    for (std::size_t i = 0; i < count; ++i) {
      if (info && i == 1) {
        call.args[i]->is_step_invariant = IsStepInvariant(*call.args[i]);
        continue;
      }
      TICKSCOPE_RETURN_IF_ERROR(Expect(*call.args[i], function.ArgType(i), where));
    }
    return function.returns;
  }

  // The second argument of info() is a selector's braces; here they may match everything.
  Status CheckInfoSelector(PositionRange call, const Expr& arg, const std::string& where) const {
    if (const ValueType type = TypeOf(arg); type != ValueType::kVector) {
      return FailAt(call.start,
                    "expected type instant vector in " + where + ", got " + std::string(ValueTypeText(type)));
    }
    const auto* selector = std::get_if<VectorSelector>(&arg.node);
    if (selector != nullptr && selector->name.empty()) return {};
    return FailAt(arg.position.start, selector == nullptr
                                          ? "expected label selectors only"
                                          : "expected label selectors only, got vector selector instead");
  }

  Result<ValueType> CheckNode(PositionRange, Aggregate& aggregate) {
    TICKSCOPE_RETURN_IF_ERROR(
        Expect(*aggregate.expr, ValueType::kVector, [] { return "aggregation expression"; }));
    if (aggregate.param) {
      const ValueType want =
          aggregate.op == AggregateOp::kCountValues ? ValueType::kString : ValueType::kScalar;
      TICKSCOPE_RETURN_IF_ERROR(Expect(*aggregate.param, want, [] { return "aggregation parameter"; }));
    }
    return ValueType::kVector;
  }

  Result<ValueType> CheckNode(PositionRange position, Unary& unary) {
    TICKSCOPE_ASSIGN_OR_RETURN(const ValueType type, Check(*unary.expr));
    if (type == ValueType::kScalar || type == ValueType::kVector) return type;
    return FailAt(position.start,
                  "unary expression only allowed on expressions of type scalar or instant vector, got " +
                      Quote(ValueTypeText(type)));
  }

  Result<ValueType> CheckNode(PositionRange, Paren& paren) { return Check(*paren.expr); }

  Result<ValueType> CheckNode(PositionRange position, Binary& binary) {
    TICKSCOPE_ASSIGN_OR_RETURN(const ValueType left, Check(*binary.left));
    TICKSCOPE_ASSIGN_OR_RETURN(const ValueType right, Check(*binary.right));
    const bool scalars = left == ValueType::kScalar && right == ValueType::kScalar;
    const bool vectors = left == ValueType::kVector && right == ValueType::kVector;
    if (binary.return_bool && !IsComparison(binary.op)) {
      return FailAt(OperatorPosition(binary), "bool modifier can only be used on comparison operators");
    }
    if (IsComparison(binary.op) && !binary.return_bool && scalars) {
      return FailAt(OperatorPosition(binary), "comparisons between scalars must use BOOL modifier");
    }
    if (binary.matching->on) {
      for (const std::string& label : binary.matching->labels) {
        if (std::ranges::find(binary.matching->include, label) == binary.matching->include.end()) continue;
        return FailAt(OperatorPosition(binary),
                      "label " + Quote(label) + " must not occur in ON and GROUP clause at once");
      }
    }
    for (const auto& [operand, type] :
         {std::pair{binary.left.get(), left}, std::pair{binary.right.get(), right}}) {
      if (type == ValueType::kScalar || type == ValueType::kVector) continue;
      return FailAt(operand->position.start,
                    "binary expression must contain only scalar and instant vector types");
    }
    TICKSCOPE_RETURN_IF_ERROR(CheckMatching(position, binary, vectors));
    if (!vectors) binary.matching.reset();
    return scalars ? ValueType::kScalar : ValueType::kVector;
  }

  Status CheckMatching(PositionRange position, const Binary& binary, bool vectors) {
    const VectorMatching& matching = *binary.matching;
    const bool fills = matching.fill_left || matching.fill_right;
    if (!vectors) {
      if (!matching.labels.empty()) {
        return FailAt(position.start, "vector matching only allowed between instant vectors");
      }
      if (fills) {
        return FailAt(position.start, "filling in missing series only allowed between instant vectors");
      }
    }
    if (!IsSetOperator(binary.op)) return {};
    const std::string name = Quote(BinaryOpText(binary.op));
    if (!vectors)
      return FailAt(position.start, "set operator " + name + " not allowed in binary scalar expression");
    if (matching.card != MatchCardinality::kManyToMany) {
      return FailAt(position.start, "no grouping allowed for " + name + " operation");
    }
    if (fills) return FailAt(position.start, "filling in missing series not allowed for set operators");
    return {};
  }

  std::size_t OperatorPosition(const Binary& binary) const {
    std::size_t at = binary.left->position.end;
    while (at < text_.size() && std::string_view(" \t\r\n").find(text_[at]) != std::string_view::npos)
      ++at;
    return at;
  }

  std::string_view text_;
};

}  // namespace

Status CheckTypes(Expr& expr, std::string_view text) {
  TICKSCOPE_RETURN_IF_ERROR(Checker(text).Check(expr));
  return {};
}

}  // namespace tickscope::promql
