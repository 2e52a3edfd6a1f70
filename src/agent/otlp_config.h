// OtlpConfig: where the agent takes OTLP, and what its metrics are called.
//
//   otlp:
//     http: 127.0.0.1:4318
//     grpc: 127.0.0.1:4317
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "model/labels.h"
#include "otlp/delta_sums.h"
#include "otlp/translation.h"

namespace tickscope::agent {

struct OtlpConfig {
  std::string http;  ///< "host:port"; not taken when empty.
  std::string grpc;
  bool allow_remote = false;  ///< Addresses that others reach, though there is no TLS.
  Labels labels;              ///< Of series and logs that do not have them.
  std::size_t body_bytes_max = 4U << 20;
  std::size_t connections_max = 64;  ///< By HTTP; by gRPC calls in progress, of 32 MiB together.
  std::size_t series_max = 50'000;
  std::int64_t idle_ms = 1'800'000;  ///< After so long a silence a series makes room.
  otlp::Translation translation;
  otlp::DeltaOptions delta{.series_max = 50'000};

  [[nodiscard]] bool is_on() const { return !http.empty() || !grpc.empty(); }
  friend bool operator==(const OtlpConfig&, const OtlpConfig&) = default;
};

/// Mistakes go to the map's document.
[[nodiscard]] OtlpConfig ReadOtlpConfig(config::YamlMap map);
/// The items of a map, with a comment over each setting that needs one.
void WriteOtlpConfig(const OtlpConfig& otlp, config::YamlWriter& out);

}  // namespace tickscope::agent
