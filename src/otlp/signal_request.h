// OTLP logs and traces, from the request's bytes into a sink, without objects between.
//
// What is wrong with one record (too many attributes, a value that nests too deep) costs that record.
//
// Source   opentelemetry-proto 1.x, collector/logs/v1/logs_service.proto, collector/trace/v1/trace_service.proto.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "signals/record_sink.h"

namespace tickscope::otlp {

/// Events, and links, of one span. SDKs stop at 128.
inline constexpr std::size_t kSpanPartsMax = 1024;

/// Reads an ExportLogsServiceRequest into a sink of logs, or an ExportTraceServiceRequest into one of spans.
/// Errors: kCorruption for what is no such message. Then what the sink has is a part of it.
[[nodiscard]] Status DecodeSignals(std::string_view message, signals::RecordSink& sink);

}  // namespace tickscope::otlp
