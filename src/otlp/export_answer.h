// What an OTLP exporter is answered, in the encoding it asked in.
//
// Source   opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response"; ExportMetricsServiceResponse; google.rpc.Status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::otlp {

enum class Encoding : std::uint8_t { kProtobuf, kJson };

[[nodiscard]] std::string_view ContentTypeOf(Encoding encoding);

/// An ExportMetricsServiceResponse; with nothing rejected and no message that of full success.
[[nodiscard]] std::string EncodeExportResponse(Encoding encoding, std::uint64_t rejected_data_points,
                                               std::string_view message);
/// A google.rpc.Status.
[[nodiscard]] std::string EncodeStatus(Encoding encoding, const Error& error);

}  // namespace tickscope::otlp
