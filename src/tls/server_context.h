// ServerContext: the certificate that a server shows, whom it takes for its clients, and how they come back faster.
//
// Files are taken up again while the server runs: connections that are there go on with what they began with, new ones begin with the new.
// Sessions are resumed by tickets that this process alone can read, for an hour, and not over a reload: whom a new CA file does not
// vouch for any more is asked again.
//
// Threads   Thread-safe. Connections belong to their loops.
// Metrics   tickscope_tls_handshakes_total{side="server",result}, tickscope_tls_certificate_expiry_seconds,
//           tickscope_tls_reloads_total{result}
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "io/file_system.h"
#include "io/network.h"
#include "tls/options.h"
#include "tls/secure_connection.h"

namespace tickscope::tls {

class ServerContext {
 public:
  /// Everything given outlives the context. Errors: kInvalidArgument naming the file that is no certificate, or does not fit; as
  /// the file system.
  [[nodiscard]] static Result<std::shared_ptr<ServerContext>> Load(io::FileSystem& fs, const Clock& clock,
                                                                   MetricRegistry& metrics,
                                                                   const ServerOptions& options);
  virtual ~ServerContext() = default;

  /// TLS over a connection that was accepted. `loop` is the connection's.
  [[nodiscard]] virtual std::unique_ptr<SecureConnection> Accept(
      io::EventLoop& loop, std::unique_ptr<io::Connection> connection) = 0;

  /// Reads the files, of `options` from now on, and takes up what changed; true when something did. After an error all stays
  /// as it was. Errors: as Load.
  [[nodiscard]] virtual Result<bool> Reload(const ServerOptions& options) = 0;
  /// The same with the options that are in force.
  [[nodiscard]] virtual Result<bool> Reload() = 0;
};

}  // namespace tickscope::tls
