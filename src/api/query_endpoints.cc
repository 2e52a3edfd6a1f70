// query and query_range evaluate PromQL, explain says how; format_query and parse_query only read it.
#include <fmt/format.h>

#include <algorithm>

#include "api/endpoint.h"
#include "api/error_text.h"
#include "api/expr_json.h"
#include "api/plan_json.h"
#include "api/result_json.h"
#include "api/time_text.h"
#include "base/duration.h"
#include "promql/parser.h"
#include "promql/plan_text.h"
#include "promql/printer.h"
#include "wire/json_fields.h"

namespace tickscope::api {
namespace {

using std::chrono::nanoseconds;
using wire::JsonWriter;

/// Steps a range query may have past its first; enough for 60 s over a week and 1 h over a year.
constexpr std::uint64_t kPointsPerSeriesMax = 11'000;
constexpr std::string_view kTruncated = "results truncated due to limit";

// What query and query_range have in common.
struct Evaluation {
  queryfront::QueryRequest request;
  nanoseconds deadline{0};
};

Result<nanoseconds> DeadlineWithTimeout(const ApiContext& api, const Call& call) {
  const std::string_view text = call.parameters.Get("timeout");
  if (text.empty()) return DeadlineOf(api, call);
  auto timeout_ms = ParseDuration(text);
  if (!timeout_ms) return InvalidParameter("timeout", std::move(timeout_ms).error());
  if (*timeout_ms <= 0) {
    return InvalidParameter("timeout", "timeout must be positive, got " + FormatDurationMs(*timeout_ms));
  }
  const std::chrono::milliseconds asked(*timeout_ms);
  const nanoseconds deadline = call.arrived + std::min(asked, api.options.query_timeout);
  if (call.begun > deadline) return TimedOutInQueue();
  return deadline;
}

Result<std::int64_t> ReadLookback(const Call& call) {
  const std::string_view text = call.parameters.Get("lookback_delta");
  if (text.empty()) return 0;
  auto lookback_ms = ParseDuration(text);
  if (!lookback_ms) return FailWith("error parsing lookback delta duration", std::move(lookback_ms).error());
  return std::max<std::int64_t>(*lookback_ms, 0);
}

Result<Evaluation> PrepareEvaluation(const ApiContext& api, const Call& call) {
  Evaluation evaluation;
  TICKSCOPE_ASSIGN_OR_RETURN(evaluation.deadline, DeadlineWithTimeout(api, call));
  TICKSCOPE_ASSIGN_OR_RETURN(evaluation.request.lookback_ms, ReadLookback(call));
  evaluation.request.identity = call.identity;
  evaluation.request.text = call.parameters.Get("query");
  evaluation.request.may_use_cache = call.parameters.Get("nocache") != "1";
  if (const std::string_view text = call.parameters.Get("max_source_resolution"); !text.empty()) {
    auto resolution = queryfront::ParseSourceResolution(text);
    if (!resolution) return InvalidParameter("max_source_resolution", std::move(resolution).error());
    evaluation.request.resolution = *resolution;
  }
  return evaluation;
}

// The engine's errors in the reference's words.
std::unexpected<Error> EvaluationError(Error error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return InvalidParameter("query", std::move(error));
    case ErrorCode::kDeadlineExceeded:
      return Fail(error.code, "query timed out in expression evaluation");
    case ErrorCode::kCancelled:
      // One that was killed says so.
      if (error.message != "query was canceled") return std::unexpected(std::move(error));
      return Fail(error.code, "query was canceled in expression evaluation");
    default:
      return std::unexpected(std::move(error));
  }
}

// Whether a vector or a matrix has more than `limit` elements; 0 is no limit.
bool IsOver(std::size_t limit, const promql::Value& value) {
  const auto is_over = [limit](const auto& elements) { return limit > 0 && elements.size() > limit; };
  if (const auto* vector = std::get_if<promql::Vector>(&value)) return is_over(*vector);
  if (const auto* matrix = std::get_if<promql::Matrix>(&value)) return is_over(*matrix);
  return false;
}

// The first `limit` elements; the value itself may be others' too. Requires IsOver.
promql::Value Truncated(std::size_t limit, const promql::Value& value) {
  const auto first = [limit](const auto& elements) {
    return std::decay_t<decltype(elements)>(elements.begin(),
                                            elements.begin() + static_cast<std::ptrdiff_t>(limit));
  };
  if (const auto* vector = std::get_if<promql::Vector>(&value)) return first(*vector);
  return first(std::get<promql::Matrix>(value));
}

double Seconds(nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

void WriteStats(const promql::QueryStats& stats, std::span<const ReadSpan> spans, const Call& call,
                nanoseconds ended, JsonWriter& json) {
  const auto timing = [&json](std::string_view name, nanoseconds duration) {
    json.Key(name);
    json.Number(Seconds(duration));
  };
  json.Key("stats");
  json.BeginObject();
  json.Key("timings");
  json.BeginObject();
  // The engine sorts and prepares inside its evaluation and does not time them apart.
  timing("evalTotalTime", ended - call.begun);
  timing("resultSortTime", nanoseconds(0));
  timing("queryPreparationTime", nanoseconds(0));
  timing("innerEvalTime", ended - call.begun);
  timing("execQueueTime", call.begun - call.arrived);
  timing("execTotalTime", ended - call.arrived);
  json.EndObject();
  json.Key("samples");
  json.BeginObject();
  WriteCount("totalQueryableSamples", stats.samples_read, json);
  WriteCount("samplesRead", stats.samples_read, json);
  WriteCount("seriesTouched", stats.series_read, json);
  WriteCount("peakSamples", stats.samples_peak, json);
  WriteCount("sharedResults", stats.shared_results, json);
  json.EndObject();
  json.Key("tiers");
  WriteSpans(spans, json);
  json.EndObject();
}

constexpr std::string_view kCacheHeader = "X-Tickscope-Cache";
constexpr std::string_view kTiersHeader = "X-Tickscope-Tiers";

std::unexpected<Error> QueryError(const Call& call, queryfront::QueryFailure failure) {
  if (failure.retry_after.count() > 0)
    call.answer_headers.Set("Retry-After", std::to_string(failure.retry_after.count()));
  return EvaluationError(std::move(failure.error));
}

Result<Notes> Answer(const ApiContext& api, const Call& call, std::size_t limit, const Evaluation& evaluation,
                     JsonWriter& json) {
  CallContext context(api, call, evaluation.deadline);
  queryfront::QueryOutcome outcome = api.deps.front.Run(evaluation.request, context.get());
  const nanoseconds ended = api.deps.clock.Monotonic();
  if (!outcome) return QueryError(call, std::move(outcome).error());
  call.answer_headers.Set(kCacheHeader, queryfront::CacheOutcomeName(outcome->cache));
  if (const std::string tiers = promql::TiersText(outcome->spans); !tiers.empty())
    call.answer_headers.Set(kTiersHeader, tiers);
  const promql::QueryResult* result = outcome->result.get();
  Notes notes{result->warnings, result->infos};
  notes.warnings.insert(notes.warnings.end(), outcome->warnings.begin(), outcome->warnings.end());
  promql::Value cut;
  const promql::Value* value = &result->value;
  if (IsOver(limit, *value)) {
    cut = Truncated(limit, *value);
    value = &cut;
    notes.warnings.emplace_back(kTruncated);
  }

  json.BeginObject();
  if (Status written = WriteValue(*value, context.get(), json); !written)
    return EvaluationError(std::move(written).error());
  if (const std::string_view stats = call.parameters.Get("stats"); !stats.empty()) {
    WriteStats(result->stats, outcome->spans, call, ended, json);
    if (stats != "true" && stats != "all") {
      notes.warnings.push_back(
          fmt::format("value {} for parameter \"stats\" is deprecated and will be rejected in the next major "
                      "release, use "
                      "\"true\" or \"all\"",
                      Quoted(stats)));
    }
  }
  json.EndObject();
  return notes;
}

struct Range {
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::int64_t step_ms = 0;
};

Result<Range> ReadRange(const Parameters& parameters) {
  const auto read = [&parameters](std::string_view name, auto parse) -> Result<std::int64_t> {
    auto value = parse(parameters.Get(name));
    if (!value) return InvalidParameter(name, std::move(value).error());
    return *value;
  };
  Range range;
  TICKSCOPE_ASSIGN_OR_RETURN(range.start_ms, read("start", ParseTime));
  TICKSCOPE_ASSIGN_OR_RETURN(range.end_ms, read("end", ParseTime));
  if (range.end_ms < range.start_ms) {
    return InvalidParameter("end", "end timestamp must not be before start time");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(range.step_ms, read("step", ParseDuration));
  if (range.step_ms <= 0) {
    return InvalidParameter(
        "step", "zero or negative query resolution step widths are not accepted. Try a positive integer");
  }
  // Unsigned: from the earliest to the latest time is more than a signed difference holds.
  const std::uint64_t length_ms =
      static_cast<std::uint64_t>(range.end_ms) - static_cast<std::uint64_t>(range.start_ms);
  if (length_ms / static_cast<std::uint64_t>(range.step_ms) > kPointsPerSeriesMax) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
        "(?step=XX)");
  }
  return range;
}

// An instant query's, at `time`.
Result<Evaluation> InstantEvaluation(const ApiContext& api, const Call& call) {
  TICKSCOPE_ASSIGN_OR_RETURN(const TimeMs time_ms, call.parameters.TimeOr("time", call.arrived_ms));
  TICKSCOPE_ASSIGN_OR_RETURN(Evaluation evaluation, PrepareEvaluation(api, call));
  evaluation.request.start_ms = evaluation.request.end_ms = time_ms;
  return evaluation;
}

// A range query's, from `start` to `end`.
Result<Evaluation> RangeEvaluation(const ApiContext& api, const Call& call) {
  TICKSCOPE_ASSIGN_OR_RETURN(const Range range, ReadRange(call.parameters));
  TICKSCOPE_ASSIGN_OR_RETURN(Evaluation evaluation, PrepareEvaluation(api, call));
  evaluation.request.start_ms = range.start_ms;
  evaluation.request.end_ms = range.end_ms;
  evaluation.request.step_ms = range.step_ms;
  return evaluation;
}

Result<Notes> HandleQuery(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t limit, call.parameters.Limit());
  TICKSCOPE_ASSIGN_OR_RETURN(const Evaluation evaluation, InstantEvaluation(api, call));
  return Answer(api, call, limit, evaluation, json);
}

Result<Notes> HandleQueryRange(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t limit, call.parameters.Limit());
  TICKSCOPE_ASSIGN_OR_RETURN(const Evaluation evaluation, RangeEvaluation(api, call));
  return Answer(api, call, limit, evaluation, json);
}

void WriteExplanation(const queryfront::ExplainAnswer& answer, JsonWriter& json) {
  json.BeginObject();
  WriteText("query", answer.plan.query, json);
  WriteText("text", promql::PlanTree(answer.plan), json);
  json.Key("plan");
  WritePlanNode(answer.plan.root, json);
  json.Key("estimate");
  json.BeginObject();
  WriteCost(answer.estimate, json);
  WriteCount("storedBytes", answer.estimate.stored_bytes, json);
  json.EndObject();
  json.Key("cache");
  json.BeginObject();
  WriteFlag("mayBeKept", answer.may_be_kept, json);
  WriteCount("steps", answer.steps, json);
  WriteCount("keptSteps", answer.kept_steps, json);
  json.EndObject();
  if (answer.result != nullptr) {
    const promql::QueryStats& stats = answer.result->stats;
    json.Key("actual");
    json.BeginObject();
    json.Key("seconds");
    json.Number(Seconds(answer.took));
    json.Key("queuedSeconds");
    json.Number(Seconds(answer.queued));
    WriteCount("seriesRead", stats.series_read, json);
    WriteCount("samplesRead", stats.samples_read, json);
    WriteCount("samplesPeak", stats.samples_peak, json);
    WriteCount("sharedResults", stats.shared_results, json);
    json.Key("tiers");
    WriteSpans(stats.spans, json);
    json.EndObject();
  }
  json.EndObject();
}

// With `start` it is a range query's plan, else that of an instant query.
Result<Notes> HandleExplain(const ApiContext& api, const Call& call, JsonWriter& json) {
  const bool is_range = !call.parameters.Get("start").empty();
  TICKSCOPE_ASSIGN_OR_RETURN(const Evaluation evaluation,
                             is_range ? RangeEvaluation(api, call) : InstantEvaluation(api, call));
  const auto mode = call.parameters.Get("analyze") == "1" ? queryfront::QueryFront::ExplainMode::kAnalyze
                                                          : queryfront::QueryFront::ExplainMode::kPlan;
  CallContext context(api, call, evaluation.deadline);
  queryfront::ExplainOutcome outcome = api.deps.front.Explain(evaluation.request, mode, context.get());
  if (!outcome) return QueryError(call, std::move(outcome).error());
  Notes notes;
  if (outcome->result != nullptr) notes = {outcome->result->warnings, outcome->result->infos};
  notes.warnings.insert(notes.warnings.end(), outcome->warnings.begin(), outcome->warnings.end());
  WriteExplanation(*outcome, json);
  return notes;
}

Result<promql::ExprPtr> ParseQueryParameter(const ApiContext& api, const Call& call) {
  auto expr = promql::ParseExpr(call.parameters.Get("query"), api.deps.engine.options());
  if (!expr) return InvalidParameter("query", std::move(expr).error());
  return expr;
}

Result<Notes> HandleFormatQuery(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const promql::ExprPtr expr, ParseQueryParameter(api, call));
  json.String(promql::ToPrettyString(*expr));
  return Notes{};
}

Result<Notes> HandleParseQuery(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const promql::ExprPtr expr, ParseQueryParameter(api, call));
  WriteExpr(*expr, json);
  return Notes{};
}

constexpr Endpoint kEndpoints[] = {
    {"query", "/api/v1/query", Methods::kGetAndPost, RunsOn::kQueryPool, HandleQuery},
    {"query_range", "/api/v1/query_range", Methods::kGetAndPost, RunsOn::kQueryPool, HandleQueryRange},
    {"explain", "/api/v1/explain", Methods::kGetAndPost, RunsOn::kQueryPool, HandleExplain},
    {"format_query", "/api/v1/format_query", Methods::kGetAndPost, RunsOn::kPool, HandleFormatQuery},
    {"parse_query", "/api/v1/parse_query", Methods::kGetAndPost, RunsOn::kPool, HandleParseQuery},
};

}  // namespace

std::span<const Endpoint> QueryEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
