#include "logs/http_logs.h"

#include <simdjson.h>

#include <array>
#include <cmath>
#include <span>
#include <string>

namespace tickscope::logs {
namespace {

namespace dom = simdjson::dom;

// Later than any second of a date, earlier than any millisecond.
constexpr double kSecondsMax = 1e11;
constexpr double kMillisMax = 1e14;

std::int64_t TimeOf(const dom::element& date) {
  double number = 0;
  if (date.get(number) != simdjson::SUCCESS || !(number > 0) || number >= kMillisMax) return 0;
  // The whole part apart: a double has no room for nanoseconds of today.
  const std::int64_t unit_ns = number < kSecondsMax ? 1'000'000'000 : 1'000'000;
  const double whole = std::floor(number);
  return static_cast<std::int64_t>(whole) * unit_ns +
         std::llround((number - whole) * static_cast<double>(unit_ns));
}

struct Record {
  std::int64_t time_ns = 0;
  std::string_view only_text;  ///< Of log or message, when there is nothing else.
};

Record ReadRecord(const dom::element& element) {
  Record record;
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return record;
  std::size_t others = 0;
  std::string_view text;
  for (const auto& [key, value] : object) {
    if (key == "date") {
      record.time_ns = TimeOf(value);
      if (record.time_ns != 0) continue;
    }
    ++others;
    const bool is_text = key == "log" || key == "message";
    if (is_text && value.get(text) != simdjson::SUCCESS) text = {};
  }
  if (others == 1) record.only_text = text;
  return record;
}

std::unexpected<Error> FailJson(simdjson::error_code error) {
  const bool is_deep = error == simdjson::DEPTH_ERROR;
  return Fail(is_deep ? ErrorCode::kOutOfRange : ErrorCode::kCorruption,
              std::string("no JSON: ").append(simdjson::error_message(error)));
}

}  // namespace

std::optional<HttpLogForm> HttpLogFormOf(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' '))
    type.pop_back();
  for (char& c : type)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (type == "application/json") return HttpLogForm::kJson;
  for (const std::string_view lines :
       {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines"}) {
    if (type == lines) return HttpLogForm::kJsonLines;
  }
  if (type == "application/msgpack" || type == "application/x-msgpack") return HttpLogForm::kMsgpack;
  if (type == "text/plain") return HttpLogForm::kText;
  return std::nullopt;
}

Status HttpLogDecoder::Take(HttpLogForm form, std::string_view tag, std::string_view body) {
  if (!tag.empty() && !IsFluentTag(tag)) {
    intake_.metrics().refused(source_.input, LogRefusal::kBadTag).Add();
    return Fail(ErrorCode::kCorruption, "a tag is letters, digits and ._-/:*, at most 256");
  }
  Status taken = TakeForm(form, tag, body);
  if (!taken) {
    const bool is_large = taken.error().code == ErrorCode::kOutOfRange;
    intake_.metrics().refused(source_.input, is_large ? LogRefusal::kTooLarge : LogRefusal::kMalformed).Add();
  }
  return taken;
}

Status HttpLogDecoder::TakeForm(HttpLogForm form, std::string_view tag, std::string_view body) {
  switch (form) {
    case HttpLogForm::kJson:
      return TakeJson(tag, body);
    case HttpLogForm::kMsgpack:
      return packed_.TakeAll(tag, body);
    case HttpLogForm::kJsonLines:
    case HttpLogForm::kText:
      break;
  }
  return TakeLines(form, tag, body);
}

Status HttpLogDecoder::TakeJson(std::string_view tag, std::string_view body) {
  dom::parser parser;
  if (const auto error = parser.allocate(body.size() + 1, kFluentDepthMax + 2); error != simdjson::SUCCESS)
    return FailJson(error);
  dom::document_stream documents;
  const simdjson::padded_string padded(body);
  if (const auto error = parser.parse_many(padded, body.size() + 1).get(documents);
      error != simdjson::SUCCESS)
    return FailJson(error);
  std::size_t count = 0;
  const auto take = [&](const dom::element& element) -> Status {
    if (++count > kHttpEntriesMax) return Fail(ErrorCode::kOutOfRange, "too many entries in a body");
    const Record record = ReadRecord(element);
    if (!record.only_text.empty()) {
      TakeText(record.only_text, record.time_ns, tag);
    } else {
      TakeText(simdjson::minify(element), record.time_ns, tag);
    }
    return {};
  };
  for (auto document : documents) {
    dom::element element;
    if (const auto error = document.get(element); error != simdjson::SUCCESS) return FailJson(error);
    dom::array array;
    if (element.get(array) != simdjson::SUCCESS) {
      TICKSCOPE_RETURN_IF_ERROR(take(element));
      continue;
    }
    for (const dom::element& one : array)
      TICKSCOPE_RETURN_IF_ERROR(take(one));
  }
  if (documents.truncated_bytes() > 0)
    return Fail(ErrorCode::kCorruption, "no JSON: it ends within a record");
  return {};
}

Status HttpLogDecoder::TakeLines(HttpLogForm form, std::string_view tag, std::string_view body) {
  dom::parser parser;
  if (const auto error = parser.allocate(1, kFluentDepthMax); error != simdjson::SUCCESS)
    return FailJson(error);
  std::size_t count = 0;
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    std::string_view line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (++count > kHttpEntriesMax) return Fail(ErrorCode::kOutOfRange, "too many entries in a body");
    Record record;
    dom::element element;
    if (form == HttpLogForm::kJsonLines &&
        parser.parse(line.data(), line.size()).get(element) == simdjson::SUCCESS)
      record = ReadRecord(element);
    TakeText(record.only_text.empty() ? line : record.only_text, record.time_ns, tag);
  }
  return {};
}

void HttpLogDecoder::TakeText(std::string_view text, std::int64_t time_ns, std::string_view tag) {
  const std::array<LabelView, 1> metadata = {{{"tag", tag}}};
  const std::optional<std::size_t> keep =
      text.size() > options_.line_bytes_max ? std::optional(options_.line_bytes_max) : std::nullopt;
  intake_.Add(source_, {.text = text,
                        .keep = keep,
                        .time_ns = time_ns,
                        .metadata = std::span(metadata).first(tag.empty() ? 0 : 1)});
}

}  // namespace tickscope::logs
