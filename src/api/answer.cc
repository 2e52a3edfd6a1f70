#include "api/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/http_error.h"
#include "http/abandonment.h"
#include "http/gzip.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

constexpr std::string_view kRetryAfterSeconds = "1";

void WriteNotes(std::string_view key, std::string_view kind, const std::vector<std::string>& notes,
                JsonWriter& json) {
  if (notes.empty()) return;
  json.Key(key);
  json.BeginArray();
  const std::size_t shown = std::min(notes.size(), kNotesMax);
  for (std::size_t i = 0; i < shown; ++i)
    json.String(notes[i]);
  if (shown < notes.size()) {
    json.String(fmt::format("{} more {} annotations omitted", notes.size() - shown, kind));
  }
  json.EndArray();
}

http::Response JsonAnswer(int status, std::string body) {
  return TextAnswer(status, "application/json", std::move(body));
}

// `body` is what `json` wrote.
Result<http::Response> Finished(const JsonWriter& json, std::string& body, std::size_t bytes_max) {
  if (json.full()) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("answer exceeds {} bytes: select fewer series or use a longer step", bytes_max));
  }
  return JsonAnswer(200, std::move(body));
}

}  // namespace

Result<http::Response> SuccessAnswer(const WriteData& write, std::size_t bytes_max) {
  std::string body;
  JsonWriter json(body, bytes_max);
  json.BeginObject();
  json.Key("status");
  json.String("success");
  json.Key("data");
  const std::size_t before_data = body.size();
  TICKSCOPE_ASSIGN_OR_RETURN(const Notes notes, write(json));
  if (body.size() == before_data) return http::Response{.status = 204, .headers = {}, .body = {}};
  WriteNotes("warnings", "warning", notes.warnings, json);
  WriteNotes("infos", "info", notes.infos, json);
  json.EndObject();
  return Finished(json, body, bytes_max);
}

Result<http::Response> BareAnswer(const WriteData& write, std::size_t bytes_max) {
  std::string body;
  JsonWriter json(body, bytes_max);
  TICKSCOPE_ASSIGN_OR_RETURN(const Notes notes, write(json));
  return Finished(json, body, bytes_max);
}

http::Response ErrorAnswer(const Error& error) {
  const HttpError& http_error = HttpErrorFor(error.code);
  std::string body;
  JsonWriter json(body, kErrorMessageBytesMax * 8);
  json.BeginObject();
  json.Key("status");
  json.String("error");
  json.Key("errorType");
  json.String(http_error.type);
  json.Key("error");
  json.String(error.message);
  json.EndObject();
  http::Response response = JsonAnswer(http_error.status, std::move(body));
  if (error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kRateLimited)
    response.headers.Set("Retry-After", kRetryAfterSeconds);
  return response;
}

http::Response TextAnswer(int status, std::string_view content_type, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.Set("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

void CompressAnswer(const http::Request& request, http::Response& response) {
  response.headers.Add("Vary", "Accept-Encoding");
  if (!http::AcceptsGzip(request.headers.Get("Accept-Encoding"))) return;
  const auto is_wanted = [&request] {
    return request.abandonment == nullptr || !request.abandonment->told();
  };
  std::optional<std::string> compressed = http::GzipWhile(is_wanted, response.body);
  // Nobody gets what is given up.
  response.body = std::move(compressed).value_or(std::string());
  response.headers.Set("Content-Encoding", "gzip");
}

}  // namespace tickscope::api
