// ClientContext: whom a client trusts, what it shows of itself, and the sessions it can resume.
//
// Files are taken up again while it is in use: connections that are there go on, new ones begin with the new.
//
// Threads   Thread-safe. Connections belong to their loops.
// Metrics   tickscope_tls_handshakes_total{side="client",result}
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "io/file_system.h"
#include "io/network.h"
#include "tls/options.h"
#include "tls/secure_connection.h"

namespace tickscope::tls {

class ClientContext {
 public:
  /// Everything given outlives the context. Errors: kInvalidArgument naming the file that is no certificate, or does not fit; as
  /// the file system.
  [[nodiscard]] static Result<std::shared_ptr<ClientContext>> Load(io::FileSystem& fs, const Clock& clock,
                                                                   MetricRegistry& metrics,
                                                                   const ClientOptions& options);
  virtual ~ClientContext() = default;

  /// TLS over a connection to `host` (a name or an address, no port), whose certificate must name it, unless the options name another.
  [[nodiscard]] virtual std::unique_ptr<SecureConnection> Connect(io::EventLoop& loop,
                                                                  std::unique_ptr<io::Connection> connection,
                                                                  const std::string& host) = 0;

  /// Reads the files again; true when something changed, and new connections begin with it. After an error all stays as it was.
  /// Errors: as Load.
  [[nodiscard]] virtual Result<bool> Reload() = 0;
};

}  // namespace tickscope::tls
