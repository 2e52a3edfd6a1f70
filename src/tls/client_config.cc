#include "tls/client_config.h"

#include <string>

namespace tickscope::tls {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

}  // namespace

ClientConfig ReadClientConfig(config::YamlMap map, Distrust distrust) {
  ClientConfig tls;
  tls.client.ca_file = map.String("ca_file", "");
  tls.client.certificate_file = map.String("cert_file", "");
  tls.client.key_file = map.String("key_file", "");
  if (tls.client.certificate_file.empty() != tls.client.key_file.empty())
    map.Complain("cert_file", "cert_file and key_file go together");
  tls.client.server_name = map.String("server_name", "");
  // As Prometheus writes them too.
  const std::size_t version = map.OneOf("min_version", 0, {"1.2", "1.3", "TLS12", "TLS13"});
  tls.client.version_min = version % 2 == 0 ? Version::k12 : Version::k13;
  if (distrust == Distrust::kOptional)
    tls.client.trusts_anyone = map.Bool("insecure_skip_verify", tls.client.trusts_anyone);
  tls.check_interval_ms =
      map.DurationMs("check_interval", tls.check_interval_ms, {.min = 100, .max = kDayMs});
  return tls;
}

void WriteClientConfig(const ClientConfig& tls, std::string_view server, config::YamlWriter& out,
                       Distrust distrust) {
  out.Comment(std::string("Whose certificates the ")
                  .append(server)
                  .append(" may show; the system's when empty. For https."));
  out.String("ca_file", tls.client.ca_file);
  out.Comment("What the agent shows of itself, in PEM.");
  out.String("cert_file", tls.client.certificate_file);
  out.String("key_file", tls.client.key_file);
  out.Comment("Name in the certificate; the URL's host when empty.");
  out.String("server_name", tls.client.server_name);
  out.String("min_version", tls.client.version_min == Version::k12 ? "1.2" : "1.3");
  if (distrust == Distrust::kOptional) {
    out.Comment("Take any certificate: whoever is between can read and answer.");
    out.Bool("insecure_skip_verify", tls.client.trusts_anyone);
  }
  out.Comment("How often the files are looked at; new connections have what changed.");
  out.DurationMs("check_interval", tls.check_interval_ms);
}

}  // namespace tickscope::tls
