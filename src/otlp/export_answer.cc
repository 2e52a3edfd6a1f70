#include "otlp/export_answer.h"

#include <limits>
#include <protozero/pbf_writer.hpp>

#include "wire/json_writer.h"

namespace tickscope::otlp {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// What was rejected, in JSON's names.
std::string_view RejectedName(Signal signal) {
  switch (signal) {
    case Signal::kMetrics:
      return "rejectedDataPoints";
    case Signal::kLogs:
      return "rejectedLogRecords";
    case Signal::kTraces:
      return "rejectedSpans";
  }
  return {};
}

}  // namespace

std::int32_t RpcCodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCancelled:
      return 1;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kCorruption:
    case ErrorCode::kOutOfRange:
      return 3;
    case ErrorCode::kDeadlineExceeded:
      return 4;
    case ErrorCode::kNotFound:
      return 5;
    case ErrorCode::kAlreadyExists:
      return 6;
    case ErrorCode::kPermissionDenied:
      return 7;
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kRateLimited:
      return 8;
    case ErrorCode::kFailedPrecondition:
      return 9;
    case ErrorCode::kUnsupported:
      return 12;
    case ErrorCode::kInternal:
      return 13;
    case ErrorCode::kUnavailable:
      return 14;
    case ErrorCode::kUnauthenticated:
      return 16;
  }
  return 2;
}

std::string_view ContentTypeOf(Encoding encoding) {
  return encoding == Encoding::kJson ? "application/json" : "application/x-protobuf";
}

std::string EncodeExportResponse(Signal signal, Encoding encoding, std::uint64_t rejected,
                                 std::string_view message) {
  const bool is_partial = rejected > 0 || !message.empty();
  std::string out;
  if (encoding == Encoding::kJson) {
    wire::JsonWriter json(out, kNoLimit);
    json.BeginObject();
    if (is_partial) {
      json.Key("partialSuccess");
      json.BeginObject();
      json.Key(RejectedName(signal));
      json.String(std::to_string(rejected));  // As JSON has 64-bit integers of protobuf.
      json.Key("errorMessage");
      json.String(message);
      json.EndObject();
    }
    json.EndObject();
    return out;
  }
  if (!is_partial) return out;
  protozero::pbf_writer response(out);
  protozero::pbf_writer partial(response, 1);
  partial.add_int64(1, static_cast<std::int64_t>(rejected));
  partial.add_string(2, message.data(), message.size());
  partial.commit();
  return out;
}

std::string EncodeStatus(Encoding encoding, const Error& error) {
  std::string out;
  if (encoding == Encoding::kJson) {
    wire::JsonWriter json(out, kNoLimit);
    json.BeginObject();
    json.Key("code");
    json.Int(RpcCodeOf(error.code));
    json.Key("message");
    json.String(error.message);
    json.EndObject();
    return out;
  }
  protozero::pbf_writer status(out);
  status.add_int32(1, RpcCodeOf(error.code));
  status.add_string(2, error.message);
  return out;
}

}  // namespace tickscope::otlp
