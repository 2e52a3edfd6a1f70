#include "promql/plan.h"

#include <algorithm>

#include "promql/equal_parts.h"
#include "promql/expr_children.h"
#include "promql/function_signature.h"
#include "promql/printer.h"
#include "promql/pushed_aggregate.h"
#include "promql/range_eval.h"
#include "promql/range_hints.h"
#include "promql/range_source.h"

namespace tickscope::promql {
namespace {

void AppendList(const std::vector<std::string>& names, std::string& text) {
  text += " (";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  text += ')';
}

std::string GroupingText(const Aggregate& aggregate) {
  std::string text(AggregateOpText(aggregate.op));
  if (aggregate.grouping.empty() && !aggregate.without) return text;
  text += aggregate.without ? " without" : " by";
  AppendList(aggregate.grouping, text);
  return text;
}

std::string MatchingText(const Binary& binary) {
  std::string text(BinaryOpText(binary.op));
  if (!binary.matching) return text;
  const VectorMatching& matching = *binary.matching;
  if (matching.on || !matching.labels.empty()) {
    text += matching.on ? " on" : " ignoring";
    AppendList(matching.labels, text);
  }
  if (matching.card == MatchCardinality::kManyToOne) text += " group_left";
  if (matching.card == MatchCardinality::kOneToMany) text += " group_right";
  return text;
}

// That the node is, or takes a range of; null of others.
const VectorSelector* SelectorOf(const Expr& expr) {
  if (const auto* range = std::get_if<MatrixSelector>(&expr.node)) return &range->selector;
  return std::get_if<VectorSelector>(&expr.node);
}

struct Title {
  std::string_view operation;
  std::string detail;
};

Title TitleOf(const Expr& expr) {
  struct Titles {
    const Expr& expr;
    Title operator()(const NumberLiteral&) const { return {"number", ToString(expr)}; }
    Title operator()(const StringLiteral&) const { return {"string", ToString(expr)}; }
    Title operator()(const VectorSelector& node) const { return {"selector", node.name}; }
    Title operator()(const MatrixSelector& node) const { return {"range", node.selector.name}; }
    Title operator()(const Subquery&) const { return {"subquery", ""}; }
    Title operator()(const Call& node) const { return {"function", std::string(node.function->name)}; }
    Title operator()(const Aggregate& node) const { return {"aggregate", GroupingText(node)}; }
    Title operator()(const Binary& node) const { return {"binary", MatchingText(node)}; }
    Title operator()(const Unary& node) const { return {"unary", node.negate ? "-" : "+"}; }
    Title operator()(const Paren&) const { return {"parentheses", ""}; }
  };
  return std::visit(Titles{expr}, expr.node);
}

// What of histograms is looked at further out, as the evaluator's scopes have it.
enum class Wants : std::uint8_t { kAny, kTotals, kWhole };

Wants WantsOf(const Expr& expr, Wants outer) {
  const auto totals = outer == Wants::kWhole ? Wants::kWhole : Wants::kTotals;
  if (std::holds_alternative<Subquery>(expr.node)) return Wants::kWhole;
  if (const auto* aggregate = std::get_if<Aggregate>(&expr.node))
    return aggregate->op == AggregateOp::kCountValues ? Wants::kWhole : outer;
  if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    const bool needs_buckets = binary->op == BinaryOp::kEqual || binary->op == BinaryOp::kNotEqual ||
                               binary->op == BinaryOp::kTrimLower || binary->op == BinaryOp::kTrimUpper;
    return needs_buckets ? Wants::kWhole : outer;
  }
  const auto* call = std::get_if<Call>(&expr.node);
  if (call == nullptr) return outer;
  const std::string_view name = call->function->name;
  if (name == "changes") return Wants::kWhole;
  if (name == "absent" || name == "timestamp" || name == "start_timestamp") return totals;
  if (!name.starts_with("histogram_")) return outer;
  const bool is_number = name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg";
  return is_number ? totals : Wants::kWhole;
}

// Whether a call reads a selector that is its argument in a way of its own, so that it has no value others could share.
bool ReadsAside(const Expr& expr, const Expr& argument) {
  const auto* call = std::get_if<Call>(&expr.node);
  if (call == nullptr || !std::holds_alternative<VectorSelector>(WithoutParens(argument).node)) return false;
  const std::string_view name = call->function->name;
  return name == "timestamp" || name == "start_timestamp" ||
         (name == "info" && call->args.size() > 1 && &argument == call->args[1].get());
}

class Planner {
 public:
  Planner(QueryRun& run, const Expr& root, const PlanSources& sources) : run_(run), sources_(sources) {
    if (run.options.shares_subexpressions)
      equal_parts_ =
          EqualParts(root, [&run](const Aggregate& aggregate) { return IsPushable(run, aggregate); });
  }

  // Where a node stands.
  struct Place {
    Grid grid;
    bool is_in_scan = false;
    bool is_once = false;
    bool is_aside = false;
    Wants wants = Wants::kAny;
    std::string_view function;  // That takes a range as it is.
  };

  Status Visit(const Expr& outer, Place place, PlanNode& node) {
    TICKSCOPE_RETURN_IF_ERROR(run_.context.Check());
    const Expr& expr = WithoutParens(outer);
    node.id = ++last_id_;
    node.expr = &expr;
    Title title = TitleOf(expr);
    node.operation = title.operation;
    node.detail = Shortened(std::move(title.detail), kPlanTextMax);
    const bool is_value = expr.type == ValueType::kVector || expr.type == ValueType::kScalar;
    if (is_value && !place.is_once && place.grid.count > 1 && expr.is_step_invariant) {
      place.is_once = true;
      place.grid.count = 1;
    }
    node.is_once = place.is_once;
    node.start_ms = place.grid.start_ms;
    node.step_ms = place.grid.step_ms;
    node.steps = place.grid.count;
    if (place.is_in_scan) node.method = PlanMethod::kInScan;
    if (const EqualParts::Part* const part = equal_parts_.Of(expr);
        part != nullptr && !place.is_in_scan && !place.is_aside) {
      // At other times, or with other parts of histograms wanted, it is another value.
      std::vector<Evaluated>& before = evaluated_[part];
      const auto same = std::ranges::find_if(before, [&](const Evaluated& each) { return each.IsAt(place); });
      if (same != before.end()) {
        node.method = PlanMethod::kShared;
        node.shared_with = same->id;
        return {};
      }
      before.push_back({place, node.id});
    }
    TICKSCOPE_RETURN_IF_ERROR(Descend(expr, place, node));
    const bool selects_nothing = !node.read && std::ranges::all_of(node.children, [](const PlanNode& child) {
      return child.method == PlanMethod::kConstant;
    });
    if (selects_nothing) node.method = PlanMethod::kConstant;
    return {};
  }

 private:
  // A part, where it was evaluated.
  struct Evaluated {
    Place place;
    std::uint32_t id = 0;

    [[nodiscard]] bool IsAt(const Place& other) const {
      return place.grid.start_ms == other.grid.start_ms && place.grid.step_ms == other.grid.step_ms &&
             place.grid.count == other.grid.count && place.wants == other.wants;
    }
  };

  Status Descend(const Expr& expr, const Place& place, PlanNode& node) {
    if (const auto* selector = std::get_if<VectorSelector>(&expr.node)) {
      TICKSCOPE_ASSIGN_OR_RETURN(const TimeShift shift,
                                 TimeShift::Resolve(run_, selector->offset, selector->at));
      TICKSCOPE_ASSIGN_OR_RETURN(node.read, ReadOf(*selector, shift, "", run_.options.lookback_ms, place));
      return {};
    }
    if (std::holds_alternative<MatrixSelector>(expr.node)) {
      TICKSCOPE_ASSIGN_OR_RETURN(const RangeSource source, ResolveSource(run_, expr));
      TICKSCOPE_ASSIGN_OR_RETURN(
          node.read, ReadOf(source.selector->selector, source.shift, place.function, source.range_ms, place));
      return {};
    }
    Place inner = place;
    inner.function = {};
    inner.wants = WantsOf(expr, place.wants);
    if (std::holds_alternative<Subquery>(expr.node)) {
      TICKSCOPE_ASSIGN_OR_RETURN(const RangeSource source, ResolveSource(run_, expr));
      TICKSCOPE_ASSIGN_OR_RETURN(inner.grid, SubqueryGrid(run_, source, place.grid));
      inner.is_once = false;
    }
    if (const auto* call = std::get_if<Call>(&expr.node)) {
      inner.function = call->function->name;
      if (!place.is_in_scan && IsPushable(run_, *call)) inner.is_in_scan = true;
    }
    if (const auto* aggregate = std::get_if<Aggregate>(&expr.node);
        aggregate != nullptr && !place.is_in_scan && IsPushable(run_, *aggregate)) {
      inner.is_in_scan = true;
    }
    std::size_t count = 0;
    ForEachChild(expr, [&count](const Expr&) { ++count; });
    node.children.reserve(count);
    Status status;
    ForEachChild(expr, [&](const Expr& child) {
      if (!status) return;
      inner.is_aside = ReadsAside(expr, child);
      status = Visit(child, inner, node.children.emplace_back());
    });
    TICKSCOPE_RETURN_IF_ERROR(status);
    if (inner.is_in_scan && !place.is_in_scan) {
      if (TellsColumns(node)) {
        node.method = PlanMethod::kColumns;
      } else {
        LeaveScan(node);
      }
    }
    return {};
  }

  static bool TellsColumns(const PlanNode& node) {
    if (node.read) return node.read->tells_columns;
    return std::ranges::all_of(node.children, TellsColumns);
  }
  // The storage tells no columns after all.
  static void LeaveScan(PlanNode& node) {
    for (PlanNode& child : node.children) {
      if (child.method == PlanMethod::kInScan) child.method = PlanMethod::kSeries;
      LeaveScan(child);
    }
  }

  Result<PlanRead> ReadOf(const VectorSelector& selector, const TimeShift& shift, std::string_view function,
                          std::int64_t range_ms, const Place& place) {
    PlanRead read;
    read.function = function;
    read.range_ms = range_ms;
    const bool is_plain = selector.mode == RangeMode::kPlain;
    const std::int64_t beyond_ms = is_plain ? 0 : run_.options.lookback_ms;
    read.start_ms = shift.Apply(place.grid.At(0)) - range_ms - beyond_ms + 1;
    read.end_ms = shift.Apply(place.grid.count == 0 ? place.grid.start_ms : place.grid.last()) + beyond_ms;
    if (++reads_ > kPlanReadsMax) return read;
    SelectRequest request{run_.tenant, read.start_ms, read.end_ms, selector.matchers};
    if (is_plain) request.hints = HintsFor(run_, function, range_ms, shift, place.grid);
    if (sources_.reads != nullptr) {
      ReadPlan plan = sources_.reads->PlanRead(request);
      read.spans = JoinSpans(plan.spans);
      read.tells_columns = plan.tells_columns;
    }
    if (sources_.costs != nullptr) {
      TICKSCOPE_ASSIGN_OR_RETURN(read.estimate, sources_.costs->EstimateSelect(request, run_.context));
    }
    return read;
  }

  QueryRun& run_;
  const PlanSources& sources_;
  EqualParts equal_parts_;
  std::unordered_map<const EqualParts::Part*, std::vector<Evaluated>> evaluated_;
  std::uint32_t last_id_ = 0;
  std::size_t reads_ = 0;
};

}  // namespace

Result<PlanNode> MakePlan(QueryRun& run, const Expr& expr, const PlanSources& sources) {
  Grid grid{run.start_ms, 1, 1};
  if (run.step_ms > 0) {
    grid = {run.start_ms, run.step_ms,
            static_cast<std::size_t>((run.end_ms - run.start_ms) / run.step_ms) + 1};
  }
  PlanNode root;
  TICKSCOPE_RETURN_IF_ERROR(Planner(run, expr, sources).Visit(expr, {.grid = grid}, root));
  return root;
}

std::string ExpressionText(const PlanNode& node) {
  return ToShortString(*node.expr, kPlanTextMax);
}

std::string MatchersText(const PlanNode& node) {
  const VectorSelector* const selector = SelectorOf(*node.expr);
  std::string text = "{";
  for (std::size_t i = 0; selector != nullptr && i < selector->matchers.size(); ++i) {
    if (i > 0) text += ", ";
    text += selector->matchers[i].ToString();
  }
  return Shortened(text += '}', kPlanTextMax);
}

void AddActual(const PlanTrace& trace, PlanNode& node) {
  const Expr& expr = *node.expr;
  const VectorSelector* const selector = SelectorOf(expr);
  const ReadRecord* const read = selector == nullptr ? nullptr : trace.FindRead(*selector);
  if (const PlanTrace::Node* const seen = trace.Find(expr); seen != nullptr && seen->calls > 0) {
    node.actual = PlanActual{seen->method, seen->wall, seen->series, std::nullopt};
    if (node.method == PlanMethod::kConstant) node.actual->method = PlanMethod::kConstant;
  } else if (read != nullptr) {
    // A range is read by the function that takes it, or in the scan.
    node.actual = PlanActual{.read = std::nullopt};
    node.actual->method = node.method;
    node.actual->series = read->series;
  }
  if (read != nullptr) node.actual->read = *read;
  for (PlanNode& child : node.children)
    AddActual(trace, child);
}

}  // namespace tickscope::promql
