// What an OTLP exporter is answered, in the encoding it asked in.
//
// Source   opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response"; Export*ServiceResponse; google.rpc.Status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "otlp/signal.h"

namespace tickscope::otlp {

enum class Encoding : std::uint8_t { kProtobuf, kJson };

[[nodiscard]] std::string_view ContentTypeOf(Encoding encoding);

/// An ExportMetricsServiceResponse, or that of another signal; with nothing rejected and no message that of full success.
[[nodiscard]] std::string EncodeExportResponse(Signal signal, Encoding encoding, std::uint64_t rejected,
                                               std::string_view message);
/// The number of google.rpc.Code for an error, which gRPC has too.
[[nodiscard]] std::int32_t RpcCodeOf(ErrorCode code);
/// A google.rpc.Status.
[[nodiscard]] std::string EncodeStatus(Encoding encoding, const Error& error);

}  // namespace tickscope::otlp
