#include "lint/expression_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/duration.h"
#include "config/closest_name.h"
#include "promql/expr_children.h"
#include "promql/function_signature.h"
#include "promql/parser.h"

namespace tickscope::lint {
namespace {

using promql::Aggregate;
using promql::AggregateOp;
using promql::Binary;
using promql::Call;
using promql::Expr;
using promql::MatrixSelector;
using promql::VectorSelector;
using LabelSet = std::optional<std::set<std::string>>;

constexpr std::array<std::string_view, 4> kOfCounters = {"rate", "increase", "irate", "resets"};
constexpr std::array<std::string_view, 5> kOfGauges = {"delta", "idelta", "deriv", "predict_linear",
                                                       "double_exponential_smoothing"};
// Functions that make labels of their own.
constexpr std::array<std::string_view, 5> kLabelMakers = {"label_replace", "label_join", "info", "absent",
                                                          "absent_over_time"};

template <typename List>
bool Contains(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != std::end(list);
}

bool HasAnyWord(std::string_view text) {
  return text.find(kAnyWord) != std::string_view::npos;
}

bool IsWordChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

// First place of `word` as a whole word within a part of the text, or where the part begins.
std::size_t FindWord(std::string_view text, promql::PositionRange within, std::string_view word) {
  for (std::size_t at = within.start; at < std::min(within.end, text.size());) {
    const std::size_t found = text.find(word, at);
    if (found == std::string_view::npos || found + word.size() > within.end) break;
    const bool starts = found == 0 || !IsWordChar(text[found - 1]);
    const bool ends = found + word.size() >= text.size() || !IsWordChar(text[found + word.size()]);
    if (starts && ends) return found;
    at = found + 1;
  }
  return within.start;
}

std::string NameOf(const VectorSelector& selector) {
  if (!selector.name.empty()) return selector.name;
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.name() == kMetricName && matcher.type() == MatchType::kEqual) return matcher.value();
  }
  return "";
}

const VectorSelector* SelectorIn(const Expr& expr) {
  const Expr& inner = promql::WithoutParens(expr);
  if (const auto* const matrix = std::get_if<MatrixSelector>(&inner.node)) return &matrix->selector;
  return std::get_if<VectorSelector>(&inner.node);
}

LabelSet Without(LabelSet labels, const std::vector<std::string>& names) {
  if (!labels) return labels;
  for (const std::string& name : names)
    labels->erase(name);
  return labels;
}

LabelSet With(LabelSet labels, const std::vector<std::string>& names) {
  if (labels) labels->insert(names.begin(), names.end());
  return labels;
}

LabelSet LabelsOfSelector(const VectorSelector& selector, const KnownMetrics& known) {
  const std::string name = NameOf(selector);
  const schema::Metric* const metric = known.MetricOf(name);
  if (metric == nullptr) return std::nullopt;
  std::set<std::string> labels;
  for (const std::string& label : known.LabelNames(*metric)) {
    if (known.HasLabel(*metric, name, label)) labels.insert(label);
  }
  return labels;
}

LabelSet LabelsOfAggregate(const Aggregate& aggregate, const KnownMetrics& known) {
  switch (aggregate.op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return ResultLabels(*aggregate.expr, known);
    default:
      break;
  }
  LabelSet labels = aggregate.without
                        ? Without(ResultLabels(*aggregate.expr, known), aggregate.grouping)
                        : std::set<std::string>(aggregate.grouping.begin(), aggregate.grouping.end());
  if (aggregate.op != AggregateOp::kCountValues) return labels;
  const auto* const name = std::get_if<promql::StringLiteral>(&promql::WithoutParens(*aggregate.param).node);
  return name == nullptr ? std::nullopt : With(std::move(labels), {name->value});
}

LabelSet LabelsOfCall(const Call& call, const KnownMetrics& known) {
  if (Contains(kLabelMakers, call.function->name)) return std::nullopt;
  for (const promql::ExprPtr& arg : call.args) {
    const promql::ValueType type = promql::TypeOf(*arg);
    if (type != promql::ValueType::kVector && type != promql::ValueType::kMatrix) continue;
    LabelSet labels = ResultLabels(*arg, known);
    if (call.function->name.starts_with("histogram_")) labels = Without(std::move(labels), {"le"});
    return labels;
  }
  return std::set<std::string>();
}

LabelSet LabelsOfBinary(const Binary& binary, const KnownMetrics& known) {
  if (!binary.matching) {
    const bool left = promql::TypeOf(*binary.left) == promql::ValueType::kVector;
    return ResultLabels(left ? *binary.left : *binary.right, known);
  }
  const promql::VectorMatching& matching = *binary.matching;
  if (binary.op == promql::BinaryOp::kOr) {
    LabelSet left = ResultLabels(*binary.left, known);
    const LabelSet right = ResultLabels(*binary.right, known);
    if (!left || !right) return std::nullopt;
    left->insert(right->begin(), right->end());
    return left;
  }
  switch (matching.card) {
    case promql::MatchCardinality::kManyToMany:
      return ResultLabels(*binary.left, known);
    case promql::MatchCardinality::kManyToOne:
      return With(ResultLabels(*binary.left, known), matching.include);
    case promql::MatchCardinality::kOneToMany:
      return With(ResultLabels(*binary.right, known), matching.include);
    case promql::MatchCardinality::kOneToOne:
      break;
  }
  // A filter keeps its left side as it is.
  if (promql::IsComparison(binary.op) && !binary.return_bool) return ResultLabels(*binary.left, known);
  if (matching.on) return std::set<std::string>(matching.labels.begin(), matching.labels.end());
  return Without(ResultLabels(*binary.left, known), matching.labels);
}

class Checker {
 public:
  Checker(std::string_view text, const KnownMetrics& known, std::vector<ExpressionProblem>& problems)
      : text_(text), known_(known), problems_(problems) {}

  void Check(const Expr& expr) {
    if (const auto* const selector = std::get_if<VectorSelector>(&expr.node)) {
      CheckSelector(*selector, expr.position);
    } else if (const auto* const matrix = std::get_if<MatrixSelector>(&expr.node)) {
      CheckSelector(matrix->selector, matrix->selector_position);
    } else if (const auto* const call = std::get_if<Call>(&expr.node)) {
      CheckCall(*call, expr.position);
    } else if (const auto* const aggregate = std::get_if<Aggregate>(&expr.node)) {
      CheckGrouping(*aggregate, expr.position);
    }
    promql::ForEachChild(expr, [&](const Expr& child) { Check(child); });
  }

 private:
  void Tell(std::size_t offset, Severity severity, std::string_view rule, std::string message) {
    problems_.push_back({offset, severity, std::string(rule), std::move(message)});
  }

  void CheckSelector(const VectorSelector& selector, promql::PositionRange position) {
    const std::string name = NameOf(selector);
    if (name.empty() || HasAnyWord(name)) return;
    if (!known_.Knows(name)) {
      const std::string closest = known_.Closest(name);
      Tell(position.start, Severity::kError, "unknown-metric",
           fmt::format("no series {} in the schema{}", name,
                       closest.empty() ? ": define it there, or record it by a rule that is linted along"
                                       : fmt::format(": did you mean {}?", closest)));
      return;
    }
    const schema::Metric* const metric = known_.MetricOf(name);
    if (metric == nullptr) return;
    for (const Matcher& matcher : selector.matchers) {
      if (matcher.name() == kMetricName || HasAnyWord(matcher.name())) continue;
      const std::size_t at = FindWord(text_, position, matcher.name());
      if (!known_.HasLabel(*metric, name, matcher.name())) {
        TellUnknownLabel(at, Severity::kError, name, *metric, matcher.name());
      } else if (const schema::Label* const label = known_.LabelOf(*metric, matcher.name())) {
        CheckValue(at, *label, matcher);
      }
    }
  }

  void TellUnknownLabel(std::size_t at, Severity severity, std::string_view series,
                        const schema::Metric& metric, std::string_view label) {
    const std::vector<std::string> names = known_.LabelNames(metric);
    const std::string closest = config::ClosestName(label, names);
    Tell(at, severity, "unknown-label",
         fmt::format("{} has no label {}: {}", series, label,
                     closest.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                                     : fmt::format("did you mean {}?", closest)));
  }

  void CheckValue(std::size_t at, const schema::Label& label, const Matcher& matcher) {
    const std::string& value = matcher.value();
    if (HasAnyWord(value)) return;
    const bool equality = matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kNotEqual;
    if (equality && value.empty()) return;  // Asks whether the label is there.
    if (label.values.empty()) {
      if (equality && !label.pattern.empty() && !RE2::FullMatch(value, label.pattern)) {
        Tell(at, Severity::kError, "unknown-value",
             fmt::format("{} is never {:?}: its values look like {}", label.name, value, label.pattern));
      }
      return;
    }
    const bool positive = matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
    const bool any = std::ranges::any_of(label.values, [&](const std::string& one) {
      return equality ? one == value : matcher.Matches(one) == positive;
    });
    if (any || (!positive && !equality)) return;
    const std::string closest = equality ? config::ClosestName(value, label.values) : "";
    Tell(at, positive ? Severity::kError : Severity::kWarning, "unknown-value",
         fmt::format("{} is never {:?}: {}", label.name, value,
                     closest.empty() ? fmt::format("it is one of {}", fmt::join(label.values, ", "))
                                     : fmt::format("did you mean {:?}?", closest)));
  }

  void CheckCall(const Call& call, promql::PositionRange position) {
    const std::string_view function = call.function->name;
    if (function == "histogram_quantile" && call.args.size() == 2) CheckQuantile(*call.args[1], position);
    if (call.args.empty()) return;
    const VectorSelector* const selector = SelectorIn(*call.args[0]);
    const schema::Metric* const metric = selector == nullptr ? nullptr : known_.MetricOf(NameOf(*selector));
    if (metric == nullptr) return;
    const bool of_counters = Contains(kOfCounters, function);
    if (of_counters &&
        (metric->kind == schema::MetricKind::kGauge || metric->kind == schema::MetricKind::kInfo)) {
      Tell(position.start, Severity::kWarning, "rate-of-gauge",
           fmt::format("{} of {}, a {}: it takes every fall for a restart; use delta or deriv", function,
                       metric->name, schema::MetricKindName(metric->kind)));
    }
    if (Contains(kOfGauges, function) && metric->kind == schema::MetricKind::kCounter) {
      Tell(position.start, Severity::kWarning, "delta-of-counter",
           fmt::format("{} of {}, a counter: it takes a restart for a fall; use rate or increase", function,
                       metric->name));
    }
    const auto* const matrix = std::get_if<MatrixSelector>(&promql::WithoutParens(*call.args[0]).node);
    if (!of_counters || matrix == nullptr || !matrix->range.constant_ms) return;
    if (*matrix->range.constant_ms < 2 * metric->cadence_ms) {
      Tell(position.start, Severity::kWarning, "short-range",
           fmt::format("{} over {} of {}, which is sent every {}: two samples are needed; use at least {}",
                       function, FormatDurationMs(*matrix->range.constant_ms), metric->name,
                       FormatDurationMs(metric->cadence_ms), FormatDurationMs(4 * metric->cadence_ms)));
    }
  }

  // Classic buckets need their bounds until the quantile is taken.
  void CheckQuantile(const Expr& buckets, promql::PositionRange position) {
    const LabelSet labels = ResultLabels(buckets, known_);
    if (!labels || labels->contains("le") || !SelectsClassicBuckets(buckets)) return;
    Tell(position.start, Severity::kError, "quantile-without-le",
         "histogram_quantile of buckets whose le was aggregated away: keep it, sum by (le, ...)");
  }

  [[nodiscard]] bool SelectsClassicBuckets(const Expr& expr) const {
    if (const VectorSelector* const selector = SelectorIn(expr)) {
      const schema::Metric* const metric = known_.MetricOf(NameOf(*selector));
      return metric != nullptr && metric->kind == schema::MetricKind::kHistogram;
    }
    bool found = false;
    promql::ForEachChild(expr, [&](const Expr& child) { found = found || SelectsClassicBuckets(child); });
    return found;
  }

  void CheckGrouping(const Aggregate& aggregate, promql::PositionRange position) {
    const LabelSet labels = ResultLabels(*aggregate.expr, known_);
    if (!labels) return;
    for (const std::string& name : aggregate.grouping) {
      if (labels->contains(name) || name == kMetricName || HasAnyWord(name)) continue;
      const std::vector<std::string> names(labels->begin(), labels->end());
      const std::string closest = config::ClosestName(name, names);
      Tell(FindWord(text_, position, name), aggregate.without ? Severity::kWarning : Severity::kError,
           "unknown-label",
           fmt::format("nothing aggregated here has a label {}: {}", name,
                       !closest.empty() ? fmt::format("did you mean {}?", closest)
                       : names.empty()  ? std::string("it has no labels")
                                        : fmt::format("it has {}", fmt::join(names, ", "))));
    }
  }

  std::string_view text_;
  const KnownMetrics& known_;
  std::vector<ExpressionProblem>& problems_;
};

// "line:col: parse error: what" to a byte offset and the rest.
ExpressionProblem ParseProblem(std::string_view text, std::string_view message) {
  ExpressionProblem problem{.rule = "promql", .message = std::string(message)};
  std::size_t line = 0;
  std::size_t column = 0;
  const char* const end = message.data() + message.size();
  const auto line_end = std::from_chars(message.data(), end, line);
  if (line_end.ec != std::errc() || line_end.ptr == end || *line_end.ptr != ':') return problem;
  const auto column_end = std::from_chars(line_end.ptr + 1, end, column);
  if (column_end.ec != std::errc() || line == 0 || column == 0) return problem;
  for (std::size_t i = 1; i < line; ++i)
    problem.offset = std::min(text.find('\n', problem.offset), text.size() - 1) + 1;
  problem.offset += column - 1;
  std::string_view rest = message.substr(static_cast<std::size_t>(column_end.ptr - message.data()));
  if (rest.starts_with(": ")) rest.remove_prefix(2);
  problem.message = rest;
  return problem;
}

}  // namespace

std::optional<std::set<std::string>> ResultLabels(const Expr& expr, const KnownMetrics& known) {
  const Expr& inner = promql::WithoutParens(expr);
  if (const auto* const selector = SelectorIn(inner)) return LabelsOfSelector(*selector, known);
  if (const auto* const subquery = std::get_if<promql::Subquery>(&inner.node))
    return ResultLabels(*subquery->expr, known);
  if (const auto* const unary = std::get_if<promql::Unary>(&inner.node))
    return ResultLabels(*unary->expr, known);
  if (const auto* const aggregate = std::get_if<Aggregate>(&inner.node))
    return LabelsOfAggregate(*aggregate, known);
  if (const auto* const call = std::get_if<Call>(&inner.node)) return LabelsOfCall(*call, known);
  if (const auto* const binary = std::get_if<Binary>(&inner.node)) return LabelsOfBinary(*binary, known);
  return std::set<std::string>();
}

ExpressionCheck CheckExpression(std::string_view text, const KnownMetrics& known) {
  ExpressionCheck check;
  auto expr = promql::ParseExpr(text, {});
  if (!expr) {
    check.problems.push_back(ParseProblem(text, expr.error().message));
    return check;
  }
  check.expr = *std::move(expr);
  if (known.has_schema()) Checker(text, known, check.problems).Check(*check.expr);
  return check;
}

}  // namespace tickscope::lint
