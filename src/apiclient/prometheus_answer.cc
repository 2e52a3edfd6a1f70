#include "apiclient/prometheus_answer.h"

#include <simdjson.h>

#include <cmath>
#include <utility>

namespace tickscope::apiclient {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

std::unexpected<Error> NotAnAnswer(std::string what) {
  return Fail(ErrorCode::kCorruption, "not an answer of the Prometheus API: " + std::move(what));
}

ErrorCode CodeOf(std::string_view error_type) {
  if (error_type == "bad_data") return ErrorCode::kInvalidArgument;
  if (error_type == "execution") return ErrorCode::kFailedPrecondition;
  if (error_type == "timeout") return ErrorCode::kDeadlineExceeded;
  if (error_type == "canceled") return ErrorCode::kCancelled;
  if (error_type == "not_found") return ErrorCode::kNotFound;
  if (error_type == "unavailable") return ErrorCode::kUnavailable;
  return ErrorCode::kInternal;
}

Result<std::string_view> TextOf(const element& value, std::string_view what) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return NotAnAnswer(std::string(what) + " is not a string");
  return text;
}

Result<element> MemberOf(const element& parent, std::string_view key) {
  element value;
  if (parent.at_key(key).get(value) != simdjson::SUCCESS) return NotAnAnswer("no member " + std::string(key));
  return value;
}

Result<array> ListOf(const element& value, std::string_view what) {
  array list;
  if (value.get(list) != simdjson::SUCCESS) return NotAnAnswer(std::string(what) + " is not an array");
  return list;
}

Result<std::vector<std::string>> TextsOf(const element& value, std::string_view what) {
  TICKSCOPE_ASSIGN_OR_RETURN(const array list, ListOf(value, what));
  std::vector<std::string> texts;
  for (const element& item : list) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view text, TextOf(item, what));
    texts.emplace_back(text);
  }
  return texts;
}

Result<Labels> LabelsOf(const element& value) {
  object members;
  if (value.get(members) != simdjson::SUCCESS) return NotAnAnswer("a label set is not an object");
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const auto& [name, label_value] : members) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view text, TextOf(label_value, "a label value"));
    pairs.emplace_back(name, text);
  }
  return Labels::FromPairs(std::move(pairs));
}

// [time, value]
Result<ResultPoint> PointOf(const element& value) {
  TICKSCOPE_ASSIGN_OR_RETURN(const array pair, ListOf(value, "a sample"));
  double seconds = 0;
  if (pair.size() != 2 || pair.at(0).get(seconds) != simdjson::SUCCESS) {
    return NotAnAnswer("a sample is not [time, value]");
  }
  ResultPoint point;
  point.time_ms = std::llround(seconds * 1000);
  const element sample = pair.at(1).value_unsafe();
  if (sample.is_object()) {
    point.value = simdjson::minify(sample);
    return point;
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view text, TextOf(sample, "a sample value"));
  point.value = text;
  return point;
}

// One element of a vector or a matrix: whichever of the four members it has.
Result<ResultSeries> SeriesOf(const element& value) {
  ResultSeries series;
  TICKSCOPE_ASSIGN_OR_RETURN(const element metric, MemberOf(value, "metric"));
  TICKSCOPE_ASSIGN_OR_RETURN(series.labels, LabelsOf(metric));
  for (const std::string_view key : {"value", "histogram"}) {
    element sample;
    if (value.at_key(key).get(sample) != simdjson::SUCCESS) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(auto point, PointOf(sample));
    series.points.push_back(std::move(point));
  }
  for (const std::string_view key : {"values", "histograms"}) {
    element samples;
    if (value.at_key(key).get(samples) != simdjson::SUCCESS) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(const array list, ListOf(samples, key));
    for (const element& sample : list) {
      TICKSCOPE_ASSIGN_OR_RETURN(auto point, PointOf(sample));
      series.points.push_back(std::move(point));
    }
  }
  return series;
}

// The envelope of a successful answer.
struct Envelope {
  element data;
  AnswerNotes notes;
};

Result<Envelope> ReadEnvelope(simdjson::dom::parser& parser, std::string_view body) {
  element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root); error != simdjson::SUCCESS) {
    return NotAnAnswer(simdjson::error_message(error));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const element status_member, MemberOf(root, "status"));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view status, TextOf(status_member, "status"));
  if (status == "error") {
    TICKSCOPE_ASSIGN_OR_RETURN(const element type_member, MemberOf(root, "errorType"));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view type, TextOf(type_member, "errorType"));
    TICKSCOPE_ASSIGN_OR_RETURN(const element error_member, MemberOf(root, "error"));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view text, TextOf(error_member, "error"));
    return Fail(CodeOf(type), std::string(type) + ": " + std::string(text));
  }
  if (status != "success") return NotAnAnswer("status is neither success nor error");
  Envelope envelope;
  TICKSCOPE_ASSIGN_OR_RETURN(envelope.data, MemberOf(root, "data"));
  if (element warnings; root.at_key("warnings").get(warnings) == simdjson::SUCCESS) {
    TICKSCOPE_ASSIGN_OR_RETURN(envelope.notes.warnings, TextsOf(warnings, "warnings"));
  }
  if (element infos; root.at_key("infos").get(infos) == simdjson::SUCCESS) {
    TICKSCOPE_ASSIGN_OR_RETURN(envelope.notes.infos, TextsOf(infos, "infos"));
  }
  return envelope;
}

}  // namespace

Result<QueryAnswer> ReadQueryAnswer(std::string_view body) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(Envelope envelope, ReadEnvelope(parser, body));
  QueryAnswer answer{
      .type = {}, .series = {}, .notes = std::move(envelope.notes), .data = simdjson::minify(envelope.data)};
  TICKSCOPE_ASSIGN_OR_RETURN(const element type_member, MemberOf(envelope.data, "resultType"));
  TICKSCOPE_ASSIGN_OR_RETURN(answer.type, TextOf(type_member, "resultType"));
  TICKSCOPE_ASSIGN_OR_RETURN(const element result, MemberOf(envelope.data, "result"));
  if (answer.type == "scalar" || answer.type == "string") {
    TICKSCOPE_ASSIGN_OR_RETURN(auto point, PointOf(result));
    answer.series.push_back({.labels = {}, .points = {std::move(point)}});
    return answer;
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const array list, ListOf(result, "result"));
  for (const element& item : list) {
    TICKSCOPE_ASSIGN_OR_RETURN(auto series, SeriesOf(item));
    answer.series.push_back(std::move(series));
  }
  return answer;
}

Result<SeriesAnswer> ReadSeriesAnswer(std::string_view body) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(Envelope envelope, ReadEnvelope(parser, body));
  SeriesAnswer answer{
      .series = {}, .notes = std::move(envelope.notes), .data = simdjson::minify(envelope.data)};
  TICKSCOPE_ASSIGN_OR_RETURN(const array list, ListOf(envelope.data, "data"));
  for (const element& item : list) {
    TICKSCOPE_ASSIGN_OR_RETURN(auto labels, LabelsOf(item));
    answer.series.push_back(std::move(labels));
  }
  return answer;
}

Result<TextsAnswer> ReadTextsAnswer(std::string_view body) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(Envelope envelope, ReadEnvelope(parser, body));
  TextsAnswer answer{
      .texts = {}, .notes = std::move(envelope.notes), .data = simdjson::minify(envelope.data)};
  TICKSCOPE_ASSIGN_OR_RETURN(answer.texts, TextsOf(envelope.data, "data"));
  return answer;
}

}  // namespace tickscope::apiclient
