#include "signals/loki_push.h"

#include <simdjson.h>

#include <charconv>
#include <exception>
#include <string>
#include <vector>

#include "signals/loki_labels.h"
#include "wire/checked_pbf_reader.h"

namespace tickscope::signals {
namespace {

using codec::SignalAttribute;
using codec::SignalValue;
using wire::CheckedPbfReader;

// Field numbers of push.proto.
constexpr std::uint32_t kRequestStreams = 1;
constexpr std::uint32_t kStreamLabels = 1;
constexpr std::uint32_t kStreamEntries = 2;
constexpr std::uint32_t kEntryTime = 1;
constexpr std::uint32_t kEntryLine = 2;
constexpr std::uint32_t kEntryMetadata = 3;
constexpr std::uint32_t kTimeSeconds = 1;
constexpr std::uint32_t kTimeNanos = 2;
constexpr std::uint32_t kPairName = 1;
constexpr std::uint32_t kPairValue = 2;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

// One line as it is read.
struct Line {
  std::int64_t time_ns = 0;
  std::string_view text;
  std::vector<SignalAttribute> metadata;
  std::size_t metadata_seen = 0;
};

// A time that does not fit is one that no clock allows.
std::int64_t ToNs(std::int64_t seconds, std::int64_t nanos) {
  if (seconds < 0 || seconds > 9'000'000'000 || nanos < 0 || nanos >= kNsPerSecond) return -1;
  return seconds * kNsPerSecond + nanos;
}

void AddMetadata(std::string_view name, std::string_view value, Line& line) {
  if (++line.metadata_seen > kMetadataMax) return;
  line.metadata.push_back({name, SignalValue::Text(value)});
}

void AddLine(const Line& line, Intake& intake) {
  if (line.metadata_seen > kMetadataMax) return intake.Refuse(Refusal::kTooMany, "its structured metadata");
  codec::LogRecord record;
  record.time_ns = line.time_ns;
  record.body = SignalValue::Text(line.text);
  record.attributes = line.metadata;
  intake.Add(record);
}

void ReadTime(std::string_view message, Line& line) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == kTimeSeconds) {
      seconds = fields.Int64();
    } else if (fields.tag() == kTimeNanos) {
      nanos = fields.Int32();
    } else {
      fields.Skip();
    }
  }
  line.time_ns = ToNs(seconds, nanos);
}

void ReadEntry(std::string_view message, Line& line) {
  line.time_ns = 0;
  line.text = {};
  line.metadata.clear();
  line.metadata_seen = 0;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == kEntryTime) {
      ReadTime(fields.Bytes(), line);
    } else if (fields.tag() == kEntryLine) {
      line.text = fields.Bytes();
    } else if (fields.tag() == kEntryMetadata) {
      std::string_view name;
      std::string_view value;
      CheckedPbfReader pair(fields.Bytes());
      while (pair.Next()) {
        if (pair.tag() == kPairName) {
          name = pair.Bytes();
        } else if (pair.tag() == kPairValue) {
          value = pair.Bytes();
        } else {
          pair.Skip();
        }
      }
      AddMetadata(name, value, line);
    } else {
      fields.Skip();
    }
  }
}

void SetStream(const Status& parsed, std::vector<SignalAttribute>& labels, Intake& intake) {
  if (!parsed) return intake.RefuseOrigin(Refusal::kBadLabels, parsed.error().message);
  intake.SetOrigin({.source = codec::SignalSource::kLoki, .attributes = labels});
}

// Thrown deep in the walk of JSON, caught in this file.
[[noreturn]] void ThrowForm(const char* what) {
  throw std::runtime_error(what);
}

template <typename T>
T Expect(simdjson::dom::element element, const char* what) {
  T value;
  if (element.get(value) != simdjson::SUCCESS) ThrowForm(what);
  return value;
}

// Times are nanoseconds in a text; a number is taken, too, as Loki does.
std::int64_t TimeOf(simdjson::dom::element element) {
  std::int64_t number = 0;
  if (element.get(number) == simdjson::SUCCESS) return number < 0 ? -1 : number;
  const auto text = Expect<std::string_view>(element, "an entry's time is no text");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return -1;
  if (error != std::errc() || end != text.data() + text.size()) ThrowForm("an entry's time is no number");
  return number;
}

void ReadJsonEntry(simdjson::dom::element element, Line& line) {
  line.metadata.clear();
  line.metadata_seen = 0;
  std::size_t place = 0;
  for (const simdjson::dom::element part : Expect<simdjson::dom::array>(element, "an entry is no list")) {
    if (place == 0) {
      line.time_ns = TimeOf(part);
    } else if (place == 1) {
      line.text = Expect<std::string_view>(part, "an entry's line is no text");
    } else if (place == 2) {
      for (const auto [name, value] :
           Expect<simdjson::dom::object>(part, "an entry's structured metadata is no object"))
        AddMetadata(name, Expect<std::string_view>(value, "structured metadata is no text"), line);
    } else {
      ThrowForm("an entry has more than time, line and structured metadata");
    }
    ++place;
  }
  if (place < 2) ThrowForm("an entry is without time or line");
}

void ReadJsonStream(simdjson::dom::object stream, std::size_t labels_max, Intake& intake) {
  std::vector<SignalAttribute> labels;
  simdjson::dom::element found;
  Status parsed = Fail(ErrorCode::kInvalidArgument, "stream labels: at least one is required");
  if (stream["stream"].get(found) == simdjson::SUCCESS) {
    for (const auto [name, value] : Expect<simdjson::dom::object>(found, "\"stream\" is no object")) {
      const auto text = Expect<std::string_view>(value, "a label's value is no text");
      if (!text.empty() && labels.size() <= labels_max) labels.push_back({name, SignalValue::Text(text)});
    }
    parsed = CheckStreamLabels(labels_max, labels);
  }
  SetStream(parsed, labels, intake);
  if (stream["values"].get(found) != simdjson::SUCCESS || found.is_null()) return;
  Line line;
  for (const simdjson::dom::element entry : Expect<simdjson::dom::array>(found, "\"values\" is no list")) {
    ReadJsonEntry(entry, line);
    AddLine(line, intake);
  }
}

}  // namespace

Status DecodePush(std::string_view message, const SignalOptions& options, Intake& intake) {
  try {
    TextPool pool;
    std::vector<SignalAttribute> labels;
    Line line;
    CheckedPbfReader request(message);
    while (request.Next(kRequestStreams)) {
      const std::string_view stream = request.Bytes();
      std::string_view text;
      // Labels come first from every encoder we know, and need not.
      CheckedPbfReader fields(stream);
      while (fields.Next(kStreamLabels))
        text = fields.Bytes();
      pool.Reset();
      SetStream(ParseStreamLabels(text, options.stream_labels_max, pool, labels), labels, intake);
      CheckedPbfReader entries(stream);
      while (entries.Next(kStreamEntries)) {
        ReadEntry(entries.Bytes(), line);
        AddLine(line, intake);
      }
    }
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorruption, std::string("push request: ") + e.what());
  }
  return {};
}

struct JsonPushReader::Parser {
  simdjson::dom::parser json;
  std::size_t capacity = 0;
};

JsonPushReader::JsonPushReader() : parser_(std::make_unique<Parser>()) {}
JsonPushReader::~JsonPushReader() = default;

Status JsonPushReader::Decode(std::string_view json, const SignalOptions& options, Intake& intake) {
  constexpr std::size_t kCapacityKept = 1U << 20;
  try {
    // The depth is set with the memory, which therefore grows here.
    if (parser_->capacity < json.size()) {
      if (parser_->json.allocate(json.size(), kPushDepthMax) != simdjson::SUCCESS)
        return Fail(ErrorCode::kResourceExhausted, "push request: no memory for its JSON");
      parser_->capacity = json.size();
    }
    simdjson::dom::element root;
    if (const auto error = parser_->json.parse(json.data(), json.size()).get(root);
        error != simdjson::SUCCESS)
      return Fail(ErrorCode::kCorruption,
                  std::string("push request: malformed JSON: ") + simdjson::error_message(error));
    const auto request = Expect<simdjson::dom::object>(root, "not an object");
    simdjson::dom::element streams;
    if (request["streams"].get(streams) == simdjson::SUCCESS && !streams.is_null()) {
      for (const simdjson::dom::element stream :
           Expect<simdjson::dom::array>(streams, "\"streams\" is no list"))
        ReadJsonStream(Expect<simdjson::dom::object>(stream, "a stream is no object"),
                       options.stream_labels_max, intake);
    }
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorruption, std::string("push request: ") + e.what());
  }
  if (parser_->capacity > kCapacityKept) parser_ = std::make_unique<Parser>();
  return {};
}

}  // namespace tickscope::signals
