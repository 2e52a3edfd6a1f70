#include "roles/tls_config.h"

#include <array>
#include <string_view>

namespace tickscope::roles {
namespace {

constexpr std::array<std::string_view, 3> kClientCertificates = {"off", "optional", "required"};
constexpr std::array<std::string_view, 2> kVersions = {"1.2", "1.3"};
constexpr std::int64_t kDayMs = 86'400'000;

}  // namespace

void Read(config::YamlMap map, TlsConfig& tls) {
  tls::ServerOptions& server = tls.server;
  server.certificate_file = map.String("certificate_file", server.certificate_file);
  server.key_file = map.String("key_file", server.key_file);
  if (server.certificate_file.empty() != server.key_file.empty())
    map.Complain("certificate_file", "certificate_file and key_file go together");
  server.client_ca_file = map.String("client_ca_file", server.client_ca_file);
  server.client_certificates = static_cast<tls::ClientCertificates>(
      map.OneOf("client_certificates", static_cast<std::size_t>(server.client_certificates),
                {kClientCertificates.begin(), kClientCertificates.end()}));
  if (server.client_certificates != tls::ClientCertificates::kOff &&
      (server.client_ca_file.empty() || server.certificate_file.empty()))
    map.Complain("client_certificates", "expected certificate_file and client_ca_file beside it");
  server.version_min = static_cast<tls::Version>(map.OneOf(
      "min_version", static_cast<std::size_t>(server.version_min), {kVersions.begin(), kVersions.end()}));
  tls.check_interval_ms =
      map.DurationMs("check_interval", tls.check_interval_ms, {.min = 100, .max = kDayMs});
}

void Write(const TlsConfig& tls, config::YamlWriter& out) {
  const tls::ServerOptions& server = tls.server;
  out.Comment("The server's certificate, then its intermediates, in PEM; empty for plain HTTP.");
  out.String("certificate_file", server.certificate_file);
  out.Comment("Its key, in PEM, without a password.");
  out.String("key_file", server.key_file);
  out.Comment("Whose certificates clients may show.");
  out.String("client_ca_file", server.client_ca_file);
  out.Comment("off, optional (one that is shown must be good) or required.");
  out.String("client_certificates",
             kClientCertificates[static_cast<std::size_t>(server.client_certificates)]);
  out.Comment("1.2 or 1.3.");
  out.String("min_version", kVersions[static_cast<std::size_t>(server.version_min)]);
  out.Comment(
      "How often files of certificates, keys and tokens are looked at. New connections have what changed; "
      "those that are there go on.");
  out.DurationMs("check_interval", tls.check_interval_ms);
}

}  // namespace tickscope::roles
