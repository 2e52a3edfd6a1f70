// Names and values of the HTTP headers that remote write 1.0 and 2.0 use, for sender and receiver alike.
// Source    Prometheus remote-write specifications 1.0 and 2.0 (prometheus.io/docs/specs/prw).
#pragma once

#include <cstdint>
#include <string_view>

namespace tickscope::wire {

enum class RemoteWriteProtocol : std::uint8_t { kV1, kV2 };

inline constexpr std::string_view kRemoteWriteMediaType = "application/x-protobuf";
inline constexpr std::string_view kRemoteWriteV1Proto = "prometheus.WriteRequest";
inline constexpr std::string_view kRemoteWriteV2Proto = "io.prometheus.write.v2.Request";
inline constexpr std::string_view kRemoteWriteV1ContentType = "application/x-protobuf";
inline constexpr std::string_view kRemoteWriteV2ContentType =
    "application/x-protobuf;proto=io.prometheus.write.v2.Request";

inline constexpr std::string_view kRemoteWriteContentEncoding = "snappy";

inline constexpr std::string_view kRemoteWriteVersionHeader = "X-Prometheus-Remote-Write-Version";
inline constexpr std::string_view kRemoteWriteV1Version = "0.1.0";
inline constexpr std::string_view kRemoteWriteV2Version = "2.0.0";

inline constexpr std::string_view kSamplesWrittenHeader = "X-Prometheus-Remote-Write-Samples-Written";
inline constexpr std::string_view kHistogramsWrittenHeader = "X-Prometheus-Remote-Write-Histograms-Written";
inline constexpr std::string_view kExemplarsWrittenHeader = "X-Prometheus-Remote-Write-Exemplars-Written";

/// Tenant of a multi-tenant receiver.
inline constexpr std::string_view kTenantHeader = "X-Scope-OrgID";

[[nodiscard]] constexpr std::string_view RemoteWriteContentType(RemoteWriteProtocol protocol) {
  return protocol == RemoteWriteProtocol::kV1 ? kRemoteWriteV1ContentType : kRemoteWriteV2ContentType;
}
[[nodiscard]] constexpr std::string_view RemoteWriteVersion(RemoteWriteProtocol protocol) {
  return protocol == RemoteWriteProtocol::kV1 ? kRemoteWriteV1Version : kRemoteWriteV2Version;
}

}  // namespace tickscope::wire
