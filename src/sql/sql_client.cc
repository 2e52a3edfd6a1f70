#include "sql/sql_client.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "wire/json_writer.h"
#include "wire/remote_write_headers.h"

namespace tickscope::sql {
namespace {

constexpr std::size_t kBodyBytesMax = kSqlBytesMax * 8;
constexpr std::size_t kShownBytesMax = 200;

std::string_view FormatName(SqlFormat format) {
  switch (format) {
    case SqlFormat::kTable:
      return "table";
    case SqlFormat::kCsv:
      return "csv";
    case SqlFormat::kJson:
      return "json";
  }
  return "json";
}

std::string RequestBody(const SqlRequest& request, SqlFormat format) {
  std::string body;
  wire::JsonWriter json(body, kBodyBytesMax);
  json.BeginObject();
  json.Key("sql");
  json.String(request.sql);
  json.Key("format");
  json.String(FormatName(format));
  if (!request.metrics.empty()) {
    json.Key("metrics");
    json.BeginArray();
    for (const std::string& metric : request.metrics)
      json.String(metric);
    json.EndArray();
  }
  if (request.start_ms) {
    json.Key("start");
    json.SecondsFromMs(*request.start_ms);
  }
  if (request.end_ms) {
    json.Key("end");
    json.SecondsFromMs(*request.end_ms);
  }
  if (request.rows_max != 0) {
    json.Key("rows_max");
    json.Uint(request.rows_max);
  }
  json.EndObject();
  return body;
}

// What the server says went wrong.
Error ReadAnswerError(const http::Response& response) {
  Error error{ErrorCode::kUnavailable,
              fmt::format("HTTP {} {}: {}", response.status, http::StatusText(response.status),
                          response.body.substr(0, kShownBytesMax))};
  simdjson::dom::parser parser;
  simdjson::dom::object map;
  const simdjson::padded_string padded(response.body);
  std::string_view text;
  if (parser.parse(padded).get(map) != simdjson::SUCCESS ||
      map.at_key("error").get(text) != simdjson::SUCCESS)
    return error;
  error = {response.status == 503 ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument, std::string(text)};
  return error;
}

}  // namespace

Result<std::string> AskServer(io::Network& network, const SqlServer& server, const SqlRequest& request,
                              SqlFormat format) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(server.url));
  while (url.target.ends_with('/'))
    url.target.pop_back();
  http::Request post;
  post.method = "POST";
  post.target = url.target + "/api/v1/sql";
  post.headers.Set("Content-Type", "application/json");
  if (!server.tenant.empty()) post.headers.Set(wire::kTenantHeader, server.tenant);
  post.body = RequestBody(request, format);
  http::ClientOptions options = server.client;
  options.request_timeout = server.timeout;
  const auto client = http::Client::Make(network, std::move(options));
  auto response = client->Fetch(url, std::move(post));
  if (!response) return FailWith(server.url, std::move(response).error());
  if (response->status != 200) return std::unexpected(ReadAnswerError(*response));
  return std::move(response->body);
}

}  // namespace tickscope::sql
