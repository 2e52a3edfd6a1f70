#include "roles/connect_flags.h"

#include <CLI/CLI.hpp>

#include "io/asio_network.h"
#include "io/posix_file_system.h"
#include "io/system_clock.h"

namespace tickscope::roles {
namespace {

constexpr std::uint64_t kTokenBytesMax = 4096;

Result<std::string> ReadAuthorization(const ConnectFlags& flags, io::FileSystem& fs) {
  if (flags.token_file.empty()) return std::string();
  TICKSCOPE_ASSIGN_OR_RETURN(std::string token, io::ReadWholeFile(fs, flags.token_file, kTokenBytesMax));
  constexpr std::string_view kBlanks = " \t\r\n";
  token.erase(token.find_last_not_of(kBlanks) + 1);
  if (token.empty() || token.find_first_of(kBlanks) != std::string::npos)
    return Fail(ErrorCode::kInvalidArgument, flags.token_file + ": want a token, one word");
  return "Bearer " + token;
}

}  // namespace

void AddConnectFlags(CLI::App& app, ConnectFlags& flags, const std::string& prefix) {
  const auto add = [&](const std::string& name, std::string& to, const char* help) {
    return app.add_option("--" + prefix + name, to, help)
        ->group(prefix.empty() ? "A server that asks who comes" : "A source that asks who comes")
        ->option_text("TEXT");
  };
  add("ca-file", flags.tls.ca_file, "PEM: who may vouch for an https server (the system's)");
  CLI::Option* const certificate = add("cert-file", flags.tls.certificate_file, "PEM: certificate to show");
  CLI::Option* const key = add("key-file", flags.tls.key_file, "PEM: its key");
  certificate->needs(key);
  key->needs(certificate);
  add("server-name", flags.tls.server_name, "name in the server's certificate (the URL's host)");
  add("token-file", flags.token_file, "file with a bearer token, sent with each request");
}

Result<http::ClientOptions> ConnectOptions(const ConnectFlags& flags, io::FileSystem& fs, const Clock& clock,
                                           MetricRegistry& metrics) {
  http::ClientOptions options;
  TICKSCOPE_ASSIGN_OR_RETURN(options.tls, tls::ClientContext::Load(fs, clock, metrics, flags.tls));
  TICKSCOPE_ASSIGN_OR_RETURN(options.authorization, ReadAuthorization(flags, fs));
  return options;
}

Outbound::Outbound()
    : fs_(io::MakePosixFileSystem()), clock_(io::MakeSystemClock()), network_(io::MakeAsioNetwork()) {}

}  // namespace tickscope::roles
