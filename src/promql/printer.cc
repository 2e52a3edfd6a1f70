#include "promql/printer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "promql/function_signature.h"
#include "promql/literal.h"

namespace tickscope::promql {
namespace {

constexpr std::size_t kLineCharactersMax = 100;

void AppendLabelName(std::string_view name, std::string& out) {
  if (IsClassicLabelName(name)) {
    out += name;
  } else {
    out += Quote(name);
  }
}

std::string LabelList(const std::vector<std::string>& names) {
  std::string out = "(";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ", ";
    AppendLabelName(names[i], out);
  }
  return out += ')';
}

std::string MatcherText(const Matcher& matcher) {
  std::string out;
  AppendLabelName(matcher.name(), out);
  out += MatchTypeText(matcher.type());
  return out += Quote(matcher.value());
}

// `by (a)` and the operator's own keyword; nothing for an empty by().
std::string AggregateHead(const Aggregate& aggregate) {
  std::string out(AggregateOpText(aggregate.op));
  if (!aggregate.without && aggregate.grouping.empty()) return out;
  out += aggregate.without ? " without " : " by ";
  out += LabelList(aggregate.grouping);
  return out += ' ';
}

std::string FillText(const VectorMatching& matching) {
  const auto clause = [](std::string_view name, double value) {
    return fmt::format(" {} ({})", name, FormatNumber(value));
  };
  if (matching.fill_left && matching.fill_left == matching.fill_right)
    return clause("fill", *matching.fill_left);
  std::string out;
  if (matching.fill_left) out += clause("fill_left", *matching.fill_left);
  if (matching.fill_right) out += clause("fill_right", *matching.fill_right);
  return out;
}

// The operator with all that stands between the two sides.
std::string OperatorText(const Binary& binary) {
  std::string out(BinaryOpText(binary.op));
  if (binary.return_bool) out += " bool";
  if (!binary.matching) return out;
  const VectorMatching& matching = *binary.matching;
  const bool grouped =
      matching.card == MatchCardinality::kManyToOne || matching.card == MatchCardinality::kOneToMany;
  if (matching.on || !matching.labels.empty() || grouped) {
    out += matching.on ? " on " : " ignoring ";
    out += LabelList(matching.labels);
  }
  if (grouped) {
    out += matching.card == MatchCardinality::kManyToOne ? " group_left " : " group_right ";
    out += LabelList(matching.include);
  }
  return out + FillText(matching);
}

class Printer {
 public:
  explicit Printer(std::size_t characters_max) : characters_max_(characters_max) {}

  void Print(const Expr& expr) {
    if (out_.size() > characters_max_) return;
    std::visit([&](const auto& node) { Print(node); }, expr.node);
  }
  [[nodiscard]] std::string Take() { return std::move(out_); }

  void PrintSubqueryTail(const Subquery& subquery) {
    out_ += '[';
    Print(subquery.range);
    out_ += ':';
    if (subquery.step.expr || subquery.step.constant_ms != 0) Print(subquery.step);
    out_ += ']';
    PrintModifiers(subquery.offset, [&] { PrintAt(subquery.at); });
  }

 private:
  void Print(const NumberLiteral& number) {
    if (!number.as_duration) {
      out_ += FormatNumber(number.value);
      return;
    }
    out_ += FormatDurationMs(std::llround(number.value * 1000));
  }
  void Print(const StringLiteral& string) { out_ += Quote(string.value); }

  void Print(const VectorSelector& selector) {
    PrintName(selector);
    PrintModifiers(selector.offset, [&] {
      PrintAt(selector.at);
      PrintMode(selector.mode);
    });
  }

  void Print(const MatrixSelector& matrix) {
    PrintName(matrix.selector);
    out_ += '[';
    Print(matrix.range);
    out_ += ']';
    PrintModifiers(matrix.selector.offset, [&] {
      PrintMode(matrix.selector.mode);
      PrintAt(matrix.selector.at);
    });
  }

  void Print(const Subquery& subquery) {
    Print(*subquery.expr);
    PrintSubqueryTail(subquery);
  }

  void Print(const Call& call) {
    out_ += call.function->name;
    out_ += '(';
    for (std::size_t i = 0; i < call.args.size(); ++i) {
      if (i > 0) out_ += ", ";
      Print(*call.args[i]);
    }
    out_ += ')';
  }

  void Print(const Aggregate& aggregate) {
    out_ += AggregateHead(aggregate);
    out_ += '(';
    if (aggregate.param) {
      Print(*aggregate.param);
      out_ += ", ";
    }
    Print(*aggregate.expr);
    out_ += ')';
  }

  void Print(const Binary& binary) {
    Print(*binary.left);
    out_ += ' ';
    out_ += OperatorText(binary);
    out_ += ' ';
    Print(*binary.right);
  }

  void Print(const Unary& unary) {
    out_ += unary.negate ? '-' : '+';
    Print(*unary.expr);
  }

  void Print(const Paren& paren) {
    out_ += '(';
    Print(*paren.expr);
    out_ += ')';
  }

  void PrintName(const VectorSelector& selector) {
    // A name that is not classic goes into the braces, where it parses whatever the options are.
    const bool in_front = IsClassicMetricName(selector.name);
    if (in_front) out_ += selector.name;
    std::vector<std::string> matchers;
    const std::size_t count = selector.matchers.size() - (in_front ? 1 : 0);
    matchers.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      matchers.push_back(MatcherText(selector.matchers[i]));
    if (matchers.empty() && in_front) return;
    std::ranges::sort(matchers);
    out_ += '{';
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      out_ += matchers[i];
    }
    out_ += '}';
  }

  void PrintMode(RangeMode mode) {
    if (mode == RangeMode::kAnchored) out_ += " anchored";
    if (mode == RangeMode::kSmoothed) out_ += " smoothed";
  }

  void PrintAt(const AtModifier& at) {
    switch (at.kind) {
      case AtKind::kNone:
        break;
      case AtKind::kTimestamp: {
        // Not through a double, which cannot hold every millisecond.
        const bool negative = at.time_ms < 0;
        const auto ms =
            negative ? 0 - static_cast<std::uint64_t>(at.time_ms) : static_cast<std::uint64_t>(at.time_ms);
        out_ += fmt::format(" @ {}{}.{:03}", negative ? "-" : "", ms / 1000, ms % 1000);
        break;
      }
      case AtKind::kStart:
        out_ += " @ start()";
        break;
      case AtKind::kEnd:
        out_ += " @ end()";
        break;
    }
  }

  // The offset comes last, as in the reference, unless it begins with a parenthesis: then it would take in an operator
  // that follows. Where nothing else stands between, it did so when it was read.
  template <typename PrintOthers>
  void PrintModifiers(const Duration& offset, const PrintOthers& print_others) {
    const bool greedy = offset.expr && FirstOperand(*offset.expr).in_parentheses;
    if (greedy) PrintOffset(offset);
    print_others();
    if (!greedy) PrintOffset(offset);
  }

  static const DurationExpr& FirstOperand(const DurationExpr& expr) {
    const DurationExpr* first = &expr;
    const auto is_binary = [](const DurationExpr& e) {
      return e.left && e.op != DurationOp::kMinOf && e.op != DurationOp::kMaxOf;
    };
    while (!first->in_parentheses && is_binary(*first))
      first = first->left.get();
    return *first;
  }

  void PrintOffset(const Duration& offset) {
    if (!offset.expr && offset.constant_ms == 0) return;
    out_ += " offset ";
    Print(offset);
  }

  void Print(const Duration& duration) {
    if (duration.expr) {
      Print(*duration.expr);
    } else {
      out_ += FormatDurationMs(duration.constant_ms.value_or(0));
    }
  }

  void Print(const DurationExpr& expr) {
    if (out_.size() > characters_max_) return;
    if (expr.in_parentheses) out_ += '(';
    switch (expr.op) {
      case DurationOp::kLiteral:
        out_ +=
            expr.with_unit ? FormatDurationMs(std::llround(expr.seconds * 1000)) : FormatNumber(expr.seconds);
        break;
      case DurationOp::kAdd:
        PrintDurationOperator(expr, " + ");
        break;
      case DurationOp::kSub:
        PrintDurationOperator(expr, " - ");
        break;
      case DurationOp::kMul:
        PrintDurationOperator(expr, " * ");
        break;
      case DurationOp::kDiv:
        PrintDurationOperator(expr, " / ");
        break;
      case DurationOp::kMod:
        PrintDurationOperator(expr, " % ");
        break;
      case DurationOp::kPow:
        PrintDurationOperator(expr, " ^ ");
        break;
      case DurationOp::kNegate:
        out_ += '-';
        Print(*expr.right);
        break;
      case DurationOp::kStep:
        out_ += "step()";
        break;
      case DurationOp::kRange:
        out_ += "range()";
        break;
      case DurationOp::kMinOf:
        PrintDurationCall(expr, "min_of(");
        break;
      case DurationOp::kMaxOf:
        PrintDurationCall(expr, "max_of(");
        break;
    }
    if (expr.in_parentheses) out_ += ')';
  }

  void PrintDurationOperator(const DurationExpr& expr, std::string_view op) {
    Print(*expr.left);
    out_ += op;
    Print(*expr.right);
  }
  void PrintDurationCall(const DurationExpr& expr, std::string_view name) {
    out_ += name;
    Print(*expr.left);
    out_ += ", ";
    Print(*expr.right);
    out_ += ')';
  }

  std::size_t characters_max_;
  std::string out_;
};

class PrettyPrinter {
 public:
  void Print(const Expr& expr, std::size_t level) {
    Printer line(kLineCharactersMax);
    line.Print(expr);
    const std::string text = line.Take();
    if (text.size() <= kLineCharactersMax) {
      Indent(level);
      out_ += text;
      return;
    }
    std::visit([&](const auto& node) { Split(expr, node, level); }, expr.node);
  }
  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  void Indent(std::size_t level) {
    if (continues_line_) {
      continues_line_ = false;
    } else {
      out_.append(2 * level, ' ');
    }
  }

  // Literals and selectors have no place to break.
  template <typename Leaf>
  void Split(const Expr& expr, const Leaf&, std::size_t level) {
    Indent(level);
    out_ += ToString(expr);
  }

  void Split(const Expr&, const Binary& binary, std::size_t level) {
    Print(*binary.left, level + 1);
    out_ += '\n';
    Indent(level);
    out_ += OperatorText(binary);
    out_ += '\n';
    Print(*binary.right, level + 1);
  }

  void Split(const Expr&, const Call& call, std::size_t level) {
    Indent(level);
    out_ += call.function->name;
    out_ += "(\n";
    for (std::size_t i = 0; i < call.args.size(); ++i) {
      if (i > 0) out_ += ",\n";
      Print(*call.args[i], level + 1);
    }
    Close(level);
  }

  void Split(const Expr&, const Aggregate& aggregate, std::size_t level) {
    Indent(level);
    out_ += AggregateHead(aggregate);
    out_ += "(\n";
    if (aggregate.param) {
      Print(*aggregate.param, level + 1);
      out_ += ",\n";
    }
    Print(*aggregate.expr, level + 1);
    Close(level);
  }

  void Split(const Expr&, const Paren& paren, std::size_t level) {
    Indent(level);
    out_ += "(\n";
    Print(*paren.expr, level + 1);
    Close(level);
  }

  void Split(const Expr&, const Unary& unary, std::size_t level) {
    Indent(level);
    out_ += unary.negate ? '-' : '+';
    // A split operator starts with its left side one level in, so it keeps its indent.
    continues_line_ = !std::holds_alternative<Binary>(unary.expr->node);
    Print(*unary.expr, level);
  }

  void Split(const Expr&, const Subquery& subquery, std::size_t level) {
    Print(*subquery.expr, level);
    Printer tail(std::numeric_limits<std::size_t>::max());
    tail.PrintSubqueryTail(subquery);
    out_ += tail.Take();
  }

  void Close(std::size_t level) {
    out_ += '\n';
    Indent(level);
    out_ += ')';
  }

  std::string out_;
  bool continues_line_ = false;  // What comes next stands behind a sign on the same line.
};

}  // namespace

std::string ToString(const Expr& expr) {
  Printer printer(std::numeric_limits<std::size_t>::max());
  printer.Print(expr);
  return printer.Take();
}

std::string ToShortString(const Expr& expr, std::size_t bytes_max) {
  Printer printer(bytes_max);
  printer.Print(expr);
  return Shortened(printer.Take(), bytes_max);
}

std::string Shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  text.resize(end);
  return text += "...";
}

std::string ToPrettyString(const Expr& expr) {
  PrettyPrinter printer;
  printer.Print(expr, 0);
  return printer.Take();
}

}  // namespace tickscope::promql
