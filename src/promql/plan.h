// Plan: how a query is going to be evaluated, node by node, and, once it ran, what each node did.
//
//   sum by (region) (rate(c[5m]))          #1 aggregate   columns
//                                          └ #2 function  within the columns above
//                                            └ #3 range   c{}[5m], from raw and 5m
//
// The plan asks those who decide: the evaluator's own rules for what is added up in the scan, what is evaluated at one step only and
// what is shared; storage for what it reads (ReadPlanner) and what that costs (CostSource). What depends on the samples, say that
// they turn out to be histograms, it cannot know: then what ran differs from what was planned, and both are shown.
//
// Memory    Some hundred bytes a node. Nodes point into the tree that was parsed.
// Cost      A microsecond a node or so, and what storage takes to say. Texts are made for who shows them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/query_cost.h"
#include "model/queryable.h"
#include "promql/ast.h"
#include "promql/plan_trace.h"

namespace tickscope::promql {

struct QueryRun;

/// Longest text of a node, in bytes; longer ones are cut.
inline constexpr std::size_t kPlanTextMax = 512;
/// Selectors that costs and sources are asked of; further ones are planned without.
inline constexpr std::size_t kPlanReadsMax = 64;

/// Who knows about storage; either may be null. They outlive the call.
struct PlanSources {
  const ReadPlanner* reads = nullptr;
  const CostSource* costs = nullptr;
};

/// What a selector reads.
struct PlanRead {
  std::string_view function;  ///< That is made of it; empty for the newest sample. Lives for ever.
  std::int64_t range_ms = 0;  ///< Of the range, or the look-back.
  TimeMs start_ms = 0;        ///< Of samples, both inclusive.
  TimeMs end_ms = 0;
  std::vector<ReadSpan> spans;
  bool tells_columns = false;
  std::optional<SelectCost> estimate;
};

/// What a node did.
struct PlanActual {
  PlanMethod method = PlanMethod::kSeries;
  std::chrono::nanoseconds wall{0};  ///< What is further in included.
  std::uint64_t series = 0;          ///< Of its value.
  std::optional<ReadRecord> read;    ///< Of a selector.
};

struct PlanNode {
  std::uint32_t id = 0;  ///< From 1, a node before those further in.
  /// "aggregate", "function", "selector", "range", "subquery", "binary", "unary", "number", "string". Lives for ever.
  std::string_view operation;
  std::string detail;  ///< "sum by (region)", "rate", "+ on (le)"; the literal.
  const Expr* expr = nullptr;
  PlanMethod method = PlanMethod::kSeries;
  std::uint32_t shared_with = 0;  ///< Of kShared: the node whose value it takes.
  bool is_once = false;           ///< The same at every step, so evaluated at one.
  TimeMs start_ms = 0;            ///< Of the steps it is evaluated at.
  std::int64_t step_ms = 0;
  std::uint64_t steps = 0;
  std::optional<PlanRead> read;  ///< Of a selector.
  std::optional<PlanActual> actual;
  std::vector<PlanNode> children;
};

struct Plan {
  ExprPtr expr;  ///< Nodes point into it.
  std::string query;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::int64_t step_ms = 0;  ///< 0 for an instant query.
  PlanNode root;
};

/// The plan of `run.text`, parsed as `expr`. Errors: kInvalidArgument for a duration without a legal value; what the context says.
[[nodiscard]] Result<PlanNode> MakePlan(QueryRun& run, const Expr& expr, const PlanSources& sources);

/// The expression of a node, printed.
[[nodiscard]] std::string ExpressionText(const PlanNode& node);

/// The matchers of a selector's node, as "{__name__=\"up\", job=\"a\"}".
[[nodiscard]] std::string MatchersText(const PlanNode& node);

/// Adds what a trace has seen.
void AddActual(const PlanTrace& trace, PlanNode& node);

}  // namespace tickscope::promql
