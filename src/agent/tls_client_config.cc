#include "agent/tls_client_config.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

}  // namespace

TlsClientConfig ReadTlsClient(config::YamlMap map) {
  TlsClientConfig tls;
  tls.client.ca_file = map.String("ca_file", "");
  tls.client.certificate_file = map.String("cert_file", "");
  tls.client.key_file = map.String("key_file", "");
  if (tls.client.certificate_file.empty() != tls.client.key_file.empty())
    map.Complain("cert_file", "cert_file and key_file go together");
  tls.client.server_name = map.String("server_name", "");
  tls.client.version_min =
      map.OneOf("min_version", 0, {"1.2", "1.3"}) == 0 ? tls::Version::k12 : tls::Version::k13;
  tls.check_interval_ms =
      map.DurationMs("check_interval", tls.check_interval_ms, {.min = 100, .max = kDayMs});
  return tls;
}

void WriteTlsClient(const TlsClientConfig& tls, config::YamlWriter& out) {
  out.Comment("Whose certificates receivers may show; the system's when empty. For https.");
  out.String("ca_file", tls.client.ca_file);
  out.Comment("What the agent shows of itself, in PEM.");
  out.String("cert_file", tls.client.certificate_file);
  out.String("key_file", tls.client.key_file);
  out.Comment("Name in the receiver's certificate; the URL's host when empty.");
  out.String("server_name", tls.client.server_name);
  out.String("min_version", tls.client.version_min == tls::Version::k12 ? "1.2" : "1.3");
  out.Comment("How often the files are looked at; new connections have what changed.");
  out.DurationMs("check_interval", tls.check_interval_ms);
}

}  // namespace tickscope::agent
