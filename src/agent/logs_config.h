// LogsConfig: which logs the agent takes, and where it sends them.
//
//   logs:
//     push: {url: http://127.0.0.1:9280/loki/api/v1/push}
//     spool: {directory: /var/lib/tickscope/logs}
//     tokens: {keys: /etc/tickscope/keys}
//     files:
//       - paths: [/var/log/game/*.log]
//         labels: {app: game}
//     syslog:
//       - {udp: "127.0.0.1:5514", tcp: "127.0.0.1:5514"}
//     fluent:
//       - {listen: "127.0.0.1:24224"}
//     http:
//       - {listen: "127.0.0.1:9880"}
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/push_config.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "logs/entry_framer.h"
#include "model/labels.h"
#include "model/tenant.h"

namespace tickscope::agent {

/// When what was taken is written and sent.
struct LogBatchConfig {
  std::uint64_t bytes_max = 1ULL << 20U;  ///< Not compressed.
  std::int64_t wait_ms = 1'000;

  friend bool operator==(const LogBatchConfig&, const LogBatchConfig&) = default;
};

struct LogSpoolConfig {
  std::string directory;
  std::uint64_t bytes_max = 1ULL << 30U;
  std::uint64_t segment_bytes = 4ULL << 20U;
  std::uint64_t error_bytes = 256ULL << 20U;  ///< Of bytes_max, that nothing but errors takes.

  friend bool operator==(const LogSpoolConfig&, const LogSpoolConfig&) = default;
};

struct LogTokensConfig {
  std::string keys;  ///< tokens/file_key_provider.h; none when empty.
  std::string tenant = std::string(kDefaultTenant);
  std::int64_t epoch_days = 30;

  friend bool operator==(const LogTokensConfig&, const LogTokensConfig&) = default;
};

struct LogFilesConfig {
  std::vector<std::string> paths;  ///< Absolute; patterns in the last part.
  std::vector<std::string> excludes;
  Labels labels;
  logs::FramerOptions framer;
  bool from_end = false;
  bool add_filename = false;
  std::int64_t idle_wait_ms = 5'000;
  std::int64_t rotated_wait_ms = 60'000;
  std::size_t files_max = 256;

  friend bool operator==(const LogFilesConfig&, const LogFilesConfig&) = default;
};

/// UDP, TCP or both.
struct SyslogConfig {
  std::string udp;  ///< "host:port"; not received when empty.
  std::string tcp;
  Labels labels;
  std::size_t message_bytes_max = 64U << 10;
  std::size_t connections_max = 64;

  friend bool operator==(const SyslogConfig&, const SyslogConfig&) = default;
};

/// Fluentd's Forward protocol.
struct FluentConfig {
  std::string listen;
  Labels labels;
  std::size_t message_bytes_max = 8U << 20;
  std::size_t connections_max = 64;

  friend bool operator==(const FluentConfig&, const FluentConfig&) = default;
};

/// Records by HTTP.
struct HttpLogsConfig {
  std::string listen;
  Labels labels;
  std::size_t body_bytes_max = 8U << 20;
  std::size_t connections_max = 64;

  friend bool operator==(const HttpLogsConfig&, const HttpLogsConfig&) = default;
};

struct LogsConfig {
  PushConfig push;  ///< No logs are taken when its url is empty.
  LogBatchConfig batch;
  LogSpoolConfig spool;
  LogTokensConfig tokens;
  std::vector<LogFilesConfig> files;
  std::vector<SyslogConfig> syslog;
  std::vector<FluentConfig> fluent;
  std::vector<HttpLogsConfig> http;

  [[nodiscard]] bool is_on() const { return !push.url.empty(); }
  friend bool operator==(const LogsConfig&, const LogsConfig&) = default;
};

/// Mistakes go to the map's document.
[[nodiscard]] LogsConfig ReadLogsConfig(config::YamlMap map);
/// The items of a map, with a comment over each setting that needs one.
void WriteLogsConfig(const LogsConfig& logs, config::YamlWriter& out);

/// The directory and the pattern of a path: "/var/log" and "*.log". Empty directory when the path is not absolute, or has a pattern before
/// its last part.
[[nodiscard]] std::pair<std::string, std::string> SplitLogPath(const std::string& path);

}  // namespace tickscope::agent
