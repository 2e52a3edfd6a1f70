#include "agent/otlp_config.h"

#include <string_view>

#include "agent/stream_labels.h"
#include "io/host_port.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

bool IsOfThisHost(std::string_view host) {
  const bool is_ipv4 = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || (is_ipv4 && host.starts_with("127."));
}

std::string ReadAddress(config::YamlMap& map, std::string_view key, bool allow_remote) {
  std::string address = map.String(key, "");
  if (address.empty()) return address;
  const auto parsed = io::ParseHostPort(address);
  if (!parsed) {
    map.Complain(key, parsed.error().message);
  } else if (!allow_remote && !IsOfThisHost(parsed->host)) {
    map.Complain(key,
                 "there is no TLS: expected an address of this host, such as 127.0.0.1:PORT, or "
                 "allow_remote: true");
  }
  return address;
}

}  // namespace

OtlpConfig ReadOtlpConfig(config::YamlMap map) {
  OtlpConfig otlp;
  otlp.allow_remote = map.Bool("allow_remote", otlp.allow_remote);
  otlp.http = ReadAddress(map, "http", otlp.allow_remote);
  otlp.grpc = ReadAddress(map, "grpc", otlp.allow_remote);
  otlp.labels = ReadStreamLabels(map);
  otlp.body_bytes_max = static_cast<std::size_t>(
      map.Bytes("body_bytes_max", otlp.body_bytes_max, {.min = 1U << 10, .max = 16U << 20}));
  const auto count = [&](std::string_view key, std::uint64_t fallback, std::int64_t min, std::int64_t max) {
    return static_cast<std::uint64_t>(
        map.Int(key, static_cast<std::int64_t>(fallback), {.min = min, .max = max}));
  };
  otlp.connections_max = count("connection_limit", otlp.connections_max, 1, 1'000);
  otlp.series_max = count("series_limit", otlp.series_max, 1, 10'000'000);
  otlp.idle_ms = map.DurationMs("series_idle", otlp.idle_ms, {.min = 60'000, .max = 30 * kDayMs});
  otlp::Translation& translation = otlp.translation;
  translation.names = static_cast<otlp::NameStrategy>(
      map.OneOf("translation_strategy", static_cast<std::size_t>(translation.names),
                {otlp::kNameStrategies.begin(), otlp::kNameStrategies.end()}));
  if (map.Has("promote_resource_attributes"))
    translation.promoted_attributes = map.Strings("promote_resource_attributes");
  translation.keeps_identifying_attributes =
      map.Bool("keep_identifying_resource_attributes", translation.keeps_identifying_attributes);
  translation.promotes_scope = map.Bool("promote_scope_metadata", translation.promotes_scope);
  config::YamlMap delta = map.Map("delta");
  otlp.delta.series_max = static_cast<std::uint64_t>(delta.Int(
      "series_limit", static_cast<std::int64_t>(otlp.delta.series_max), {.min = 0, .max = 10'000'000}));
  otlp.delta.idle_ms = delta.DurationMs("idle", otlp.delta.idle_ms, {.min = 60'000, .max = 30 * kDayMs});
  return otlp;
}

void WriteOtlpConfig(const OtlpConfig& otlp, config::YamlWriter& out) {
  out.Comment(
      "host:port for POST /v1/metrics and /v1/logs; SDKs send to 127.0.0.1:4318 unless told otherwise.");
  out.String("http", otlp.http);
  out.Comment("The same by gRPC: 127.0.0.1:4317. Needs libtickscope_grpc.so, which is loaded then.");
  out.String("grpc", otlp.grpc);
  out.Comment("There is no TLS, so addresses that others reach are refused unless this says otherwise.");
  out.Bool("allow_remote", otlp.allow_remote);
  out.Comment("Of series that do not have them, and of all logs, as global.external_labels are.");
  WriteStreamLabels(otlp.labels, out);
  out.Comment("Of a request, as it is sent and as it is unpacked.");
  out.Bytes("body_bytes_max", otlp.body_bytes_max);
  out.Comment("Connections by HTTP; by gRPC calls in progress, and no more than 32 MiB of them can be.");
  out.Int("connection_limit", static_cast<std::int64_t>(otlp.connections_max));
  out.Comment("Series that are known at once, some 300 bytes each; further ones are refused and counted.");
  out.Int("series_limit", static_cast<std::int64_t>(otlp.series_max));
  out.Comment("After so long a silence a series makes room. It does not end then: only its sender ends it.");
  out.DurationMs("series_idle", otlp.idle_ms);
  out.Comment(
      "How names are written: UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, "
      "NoUTF8EscapingWithSuffixes or NoTranslation.");
  out.String("translation_strategy", otlp::kNameStrategies[static_cast<std::size_t>(otlp.translation.names)]);
  out.Comment("Resource attributes that are labels of every series; all are in target_info.");
  out.Strings("promote_resource_attributes", otlp.translation.promoted_attributes);
  out.Bool("keep_identifying_resource_attributes", otlp.translation.keeps_identifying_attributes);
  out.Bool("promote_scope_metadata", otlp.translation.promotes_scope);
  out.Comment("Delta temporality, added up to cumulative. series_limit: 0 refuses it.");
  out.BeginMap("delta");
  out.Int("series_limit", static_cast<std::int64_t>(otlp.delta.series_max));
  out.DurationMs("idle", otlp.delta.idle_ms);
  out.EndMap();
}

}  // namespace tickscope::agent
