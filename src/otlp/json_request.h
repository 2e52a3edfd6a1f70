// OTLP/JSON to the protobuf message it stands for, so that there is one decoder.
//
// As OTLP has it: names in lowerCamelCase, ids of traces and spans in hex, 64-bit integers as texts or numbers, enums as
// numbers, unknown fields ignored, null as if absent. A negative integer where there can be none becomes the large number its
// bits are: then it costs its data point, not the request.
//
// Bounds    Depth kJsonDepthMax, text kJsonBytesMax: the tree takes some 14 times the text while it is worked on.
// Threads   Not thread-safe: the parser's memory is kept for the next text, unless it is large.
// Source    opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding".
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "otlp/signal.h"

namespace tickscope::otlp {

inline constexpr std::size_t kJsonDepthMax = 64;
inline constexpr std::size_t kJsonBytesMax = 16U << 20;

class JsonRequests {
 public:
  JsonRequests();
  ~JsonRequests();

  /// The ExportMetricsServiceRequest, or that of another signal, that `json` stands for.
  /// Errors: kOutOfRange for a text that is too long; kCorruption for what is no JSON, nests too deep, or has a value of another kind than its field.
  [[nodiscard]] Result<std::string> ToProtobuf(Signal signal, std::string_view json);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace tickscope::otlp
