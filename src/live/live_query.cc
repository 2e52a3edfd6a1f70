#include "live/live_query.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>

#include "api/parameters.h"
#include "api/time_text.h"
#include "base/duration.h"
#include "live/range_dependence.h"
#include "promql/parser.h"
#include "promql/printer.h"
#include "wire/float_text.h"

namespace tickscope::live {
namespace {

using simdjson::dom::element;

constexpr std::size_t kBodyBytesMax = 4 << 20;
// Points a default step aims at: about a chart's width.
constexpr std::int64_t kDefaultPoints = 500;

// A query as it was written.
struct Asked {
  std::string id;
  std::string query;
  std::string range;
  std::string step;
};

Result<std::int64_t> PositiveDuration(std::string_view name, std::string_view text) {
  auto duration_ms = api::ParseDuration(text);
  if (!duration_ms) return FailWith(name, std::move(duration_ms).error());
  if (*duration_ms <= 0) return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: want more than 0", name));
  return *duration_ms;
}

Result<LiveQuery> Check(const Asked& asked, const promql::EngineOptions& engine,
                        const LiveQueryLimits& limits) {
  LiveQuery query{.id = asked.id, .text = {}};
  if (query.id.size() > kQueryIdBytesMax) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("id too long: got {} bytes, want at most {}", query.id.size(), kQueryIdBytesMax));
  }
  if (asked.query.size() > kQueryTextBytesMax) {
    return Fail(ErrorCode::kOutOfRange, fmt::format("query too long: got {} bytes, want at most {}",
                                                    asked.query.size(), kQueryTextBytesMax));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const promql::ExprPtr expr, promql::ParseExpr(asked.query, engine));
  const promql::ValueType type = promql::TypeOf(*expr);
  if (type != promql::ValueType::kVector && type != promql::ValueType::kScalar) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("invalid expression type \"{}\" for a live query, want scalar or instant vector",
                            promql::ValueTypeText(type)));
  }
  if (const std::string_view found = FindRangeDependence(*expr); !found.empty()) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{} depends on the whole range, which moves with each step of a live query", found));
  }
  query.text = promql::ToString(*expr);
  if (!asked.range.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(query.range_ms, PositiveDuration("range", asked.range));
  }
  if (!asked.step.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(query.step_ms, PositiveDuration("step", asked.step));
  } else {
    query.step_ms = std::max((query.range_ms / kDefaultPoints + 999) / 1000 * 1000,
                             std::max<std::int64_t>(limits.step_min_ms, 1000));
  }
  if (query.step_ms < limits.step_min_ms) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("step: got {}, want at least {}", FormatDurationMs(query.step_ms),
                            FormatDurationMs(limits.step_min_ms)));
  }
  if (query.range_ms / query.step_ms > kWindowStepsMax) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("range: got {} steps, want at most {}: take a longer step",
                            query.range_ms / query.step_ms, kWindowStepsMax));
  }
  return query;
}

Result<std::vector<Asked>> ReadForm(const http::Request& request) {
  TICKSCOPE_ASSIGN_OR_RETURN(const api::Parameters parameters, api::Parameters::Parse(request));
  const auto texts = parameters.All("query");
  std::vector<Asked> asked(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    asked[i].query = texts[i];
  const auto fill = [&](std::string_view name, std::string Asked::* member, bool may_be_one) -> Status {
    const auto values = parameters.All(name);
    if (values.empty()) return {};
    const bool one = may_be_one && values.size() == 1;
    if (!one && values.size() != asked.size()) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: got {} values for {} queries, want as many{}", name, values.size(),
                              asked.size(), may_be_one ? ", or one for all" : ""));
    }
    for (std::size_t i = 0; i < asked.size(); ++i)
      asked[i].*member = values[one ? 0 : i];
    return {};
  };
  TICKSCOPE_RETURN_IF_ERROR(fill("id", &Asked::id, false));
  TICKSCOPE_RETURN_IF_ERROR(fill("range", &Asked::range, true));
  TICKSCOPE_RETURN_IF_ERROR(fill("step", &Asked::step, true));
  return asked;
}

std::unexpected<Error> Bad(std::string_view key, std::string_view want) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: want {}", key.substr(0, 64), want));
}

// A duration as JSON has it: a text, or seconds.
Result<std::string> DurationText(std::string_view key, const element& value) {
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) return std::string(text);
  double seconds = 0;
  if (value.get(seconds) != simdjson::SUCCESS) return Bad(key, "a duration such as \"10s\", or seconds");
  std::string text;
  wire::AppendFixedFloat(seconds, text);
  return text;
}

Result<Asked> ReadJsonQuery(const element& value) {
  simdjson::dom::object map;
  if (value.get(map) != simdjson::SUCCESS) return Bad("queries", "a list of objects");
  Asked asked;
  for (const auto& [key, member] : map) {
    std::string_view text;
    if (key == "id" || key == "query") {
      if (member.get(text) != simdjson::SUCCESS) return Bad(key, "a text");
      (key == "id" ? asked.id : asked.query) = text;
    } else if (key == "range" || key == "step") {
      TICKSCOPE_ASSIGN_OR_RETURN(std::string duration, DurationText(key, member));
      (key == "range" ? asked.range : asked.step) = std::move(duration);
    } else {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("unknown key \"{}\", want id, query, range, step", key.substr(0, 64)));
    }
  }
  return asked;
}

Result<std::vector<Asked>> ReadJson(std::string_view body, std::uint64_t queries_max) {
  if (body.size() > kBodyBytesMax) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("body of {} bytes, want at most {}", body.size(), kBodyBytesMax));
  }
  simdjson::dom::parser parser(kBodyBytesMax + simdjson::SIMDJSON_PADDING);
  simdjson::dom::object map;
  const simdjson::padded_string padded(body);
  simdjson::dom::array queries;
  if (parser.parse(padded).get(map) != simdjson::SUCCESS || map.size() != 1 ||
      map["queries"].get(queries) != simdjson::SUCCESS) {
    return Fail(
        ErrorCode::kInvalidArgument,
        R"(the body is not a JSON object such as {"queries": [{"query": "up", "range": "1h", "step": "10s"}]})");
  }
  std::vector<Asked> asked;
  for (const element& query : queries) {
    if (asked.size() > queries_max) break;  // Told of by the caller.
    TICKSCOPE_ASSIGN_OR_RETURN(Asked one, ReadJsonQuery(query));
    asked.push_back(std::move(one));
  }
  return asked;
}

Result<std::vector<Asked>> Read(const http::Request& request, std::uint64_t queries_max) {
  if (request.method != "POST") return ReadForm(request);
  const std::string_view type = request.headers.Get("Content-Type");
  const std::string_view bare = type.substr(0, type.find(';'));
  if (http::EqualsIgnoreCase(bare, "application/json")) return ReadJson(request.body, queries_max);
  if (http::EqualsIgnoreCase(bare, "application/x-www-form-urlencoded")) return ReadForm(request);
  return Fail(ErrorCode::kUnsupported,
              "want Content-Type application/json or application/x-www-form-urlencoded");
}

}  // namespace

Result<std::vector<LiveQuery>> ReadLiveQueries(const http::Request& request,
                                               const promql::EngineOptions& engine,
                                               const LiveQueryLimits& limits) {
  TICKSCOPE_ASSIGN_OR_RETURN(std::vector<Asked> asked, Read(request, limits.queries_max));
  if (asked.empty()) return Fail(ErrorCode::kInvalidArgument, "query: want at least one");
  if (asked.size() > limits.queries_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("too many queries on one connection: want at most {}", limits.queries_max));
  }
  std::vector<LiveQuery> queries;
  std::set<std::string, std::less<>> ids;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (asked[i].id.empty()) asked[i].id = std::to_string(i);
    auto query = Check(asked[i], engine, limits);
    if (!query) return FailWith(fmt::format("query {}", i), std::move(query).error());
    if (!ids.insert(query->id).second) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("query {}: two queries have the id \"{}\"", i, query->id));
    }
    queries.push_back(*std::move(query));
  }
  return queries;
}

}  // namespace tickscope::live
