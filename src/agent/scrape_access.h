// ScrapeAccess: how a target is reached that wants TLS, or to know who asks.
//
//   scheme: https
//   tls_config: {ca_file: /etc/tickscope/ca.pem}
//   authorization: {credentials_file: /run/secrets/token}      or basic_auth: {username: a, password_file: /run/secrets/p}
//
// Secrets are in files, which are read at each scrape: they are renewed, and no configuration that is shown has them.
//
// Threads   Thread-safe: the targets of a scrape config share one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/tls_client_config.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "http/message.h"
#include "io/file_system.h"
#include "tls/checked_context.h"

namespace tickscope::agent {

struct ScrapeAccessConfig {
  bool is_secure = false;  ///< https, unless relabelling says otherwise.
  TlsClientConfig tls;
  std::string authorization_type = "Bearer";
  std::string credentials_file;  ///< None when empty.
  std::string username;          ///< None when empty; not beside credentials_file.
  std::string password_file;

  friend bool operator==(const ScrapeAccessConfig&, const ScrapeAccessConfig&) = default;
};

/// Of a scrape config's map. Mistakes go to its document.
[[nodiscard]] ScrapeAccessConfig ReadScrapeAccess(config::YamlMap& map);
void WriteScrapeAccess(const ScrapeAccessConfig& access, config::YamlWriter& out);

class ScrapeAccess {
 public:
  /// All that is given outlives it.
  ScrapeAccess(ScrapeAccessConfig config, io::FileSystem& fs, const Clock& clock, MetricRegistry& metrics);

  /// Errors: as tls::CheckedContext::Use.
  [[nodiscard]] Result<std::shared_ptr<tls::ClientContext>> UseTls() { return tls_.Use(); }
  /// Sets Authorization, if there are credentials. Errors: kFailedPrecondition naming the file that does not read.
  [[nodiscard]] Status Authorize(http::Headers& headers) const;

  [[nodiscard]] const ScrapeAccessConfig& config() const { return config_; }

 private:
  const ScrapeAccessConfig config_;
  io::FileSystem& fs_;
  tls::CheckedContext tls_;
};

using ScrapeAccessPtr = std::shared_ptr<ScrapeAccess>;

/// Hands out one ScrapeAccess for equal settings, as long as somebody uses it: authorities are read once, sessions are shared.
/// Threads: one at a time.
class ScrapeAccessPool {
 public:
  /// What is given may be null, and then there is no access but plain one; else it outlives what is handed out.
  ScrapeAccessPool(io::FileSystem* fs, const Clock& clock, MetricRegistry* metrics)
      : fs_(fs), clock_(clock), metrics_(metrics) {}

  /// Null for a plain target that does not ask who comes. Errors: kUnsupported without a file system.
  [[nodiscard]] Result<ScrapeAccessPtr> For(const ScrapeAccessConfig& config, bool is_secure);

 private:
  io::FileSystem* const fs_;
  const Clock& clock_;
  MetricRegistry* const metrics_;
  std::vector<std::weak_ptr<ScrapeAccess>> known_;
};

}  // namespace tickscope::agent
