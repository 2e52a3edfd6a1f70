// ConnectFlags: how a command of ours reaches a server that asks who comes: TLS files and a token. Every command that asks a server
// has the same.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/client.h"
#include "io/file_system.h"
#include "io/network.h"

namespace CLI {
class App;
}  // namespace CLI

namespace tickscope::roles {

struct ConnectFlags {
  tls::ClientOptions tls;
  std::string token_file;
};

/// Adds --ca-file, --cert-file, --key-file, --server-name and --token-file, under a heading of their own in the help. With a prefix such as
/// "source-" they are --source-ca-file and so on, for a command that speaks to two servers.
void AddConnectFlags(CLI::App& app, ConnectFlags& flags, const std::string& prefix = "");

/// Client options with TLS and the token as the flags say, ready for https. Everything given outlives the clients.
/// Errors: as tls::ClientContext::Load; as the file system; kInvalidArgument for a file that has no token.
[[nodiscard]] Result<http::ClientOptions> ConnectOptions(const ConnectFlags& flags, io::FileSystem& fs,
                                                         const Clock& clock, MetricRegistry& metrics);

/// What a command's clients need for as long as they live.
class Outbound {
 public:
  Outbound();

  [[nodiscard]] io::Network& network() const { return *network_; }
  [[nodiscard]] io::FileSystem& fs() const { return *fs_; }
  [[nodiscard]] const Clock& clock() const { return *clock_; }
  /// As ConnectOptions.
  [[nodiscard]] Result<http::ClientOptions> Options(const ConnectFlags& flags) {
    return ConnectOptions(flags, *fs_, *clock_, metrics_);
  }

 private:
  const std::unique_ptr<io::FileSystem> fs_;
  const std::unique_ptr<Clock> clock_;
  MetricRegistry metrics_;
  const std::unique_ptr<io::Network> network_;
};

}  // namespace tickscope::roles
