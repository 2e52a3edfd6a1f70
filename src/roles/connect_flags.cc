#include "roles/connect_flags.h"

#include <CLI/CLI.hpp>

namespace tickscope::roles {
namespace {

constexpr std::uint64_t kTokenBytesMax = 4096;

}  // namespace

void AddConnectFlags(CLI::App& app, ConnectFlags& flags) {
  app.add_option("--ca-file", flags.tls.ca_file,
                 "PEM: whose certificates the server may show (the system's)");
  app.add_option("--cert-file", flags.tls.certificate_file, "PEM: certificate to show");
  app.add_option("--key-file", flags.tls.key_file, "PEM: its key");
  app.add_option("--server-name", flags.tls.server_name, "name in the server's certificate (the URL's host)");
  app.add_option("--token-file", flags.token_file, "file with a bearer token");
}

Result<http::ClientOptions> ConnectOptions(const ConnectFlags& flags, io::FileSystem& fs, const Clock& clock,
                                           MetricRegistry& metrics) {
  http::ClientOptions options;
  TICKSCOPE_ASSIGN_OR_RETURN(options.tls, tls::ClientContext::Load(fs, clock, metrics, flags.tls));
  return options;
}

Result<std::string> Authorization(const ConnectFlags& flags, io::FileSystem& fs) {
  if (flags.token_file.empty()) return std::string();
  TICKSCOPE_ASSIGN_OR_RETURN(std::string token, io::ReadWholeFile(fs, flags.token_file, kTokenBytesMax));
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  return "Bearer " + token;
}

}  // namespace tickscope::roles
