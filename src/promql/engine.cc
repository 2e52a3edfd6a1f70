#include "promql/engine.h"

#include <algorithm>

#include "base/memory_meter.h"
#include "promql/evaluator.h"
#include "promql/paced_sort.h"
#include "promql/parser.h"
#include "promql/plan.h"
#include "promql/range_eval.h"

namespace tickscope::promql {
namespace {

Point PointAt(const StepMatrix& matrix, std::size_t row, std::size_t step, TimeMs time_ms) {
  if (matrix.cell(row, step) == Cell::kHistogram) return {time_ms, 0, matrix.histogram(row, step)};
  return {time_ms, matrix.value(row, step), nullptr};
}

Result<Vector> ToVector(const QueryRun& run, const StepMatrix& matrix, TimeMs time_ms) {
  Pace pace(run);
  Vector out;
  out.reserve(matrix.rows());
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(0));
    if (matrix.cell(row, 0) == Cell::kNone) continue;
    out.push_back({matrix.head(row).labels, PointAt(matrix, row, 0, time_ms)});
  }
  return out;
}

Status SortByLabels(const QueryRun& run, Matrix& matrix) {
  return SortPaced(run, matrix,
                   [](const MatrixSeries& a, const MatrixSeries& b) { return a.labels < b.labels; });
}

// Memory the points of a result will take, counted before they are made.
Status CountResult(const StepMatrix& matrix) {
  std::uint64_t points = 0;
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    const auto cells = matrix.cells(row);
    points += static_cast<std::uint64_t>(
        std::count_if(cells.begin(), cells.end(), [](Cell cell) { return cell != Cell::kNone; }));
  }
  matrix.budget().ChangeBytes(0, points * sizeof(Point) + matrix.rows() * sizeof(MatrixSeries));
  return matrix.budget().Check();
}

Result<Matrix> ToMatrix(const QueryRun& run, const StepMatrix& matrix, const Grid& grid) {
  Pace pace(run);
  Matrix out;
  out.reserve(matrix.rows());
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(grid.count));
    MatrixSeries series{matrix.head(row).labels, {}};
    const auto cells = matrix.cells(row);
    series.points.reserve(static_cast<std::size_t>(
        std::count_if(cells.begin(), cells.end(), [](Cell cell) { return cell != Cell::kNone; })));
    for (std::size_t step = 0; step < grid.count; ++step) {
      if (matrix.cell(row, step) != Cell::kNone)
        series.points.push_back(PointAt(matrix, row, step, grid.At(step)));
    }
    if (!series.points.empty()) out.push_back(std::move(series));
  }
  TICKSCOPE_RETURN_IF_ERROR(SortByLabels(run, out));
  return out;
}

Result<Matrix> ToMatrix(const QueryRun& run, std::vector<RangeVectorRow> rows) {
  Matrix out;
  out.reserve(rows.size());
  for (RangeVectorRow& row : rows) {
    out.push_back({row.head.drop_name ? WithoutMetricIdentity(row.head.labels) : std::move(row.head.labels),
                   std::move(row.points)});
  }
  TICKSCOPE_RETURN_IF_ERROR(SortByLabels(run, out));
  return out;
}

Result<Value> EvaluateInstant(Evaluator& evaluator, const Expr& expr, TimeMs time_ms) {
  const Scope scope{{time_ms, 1, 1}};
  switch (TypeOf(expr)) {
    case ValueType::kScalar: {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> values, evaluator.Scalar(expr, scope));
      return Scalar{time_ms, values[0]};
    }
    case ValueType::kString:
      return String{time_ms, std::get<StringLiteral>(WithoutParens(expr).node).value};
    case ValueType::kMatrix: {
      TICKSCOPE_ASSIGN_OR_RETURN(std::vector<RangeVectorRow> rows, EvalRangeVector(evaluator, expr, scope));
      return ToMatrix(evaluator.run(), std::move(rows));
    }
    case ValueType::kVector: {
      TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix named, evaluator.Vector(expr, scope));
      TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix matrix,
                                 RemoveMarkedNames(evaluator.run(), std::move(named)));
      TICKSCOPE_RETURN_IF_ERROR(CountResult(matrix));
      return ToVector(evaluator.run(), matrix, time_ms);
    }
    case ValueType::kNone:
      break;
  }
  return Fail(ErrorCode::kInternal, "expression without a type");
}

Result<Value> EvaluateRange(Evaluator& evaluator, const Expr& expr, const Grid& grid) {
  const Scope scope{.grid = grid, .ends_later = evaluator.run().end_ms > grid.last()};
  if (TypeOf(expr) == ValueType::kScalar) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> values, evaluator.Scalar(expr, scope));
    TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix matrix, VectorOfScalars(evaluator, values));
    return ToMatrix(evaluator.run(), matrix, grid);
  }
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix named, evaluator.Vector(expr, scope));
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix matrix, RemoveMarkedNames(evaluator.run(), std::move(named)));
  TICKSCOPE_RETURN_IF_ERROR(CountResult(matrix));
  return ToMatrix(evaluator.run(), matrix, grid);
}

// What is asked of one evaluation.
struct Asked {
  const Queryable& storage;
  const TenantId& tenant;
  const EngineOptions& options;
  const QueryContext& context;
  std::string_view text;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::int64_t step_ms = 0;  // 0 for an instant query.
};

// Everything a run refers to that is its own.
struct RunParts {
  explicit RunParts(const Asked& asked)
      : budget(asked.options.samples_max, asked.options.memory_bytes_max), annotations(asked.text) {}

  [[nodiscard]] QueryRun Run(const Asked& asked, PlanTrace* trace) {
    return {asked.storage, asked.tenant,  asked.options, asked.context, asked.text,   asked.start_ms,
            asked.end_ms,  asked.step_ms, budget,        annotations,   result.stats, trace};
  }

  SampleBudget budget;
  Annotations annotations;
  QueryResult result;
};

// Errors: kInvalidArgument for a range query of what is no vector.
Status CheckType(const Expr& expr, std::int64_t step_ms) {
  const ValueType type = TypeOf(expr);
  if (step_ms == 0 || type == ValueType::kScalar || type == ValueType::kVector) return {};
  return Fail(ErrorCode::kInvalidArgument, "invalid expression type \"" + std::string(ValueTypeText(type)) +
                                               "\" for range query, must be Scalar or instant Vector");
}

Result<QueryResult> Evaluate(const Asked& asked, const Expr& expr, PlanTrace* trace) {
  TICKSCOPE_RETURN_IF_ERROR(CheckType(expr, asked.step_ms));
  // Whoever asks may count for more than the evaluation, with the writing of its answer; else it counts alone.
  const MemoryMeter own(asked.options.memory_bytes_max);
  const MemoryMeter* const outer = MemoryMeter::Current();
  const MeteredThread metered(outer != nullptr ? outer : &own);
  RunParts parts(asked);
  QueryRun run = parts.Run(asked, trace);
  QueryResult& result = parts.result;
  Evaluator evaluator(run, expr);
  if (asked.step_ms == 0) {
    TICKSCOPE_ASSIGN_OR_RETURN(result.value, EvaluateInstant(evaluator, expr, asked.start_ms));
  } else {
    const Grid grid{asked.start_ms, asked.step_ms,
                    static_cast<std::size_t>((asked.end_ms - asked.start_ms) / asked.step_ms) + 1};
    TICKSCOPE_ASSIGN_OR_RETURN(result.value, EvaluateRange(evaluator, expr, grid));
  }
  result.warnings = parts.annotations.warnings();
  result.infos = parts.annotations.infos();
  result.stats.samples_peak = parts.budget.peak();
  return std::move(result);
}

}  // namespace

Result<QueryResult> Engine::Instant(const Queryable& storage, const TenantId& tenant, std::string_view query,
                                    TimeMs time_ms, const QueryContext& context) const {
  TICKSCOPE_ASSIGN_OR_RETURN(const ExprPtr expr, ParseExpr(query, options_));
  return Evaluate({storage, tenant, options_, context, query, time_ms, time_ms, 0}, *expr, nullptr);
}

Result<QueryResult> Engine::Range(const Queryable& storage, const TenantId& tenant, std::string_view query,
                                  TimeMs start_ms, TimeMs end_ms, std::int64_t step_ms,
                                  const QueryContext& context) const {
  TICKSCOPE_ASSIGN_OR_RETURN(const ExprPtr expr, ParseExpr(query, options_));
  return Evaluate({storage, tenant, options_, context, query, start_ms, end_ms, step_ms}, *expr, nullptr);
}

Result<Plan> Engine::Explain(const Queryable& storage, const PlanSources& sources, const TenantId& tenant,
                             std::string_view query, TimeMs start_ms, TimeMs end_ms, std::int64_t step_ms,
                             const QueryContext& context) const {
  Plan plan;
  TICKSCOPE_ASSIGN_OR_RETURN(plan.expr, ParseExpr(query, options_));
  TICKSCOPE_RETURN_IF_ERROR(CheckType(*plan.expr, step_ms));
  plan.query = query;
  plan.start_ms = start_ms;
  plan.end_ms = step_ms == 0 ? start_ms : end_ms;
  plan.step_ms = step_ms;
  const Asked asked{storage, tenant, options_, context, plan.query, start_ms, plan.end_ms, step_ms};
  RunParts parts(asked);
  QueryRun run = parts.Run(asked, nullptr);
  TICKSCOPE_ASSIGN_OR_RETURN(plan.root, MakePlan(run, *plan.expr, sources));
  return plan;
}

Result<QueryResult> Engine::Analyze(const Queryable& storage, const TenantId& tenant, Plan& plan,
                                    const Clock& clock, const QueryContext& context) const {
  PlanTrace trace(clock);
  auto result =
      Evaluate({storage, tenant, options_, context, plan.query, plan.start_ms, plan.end_ms, plan.step_ms},
               *plan.expr, &trace);
  if (result) AddActual(trace, plan.root);
  return result;
}

}  // namespace tickscope::promql
