#include "live/event_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "api/answer.h"
#include "api/http_error.h"
#include "api/result_json.h"
#include "wire/json_writer.h"

namespace tickscope::live {
namespace {

using promql::Point;
using wire::JsonWriter;

template <typename Points>
void WriteKind(const Points& points, TimeMs from_ms, bool histograms, JsonWriter& json) {
  bool open = false;
  for (const Point& point : points) {
    if (json.full()) return;
    if (point.time_ms < from_ms || (point.histogram != nullptr) != histograms) continue;
    if (!open) {
      json.Key(histograms ? "histograms" : "values");
      json.BeginArray();
      open = true;
    }
    if (!histograms) {
      json.Sample(point.time_ms, point.value);
      continue;
    }
    json.BeginArray();
    json.SecondsFromMs(point.time_ms);
    api::WriteHistogram(*point.histogram, json);
    json.EndArray();
  }
  if (open) json.EndArray();
}

template <typename Points>
void WritePoints(const Points& points, TimeMs from_ms, JsonWriter& json) {
  WriteKind(points, from_ms, false, json);
  WriteKind(points, from_ms, true, json);
}

void WriteNumber(SeriesNumber number, JsonWriter& json) {
  json.Key("n");
  json.Uint(static_cast<std::uint64_t>(number));
}

void WriteNumbers(std::string_view key, const std::vector<SeriesNumber>& numbers, JsonWriter& json) {
  if (numbers.empty()) return;
  json.Key(key);
  json.BeginArray();
  for (const SeriesNumber number : numbers)
    json.Uint(static_cast<std::uint64_t>(number));
  json.EndArray();
}

void WriteMetric(const Labels& labels, JsonWriter& json) {
  json.Key("metric");
  api::WriteLabels(labels, json);
}

void WriteTime(std::string_view key, TimeMs time_ms, JsonWriter& json) {
  json.Key(key);
  json.SecondsFromMs(time_ms);
}

// Closes the object and gives its text without the opening brace, which stands in the client's own part.
Result<std::string> Finish(const std::vector<std::string>& warnings, JsonWriter& json, std::string& text,
                           std::size_t bytes_max) {
  if (!warnings.empty()) {
    json.Key("warnings");
    json.BeginArray();
    for (std::size_t i = 0; i < std::min(warnings.size(), api::kNotesMax); ++i)
      json.String(warnings[i]);
    json.EndArray();
  }
  json.EndObject();
  if (json.full()) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("event exceeds {} bytes: select fewer series or use a longer step", bytes_max));
  }
  text.erase(0, 1);
  return std::move(text.append("\n\n"));
}

}  // namespace

Result<std::string> SnapshotRest(const SeriesWindow& window, TimeMs from_ms, TimeMs to_ms,
                                 std::int64_t step_ms, const std::vector<std::string>& warnings,
                                 std::size_t bytes_max) {
  std::string text;
  JsonWriter json(text, bytes_max);
  json.BeginObject();
  WriteTime("from", from_ms, json);
  WriteTime("to", to_ms, json);
  WriteTime("step", step_ms, json);
  json.Key("series");
  json.BeginArray();
  for (const auto& [labels, series] : window.series()) {
    if (json.full()) break;
    json.BeginObject();
    WriteNumber(series.number, json);
    WriteMetric(labels, json);
    WritePoints(series.points, from_ms, json);
    json.EndObject();
  }
  json.EndArray();
  return Finish(warnings, json, text, bytes_max);
}

Result<std::string> PointsRest(const Change& change, TimeMs to_ms, const std::vector<std::string>& warnings,
                               std::size_t bytes_max) {
  std::string text;
  JsonWriter json(text, bytes_max);
  json.BeginObject();
  WriteTime("to", to_ms, json);
  json.Key("series");
  json.BeginArray();
  for (const SeriesChange& one : change.series) {
    if (json.full()) break;
    json.BeginObject();
    WriteNumber(one.number, json);
    if (one.is_new) WriteMetric(one.labels, json);
    WritePoints(one.points, std::numeric_limits<TimeMs>::min(), json);
    if (!one.gone.empty()) {
      json.Key("gone");
      json.BeginArray();
      for (const TimeMs time_ms : one.gone)
        json.SecondsFromMs(time_ms);
      json.EndArray();
    }
    json.EndObject();
  }
  json.EndArray();
  WriteNumbers("vanished", change.vanished, json);
  WriteNumbers("forgotten", change.forgotten, json);
  return Finish(warnings, json, text, bytes_max);
}

std::string FailureRest(const Error& error) {
  std::string text;
  JsonWriter json(text, kErrorMessageBytesMax * 8);
  json.BeginObject();
  json.Key("errorType");
  json.String(api::HttpErrorFor(error.code).type);
  json.Key("error");
  json.String(error.message);
  json.EndObject();
  text.erase(0, 1);
  return text.append("\n\n");
}

std::string QueryMember(std::string_view id) {
  std::string member = "\"query\":";
  wire::AppendJsonString(id, member);
  return member.append(",");
}

std::string EventHead(std::string_view id, std::string_view event, std::string_view query_member) {
  std::string head;
  if (!id.empty()) head.append("id: ").append(id).append("\n");
  return head.append("event: ").append(event).append("\ndata: {").append(query_member);
}

}  // namespace tickscope::live
