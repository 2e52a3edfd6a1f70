// Loki's push, into an intake: a protobuf message (what is inside the snappy block), or JSON.
//
//   {"streams": [{"stream": {"app": "game"}, "values": [["1700000000000000000", "line", {"match": "m1"}]]}]}
//
// A line becomes a log record whose body is the line and whose attributes are its structured metadata, `level` and the like
// among them as they are. Lines keep the order in which they come.
//
// Bounds    Structured metadata of a line: kMetadataMax. JSON nests kPushDepthMax deep.
// Threads   Not thread-safe.
// Source    grafana.com/docs/loki/latest/reference/loki-http-api, "Ingest logs"; grafana/loki pkg/push/push.proto.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "signals/intake.h"

namespace tickscope::signals {

inline constexpr std::size_t kMetadataMax = 256;
inline constexpr std::size_t kPushDepthMax = 16;

/// Errors: kCorruption for what is no such message. Then the intake is not to be used.
[[nodiscard]] Status DecodePush(std::string_view message, const SignalOptions& options, Intake& intake);

/// Keeps its parser's memory for the next text.
class JsonPushReader {
 public:
  JsonPushReader();
  ~JsonPushReader();
  /// Errors: kCorruption for what is no JSON, or not of that form.
  [[nodiscard]] Status Decode(std::string_view json, const SignalOptions& options, Intake& intake);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace tickscope::signals
