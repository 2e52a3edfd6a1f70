// tickscope query: asks a server from the command line.
//
//   tickscope query instant 'sum(rate(player_joins_total[5m])) by (region)' --to http://127.0.0.1:9280
//   tickscope query range up --start now-1h --step 1m --format csv
//   tickscope query range 'sum(players)' --start now-6h --format plot
//   tickscope query series --match '{job="game"}'
//   tickscope query labels region
//   tickscope query explain 'sum(rate(player_joins_total[5m]))' --start now-1h --analyze
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/time_text.h"
#include "apiclient/answer_text.h"
#include "apiclient/explain_client.h"
#include "apiclient/prometheus_client.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "roles/query_follow.h"
#include "roles/time_argument.h"

namespace tickscope::roles {
namespace {

using apiclient::AnswerFormat;
using apiclient::AnswerNotes;
using apiclient::AnswerText;
using apiclient::PrometheusClient;
using apiclient::TimeSpan;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr std::int64_t kRangeDefaultMs = 5 * 60'000;
/// Points the default step aims at: about a terminal's or a chart's width.
constexpr std::int64_t kRangePointsDefault = 250;

struct QueryArguments {
  std::string url = "http://127.0.0.1:9280";
  std::string tenant;
  std::string format = "table";
  std::string timeout = "30s";
  std::string expression;
  std::string time;
  std::string start;
  std::string end;
  std::string step;
  std::string label;
  std::vector<std::string> selectors;
  bool analyze = false;
  ConnectFlags connect;
};

Result<std::optional<TimeMs>> ReadOptionalTime(std::string_view option, const std::string& text,
                                               TimeMs now_ms) {
  if (text.empty()) return std::nullopt;
  auto time_ms = ParseTimeArgument(text, now_ms);
  if (!time_ms) return FailWith(option, std::move(time_ms).error());
  return *time_ms;
}

// Tells the answer on stdout and its notes on stderr, so that a pipe carries data alone.
void Print(const std::string& text, const AnswerNotes& notes) {
  for (const std::string& warning : notes.warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  for (const std::string& info : notes.infos)
    std::fprintf(stderr, "info: %s\n", info.c_str());
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// One run of the command. The functions are the sub-commands.
struct QueryRun {
  const QueryArguments& arguments;
  AnswerFormat format;
  TimeMs now_ms;
  io::Network& network;
  const apiclient::PrometheusClientOptions& options;
  PrometheusClient client;

  Status Instant() {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto time_ms, ReadOptionalTime("--time", arguments.time, now_ms));
    TICKSCOPE_ASSIGN_OR_RETURN(const auto answer, client.Instant(arguments.expression, time_ms));
    Print(AnswerText(answer, format), answer.notes);
    return {};
  }

  Status Range() {
    TICKSCOPE_ASSIGN_OR_RETURN(const Steps steps, ReadSteps());
    TICKSCOPE_ASSIGN_OR_RETURN(
        const auto answer, client.Range(arguments.expression, steps.start_ms, steps.end_ms, steps.step_ms));
    Print(AnswerText(answer, format), answer.notes);
    return {};
  }

  Status Explain() {
    std::vector<std::pair<std::string, std::string>> parameters = {{"query", arguments.expression}};
    if (arguments.analyze) parameters.emplace_back("analyze", "1");
    const auto seconds = [](std::int64_t ms) { return fmt::format("{}.{:03}", ms / 1000, ms % 1000); };
    if (!arguments.start.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const Steps steps, ReadSteps());
      parameters.emplace_back("start", seconds(steps.start_ms));
      parameters.emplace_back("end", seconds(steps.end_ms));
      parameters.emplace_back("step", seconds(steps.step_ms));
    } else if (!arguments.time.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto time_ms, ReadOptionalTime("--time", arguments.time, now_ms));
      parameters.emplace_back("time", seconds(*time_ms));
    }
    TICKSCOPE_ASSIGN_OR_RETURN(auto explain, apiclient::ExplainClient::Make(network, options));
    TICKSCOPE_ASSIGN_OR_RETURN(const apiclient::Explanation explanation, explain.Explain(parameters));
    const bool is_json = format == AnswerFormat::kJson;
    Print(is_json ? explanation.json + "\n" : explanation.tree, {});
    return {};
  }

  Status Series() {
    TICKSCOPE_ASSIGN_OR_RETURN(const TimeSpan span, ReadSpan());
    TICKSCOPE_ASSIGN_OR_RETURN(const auto answer, client.Series(arguments.selectors, span));
    Print(AnswerText(answer, format), answer.notes);
    return {};
  }

  Status Labels() {
    TICKSCOPE_ASSIGN_OR_RETURN(const TimeSpan span, ReadSpan());
    const std::string& label = arguments.label;
    TICKSCOPE_ASSIGN_OR_RETURN(const auto answer, label.empty()
                                                      ? client.LabelNames(arguments.selectors, span)
                                                      : client.LabelValues(label, arguments.selectors, span));
    Print(AnswerText(answer, label.empty() ? "label" : label, format), answer.notes);
    return {};
  }

 private:
  struct Steps {
    TimeMs start_ms = 0;
    TimeMs end_ms = 0;
    std::int64_t step_ms = 0;
  };
  [[nodiscard]] Result<Steps> ReadSteps() const {
    TICKSCOPE_ASSIGN_OR_RETURN(const TimeSpan span, ReadSpan());
    Steps steps;
    steps.end_ms = span.end_ms.value_or(now_ms);
    steps.start_ms = span.start_ms.value_or(steps.end_ms - kRangeDefaultMs);
    steps.step_ms =
        std::max<std::int64_t>((steps.end_ms - steps.start_ms) / kRangePointsDefault / 1000, 1) * 1000;
    if (!arguments.step.empty()) {
      auto step = api::ParseDuration(arguments.step);
      if (!step) return FailWith("--step", std::move(step).error());
      steps.step_ms = *step;
    }
    return steps;
  }

  [[nodiscard]] Result<TimeSpan> ReadSpan() const {
    TimeSpan span;
    TICKSCOPE_ASSIGN_OR_RETURN(span.start_ms, ReadOptionalTime("--start", arguments.start, now_ms));
    TICKSCOPE_ASSIGN_OR_RETURN(span.end_ms, ReadOptionalTime("--end", arguments.end, now_ms));
    return span;
  }
};

Status RunOne(const QueryArguments& arguments, Status (QueryRun::*run)()) {
  TICKSCOPE_ASSIGN_OR_RETURN(const AnswerFormat format, apiclient::ParseAnswerFormat(arguments.format));
  auto timeout_ms = api::ParseDuration(arguments.timeout);
  if (!timeout_ms) return FailWith("--timeout", std::move(timeout_ms).error());
  if (*timeout_ms <= 0) return Fail(ErrorCode::kInvalidArgument, "--timeout: want more than 0");

  Outbound out;
  apiclient::PrometheusClientOptions options{.url = arguments.url, .tenant = arguments.tenant, .http = {}};
  TICKSCOPE_ASSIGN_OR_RETURN(options.http, out.Options(arguments.connect));
  options.http.request_timeout = std::chrono::milliseconds(*timeout_ms);
  TICKSCOPE_ASSIGN_OR_RETURN(PrometheusClient client, PrometheusClient::Make(out.network(), options));
  QueryRun query{arguments, format, out.clock().NowMs(), out.network(), options, std::move(client)};
  return (query.*run)();
}

void AddSpanOptions(CLI::App& command, QueryArguments& arguments) {
  command.add_option("--start", arguments.start, "From when: unix seconds, RFC 3339, or now-1h");
  command.add_option("--end", arguments.end, "Until when, in the same forms");
}

int Report(const Status& status) {
  if (status) return 0;
  std::fprintf(stderr, "tickscope query: %s\n", status.error().message.c_str());
  return kExitFailed;
}

}  // namespace

int RunQuery(int argc, char** argv) {
  QueryArguments arguments;
  CLI::App app("asks a Tickscope or Prometheus server", "tickscope query");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--to", arguments.url, "The server's URL")->capture_default_str();
  app.add_option("--tenant", arguments.tenant, "Sent as X-Scope-OrgID");
  app.add_option("--format", arguments.format, "table, json, csv, or plot for a range")
      ->capture_default_str();
  app.add_option("--timeout", arguments.timeout, "The longest to wait for an answer")->capture_default_str();
  AddConnectFlags(app, arguments.connect);

  CLI::App& instant = *app.add_subcommand("instant", "a PromQL expression at one time");
  instant.add_option("EXPR", arguments.expression, "The expression")->required();
  instant.add_option("--time", arguments.time,
                     "When: unix seconds, RFC 3339, or now-1h (default: the server's now)");

  CLI::App& range =
      *app.add_subcommand("range", "a PromQL expression over a range of times (default: 5 minutes)");
  range.add_option("EXPR", arguments.expression, "The expression")->required();
  AddSpanOptions(range, arguments);
  range.add_option("--step", arguments.step, "Time between points, 15s or 15 (default: about 250 points)");

  CLI::App& explain = *app.add_subcommand(
      "explain", "how an expression is evaluated; over a range with --start, else at one time");
  explain.add_option("EXPR", arguments.expression, "The expression")->required();
  explain.add_flag("--analyze", arguments.analyze, "Evaluate it, and tell what each part did");
  explain.add_option("--time", arguments.time, "When, of an instant query (default: the server's now)");
  AddSpanOptions(explain, arguments);
  explain.add_option("--step", arguments.step, "Time between points (default: about 250 points)");

  CLI::App& series = *app.add_subcommand("series", "series that match");
  series.add_option("--match", arguments.selectors, "Selector such as {job=\"game\"}; may be repeated")
      ->required();
  AddSpanOptions(series, arguments);

  CLI::App& labels = *app.add_subcommand("labels", "values of a label, or without NAME all label names");
  labels.add_option("NAME", arguments.label, "The label");
  labels.add_option("--match", arguments.selectors, "Only of series that match; may be repeated");
  AddSpanOptions(labels, arguments);

  FollowArguments follow_arguments;
  CLI::App& follow = *app.add_subcommand("follow", "a PromQL expression's points, printed as they come");
  follow.add_option("EXPR", follow_arguments.expression, "The expression")->required();
  follow.add_option("--range", follow_arguments.range, "How far back to begin")->capture_default_str();
  follow.add_option("--step", follow_arguments.step, "Time between points")->capture_default_str();
  follow.add_option("--steps", follow_arguments.points_max, "End after so many new steps (default: never)");

  for (CLI::App* command : {&instant, &range, &explain, &series, &labels, &follow}) {
    command->footer(
        "And --to, --tenant, --format, --timeout, and how to reach a server that asks who comes: see "
        "tickscope query --help");
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (follow.parsed()) {
    follow_arguments.url = arguments.url;
    follow_arguments.tenant = arguments.tenant;
    follow_arguments.connect = arguments.connect;
    follow_arguments.json = arguments.format == "json";
    return Report(FollowQuery(follow_arguments));
  }
  Status (QueryRun::*run)() = &QueryRun::Labels;
  if (instant.parsed()) run = &QueryRun::Instant;
  if (range.parsed()) run = &QueryRun::Range;
  if (explain.parsed()) run = &QueryRun::Explain;
  if (series.parsed()) run = &QueryRun::Series;
  return Report(RunOne(arguments, run));
}

}  // namespace tickscope::roles
