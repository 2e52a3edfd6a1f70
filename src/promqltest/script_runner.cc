#include "promqltest/script_runner.h"

#include <fmt/format.h>

#include <utility>

#include "promql/parser.h"
#include "promql/printer.h"
#include "promqltest/both_ways.h"
#include "promqltest/comparison.h"
#include "promqltest/fixed_time.h"
#include "promqltest/memory_storage.h"
#include "promqltest/script.h"

namespace tickscope::promqltest {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

std::string_view ValueName(const promql::Value& value) {
  constexpr std::string_view kNames[] = {"scalar", "string", "instant vector", "range vector"};
  return kNames[value.index()];
}

// One eval command against one storage.
class Case {
 public:
  Case(const EvalCommand& eval, const MemoryStorage& storage, const promql::Engine& engine)
      : eval_(eval), storage_(storage), engine_(engine) {}

  Difference Run(bool extra_checks) {
    const auto result = eval_.is_range ? Range(eval_.expression, eval_.times)
                                       : Instant(eval_.expression, eval_.times.start_ms);
    if (!result) return CheckFailure(result.error());
    if (eval_.failure) return fmt::format("evaluated, want failure {}", eval_.failure->ToString());
    if (auto difference = CompareAnnotations("warning", eval_.warnings, result->warnings)) return difference;
    if (auto difference = CompareAnnotations("info", eval_.infos, result->infos)) return difference;
    if (auto difference = CompareValue(result->value)) return difference;
    if (eval_.is_range || !extra_checks) return std::nullopt;
    if (auto difference = CheckFixedTime()) return difference;
    return CheckAsRange();
  }

 private:
  Result<promql::QueryResult> Instant(std::string_view expression, TimeMs time_ms) const {
    return engine_.Instant(storage_, TenantId(kDefaultTenant), expression, time_ms, context_);
  }
  Result<promql::QueryResult> Range(std::string_view expression, const TimeGrid& grid) const {
    return engine_.Range(storage_, TenantId(kDefaultTenant), expression, grid.start_ms, grid.end_ms,
                         grid.step_ms, context_);
  }

  Difference CheckFailure(const Error& error) const {
    if (!eval_.failure) return fmt::format("failed: {}", error.message);
    const auto matches = eval_.failure->Matches(error.message);
    if (!matches) return matches.error().message;
    if (*matches) return std::nullopt;
    return fmt::format("failed with {}, want {}", error.message, eval_.failure->ToString());
  }

  Difference CompareValue(const promql::Value& value) const {
    if (eval_.string) {
      const auto* string = std::get_if<promql::String>(&value);
      if (string == nullptr) return fmt::format("want a string, got a {}", ValueName(value));
      if (string->value != *eval_.string) return fmt::format("want {}, got {}", *eval_.string, string->value);
      return std::nullopt;
    }
    if (eval_.scalar) {
      const auto* scalar = std::get_if<promql::Scalar>(&value);
      if (scalar == nullptr) return fmt::format("want a scalar, got a {}", ValueName(value));
      if (!SameFloat(*eval_.scalar, scalar->value))
        return fmt::format("want {}, got {}", *eval_.scalar, scalar->value);
      return std::nullopt;
    }
    if (eval_.is_range || eval_.range_vector) {
      const auto* matrix = std::get_if<promql::Matrix>(&value);
      if (matrix == nullptr) return fmt::format("want a range vector, got a {}", ValueName(value));
      return CompareMatrix(PlaceOnGrid(eval_.series, eval_.is_range ? eval_.times : *eval_.range_vector),
                           *matrix);
    }
    const auto* vector = std::get_if<promql::Vector>(&value);
    if (vector == nullptr) return fmt::format("want an instant vector, got a {}", ValueName(value));
    return eval_.ordered ? CompareOrdered(eval_.series, *vector) : CompareVector(eval_.series, *vector);
  }

  Difference CheckFixedTime() const {
    TimeMs t = eval_.times.start_ms;
    auto expr = promql::ParseExpr(eval_.expression, engine_.options());
    if (!expr) return expr.error().message;
    if (ReadsEvaluationTime(**expr)) return std::nullopt;
    FixTime(**expr, t);
    const std::string fixed = promql::ToString(**expr);
    const std::vector<TimeMs> times =
        t == 0 ? std::vector<TimeMs>{-1000, 0, 1000} : std::vector<TimeMs>{-10 * t, 0, t / 5, t, 10 * t};
    for (const TimeMs time_ms : times) {
      const auto result = Instant(fixed, time_ms);
      Difference difference = result ? CompareValue(result->value) : Difference(result.error().message);
      if (difference) return fmt::format("{} at {} ms: {}", fixed, time_ms, *difference);
    }
    return std::nullopt;
  }

  Difference CheckAsRange() const {
    if (eval_.ordered || eval_.string || eval_.range_vector) return std::nullopt;
    const auto expr = promql::ParseExpr(eval_.expression, engine_.options());
    if (!expr) return expr.error().message;
    if (ReadsQueryRange(**expr)) return std::nullopt;
    const TimeMs t = eval_.times.start_ms;
    const auto result = Range(eval_.expression, {t - kMinuteMs, t + kMinuteMs, kMinuteMs});
    if (!result) return fmt::format("as range query: {}", result.error().message);
    // The middle step as an instant vector.
    promql::Vector middle;
    for (const promql::MatrixSeries& series : std::get<promql::Matrix>(result->value)) {
      for (const promql::Point& point : series.points) {
        if (point.time_ms == t) middle.push_back({series.labels, point});
      }
    }
    std::vector<ExpectedSeries> want = eval_.series;
    if (eval_.scalar) want.push_back({Labels{}, {SlotValue{*eval_.scalar, nullptr, false}}});
    if (auto difference = CompareVector(want, middle)) return fmt::format("as range query: {}", *difference);
    return std::nullopt;
  }

  const EvalCommand& eval_;
  const MemoryStorage& storage_;
  const promql::Engine& engine_;
  QueryContext context_;
};

// As a server evaluates: what the scripts switch on, and columns cannot tell, is off.
promql::EngineOptions ServingOptions(promql::EngineOptions options) {
  options.delayed_name_removal = false;
  options.use_start_timestamps = false;
  return options;
}

Difference CompareCase(const EvalCommand& eval, const Queryable& storage,
                       const promql::EngineOptions& options) {
  const TimeGrid& times = eval.times;
  if (eval.is_range)
    return CompareBothWays(storage, eval.expression, {times.start_ms, times.end_ms, times.step_ms}, options);
  const QueryTimes once{times.start_ms, times.start_ms, 0};
  if (auto difference = CompareBothWays(storage, eval.expression, once, options)) return difference;
  const auto expr = promql::ParseExpr(eval.expression, options);
  const bool has_steps = expr && (promql::TypeOf(**expr) == promql::ValueType::kVector ||
                                  promql::TypeOf(**expr) == promql::ValueType::kScalar);
  if (!has_steps) return std::nullopt;
  auto difference =
      CompareBothWays(storage, eval.expression,
                      {times.start_ms - 10 * kMinuteMs, times.start_ms + 10 * kMinuteMs, kMinuteMs}, options);
  if (difference) return "as range query: " + *difference;
  return std::nullopt;
}

}  // namespace

promql::EngineOptions ScriptEngineOptions() {
  promql::EngineOptions options;
  options.samples_max = 10'000;
  options.experimental_functions = true;
  options.fill_modifiers = true;
  options.delayed_name_removal = true;
  options.unquoted_utf8_names = true;
  options.use_start_timestamps = true;
  return options;
}

Result<ScriptReport> RunScript(std::string_view text, const RunnerOptions& options) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<Command> commands, ParseScript(text));
  const promql::Engine engine(options.engine);
  MemoryStorage storage;
  ScriptReport report;
  bool is_mirrored = false;
  for (const Command& command : commands) {
    if (std::holds_alternative<ClearCommand>(command.body)) {
      storage.Clear();
      is_mirrored = false;
    } else if (const auto* load = std::get_if<LoadCommand>(&command.body)) {
      if (auto loaded = storage.Load(*load); !loaded) {
        return FailWith(fmt::format("line {}", command.line), std::move(loaded).error());
      }
      is_mirrored = false;
    } else {
      const auto& eval = std::get<EvalCommand>(command.body);
      if (options.mirror != nullptr && !is_mirrored) {
        if (auto filled = options.mirror->Fill(storage.series()); !filled)
          return FailWith(fmt::format("line {}", command.line), std::move(filled).error());
        is_mirrored = true;
      }
      auto difference = options.mirror == nullptr
                            ? Case(eval, storage, engine).Run(options.extra_checks)
                            : CompareCase(eval, options.mirror->storage(), ServingOptions(options.engine));
      ++(difference ? report.failed : report.passed);
      report.cases.push_back({command.line, eval.expression, std::move(difference)});
    }
  }
  return report;
}

}  // namespace tickscope::promqltest
