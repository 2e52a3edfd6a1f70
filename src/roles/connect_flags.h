// ConnectFlags: how a command of ours reaches a server that asks who comes: TLS files and a token.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/client.h"
#include "io/file_system.h"

namespace CLI {
class App;
}  // namespace CLI

namespace tickscope::roles {

struct ConnectFlags {
  tls::ClientOptions tls;
  std::string token_file;
};

void AddConnectFlags(CLI::App& app, ConnectFlags& flags);

/// Client options with TLS as the flags say, ready for https. Everything given outlives the clients.
/// Errors: as tls::ClientContext::Load.
[[nodiscard]] Result<http::ClientOptions> ConnectOptions(const ConnectFlags& flags, io::FileSystem& fs,
                                                         const Clock& clock, MetricRegistry& metrics);
/// The value of an Authorization header; empty without a token. Errors: as the file system.
[[nodiscard]] Result<std::string> Authorization(const ConnectFlags& flags, io::FileSystem& fs);

}  // namespace tickscope::roles
