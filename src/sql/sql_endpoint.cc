#include "sql/sql_endpoint.h"

#include <simdjson.h>

#include <memory>
#include <string>
#include <utility>

#include "api/answer.h"
#include "api/http_error.h"
#include "api/time_text.h"
#include "wire/float_text.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::sql {
namespace {

using simdjson::dom::element;

std::unexpected<Error> Bad(std::string_view key, std::string_view want) {
  return Fail(ErrorCode::kInvalidArgument, std::string(key) + ": want " + std::string(want));
}

Result<TimeMs> ReadTime(std::string_view key, const element& value) {
  std::string text;
  if (std::string_view given; value.get(given) == simdjson::SUCCESS) {
    text = given;
  } else if (double seconds = 0; value.get(seconds) == simdjson::SUCCESS) {
    wire::AppendFixedFloat(seconds, text);
  } else {
    return Bad(key, "Unix seconds or RFC 3339");
  }
  auto time_ms = api::ParseTime(text);
  if (!time_ms) return FailWith(key, std::move(time_ms).error());
  return *time_ms;
}

std::string_view MediaType(SqlFormat format) {
  switch (format) {
    case SqlFormat::kTable:
      return "text/plain; charset=utf-8";
    case SqlFormat::kCsv:
      return "text/csv; charset=utf-8";
    case SqlFormat::kJson:
      return "application/json";
  }
  return "text/plain; charset=utf-8";
}

struct Metrics {
  Counter* succeeded;
  Counter* failed;
  Counter* rows;
  HistogramMetric* seconds;
};

struct Endpoint {
  const SqlEngine& engine;
  const Clock& clock;
  const SqlEndpointOptions options;
  const Metrics metrics;

  [[nodiscard]] Result<http::Response> Run(const http::Request& request,
                                           std::chrono::nanoseconds arrived) const {
    TICKSCOPE_ASSIGN_OR_RETURN(TenantId tenant,
                               wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader)));
    TICKSCOPE_ASSIGN_OR_RETURN(SqlCall call, ReadSqlCall(request.body));
    call.request.tenant = std::move(tenant);
    const QueryContext context(clock, arrived + options.timeout);
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    TICKSCOPE_ASSIGN_OR_RETURN(const SqlResult result, engine.Run(call.request, context));
    metrics.rows->Add(result.rows.size());
    if (call.format) return api::TextAnswer(200, MediaType(*call.format), SqlText(result, *call.format));
    std::string body = R"({"status":"success","data":)";
    AppendSqlJson(result, body);
    body += '}';
    return api::TextAnswer(200, "application/json", std::move(body));
  }

  void Finish(const http::Request& request, std::chrono::nanoseconds arrived, Result<http::Response> result,
              http::Respond& respond) const {
    (result ? metrics.succeeded : metrics.failed)->Add();
    metrics.seconds->Observe(std::chrono::duration<double>(clock.Monotonic() - arrived).count());
    http::Response response = result ? *std::move(result) : api::ErrorAnswer(result.error());
    api::CompressAnswer(request, response);
    respond(std::move(response));
  }
};

}  // namespace

Result<SqlCall> ReadSqlCall(std::string_view json) {
  simdjson::dom::parser parser(kSqlBytesMax * 8);
  simdjson::dom::object map;
  const simdjson::padded_string padded(json);
  if (parser.parse(padded).get(map) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalidArgument,
                R"(the body is not a JSON object such as {"sql": "SELECT count(*) FROM metrics"})");
  }
  SqlCall call;
  SqlRequest& request = call.request;
  for (const auto& [key, value] : map) {
    if (key == "sql") {
      std::string_view sql;
      if (value.get(sql) != simdjson::SUCCESS) return Bad(key, "a text");
      request.sql = sql;
    } else if (key == "metrics") {
      simdjson::dom::array names;
      if (value.get(names) != simdjson::SUCCESS) return Bad(key, "a list of texts");
      for (const element& name : names) {
        std::string_view text;
        if (name.get(text) != simdjson::SUCCESS) return Bad(key, "a list of texts");
        request.metrics.emplace_back(text);
      }
    } else if (key == "start") {
      TICKSCOPE_ASSIGN_OR_RETURN(request.start_ms, ReadTime(key, value));
    } else if (key == "end") {
      TICKSCOPE_ASSIGN_OR_RETURN(request.end_ms, ReadTime(key, value));
    } else if (key == "rows_max") {
      if (value.get(request.rows_max) != simdjson::SUCCESS || request.rows_max == 0)
        return Bad(key, "a whole number above 0");
    } else if (key == "format") {
      std::string_view format;
      if (value.get(format) != simdjson::SUCCESS) return Bad(key, "table, csv or json");
      TICKSCOPE_ASSIGN_OR_RETURN(call.format, ParseSqlFormat(format));
    } else {
      return Fail(ErrorCode::kInvalidArgument, "unknown key \"" + std::string(key.substr(0, 64)) +
                                                   "\", want sql, metrics, start, end, rows_max, format");
    }
  }
  if (request.sql.empty()) return Bad("sql", "a statement such as SELECT count(*) FROM metrics");
  return call;
}

void RegisterSql(http::Router& router, const SqlEngine& engine, WorkerPool& pool, const Clock& clock,
                 MetricRegistry& metrics, SqlEndpointOptions options) {
  const auto count = [&](const char* result) {
    return metrics.AddCounter("tickscope_sql_queries_total", "SQL queries answered, by result.",
                              {{"result", result}});
  };
  const auto endpoint = std::make_shared<const Endpoint>(Endpoint{
      .engine = engine,
      .clock = clock,
      .options = options,
      .metrics = {
          .succeeded = count("success"),
          .failed = count("error"),
          .rows = metrics.AddCounter("tickscope_sql_rows_total", "Rows of answers to SQL queries.", {}),
          .seconds = metrics.AddHistogram("tickscope_sql_query_seconds",
                                          "Time from a query's arrival to its answer, waiting included.", {},
                                          kLatencyBucketsSeconds)}});
  router.Add("POST", "/api/v1/sql",
             [endpoint, &pool](http::Request request, const http::PathParameters&, http::Respond respond) {
               const std::chrono::nanoseconds arrived = endpoint->clock.Monotonic();
               // Shared, so that the answer can still be given when the queue does not take the task.
               const auto asked = std::make_shared<http::Request>(std::move(request));
               const auto reply = std::make_shared<http::Respond>(std::move(respond));
               const bool taken = pool.Submit([endpoint, asked, reply, arrived] {
                 endpoint->Finish(*asked, arrived, endpoint->Run(*asked, arrived), *reply);
               });
               if (taken) return;
               endpoint->Finish(
                   *asked, arrived,
                   Fail(ErrorCode::kUnavailable, "too many requests are waiting for an SQL worker"), *reply);
             });
}

}  // namespace tickscope::sql
