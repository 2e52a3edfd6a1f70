// ServerContext: the certificate that a server shows, whom it takes for its clients, and how they come back faster.
//
// Files are taken up again while the server runs: connections that are there go on with what they began with, new ones begin with the new.
// Sessions are resumed by tickets that this process alone can read, for an hour, and not over a reload: whom a new CA file does not
// vouch for any more is asked again.
//
// A listener whose TLS is another's (gRPC's) shows the same files, and asks here whether the certificate that a client showed is good.
//
// Threads   Thread-safe. Connections belong to their loops.
// Metrics   tickscope_tls_handshakes_total{side="server",result}, tickscope_tls_certificate_expiry_seconds,
//           tickscope_tls_reloads_total{result}
#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "io/file_system.h"
#include "io/network.h"
#include "tls/options.h"
#include "tls/pem_files.h"
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

  /// What is in force, for another TLS to show; another object when something changed.
  [[nodiscard]] virtual std::shared_ptr<const PemFiles> files() = 0;
  /// Who a client is that showed another TLS this certificate, with these intermediates (both PEM), and proved to have its key; by the
  /// rules of our own handshakes, as they are now. An empty `leaf` is a client that showed none. Null when nobody is asked, or showed none
  /// and may do so. Errors: kUnauthenticated saying why not, counted as a handshake that ended so.
  [[nodiscard]] virtual Result<std::shared_ptr<const Peer>> Verify(std::string_view leaf,
                                                                   std::string_view intermediates) = 0;

  /// Reads the files, of `options` from now on, and takes up what changed; true when something did. After an error all stays
  /// as it was. Errors: as Load.
  [[nodiscard]] virtual Result<bool> Reload(const ServerOptions& options) = 0;
  /// The same with the options that are in force.
  [[nodiscard]] virtual Result<bool> Reload() = 0;
};

}  // namespace tickscope::tls
