// AgentConfig: what `tickscope agent` scrapes, and where it sends what it scraped.
//
//   global:
//     scrape_interval: 10s
//     external_labels: {region: eu}
//   scrape_configs:
//     - job_name: node
//       static_configs:
//         - targets: [127.0.0.1:9100]
//   sdk_pages:
//     - directory: /dev/shm/tickscope
//   remote_write:
//     - url: http://127.0.0.1:9280/api/v1/write
//
// Names and meaning follow Prometheus where it has the setting, so that a scrape_config can be copied over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/aggregation_config.h"
#include "agent/fleet_config.h"
#include "agent/host_metrics_config.h"
#include "agent/logs_config.h"
#include "agent/pages_config.h"
#include "agent/push_config.h"
#include "agent/scrape_access.h"
#include "agent/sigv4.h"
#include "agent/statsd_config.h"
#include "base/error.h"
#include "base/log.h"
#include "discovery/discovery_config.h"
#include "discovery/target_source.h"
#include "guard/guard_config.h"
#include "model/labels.h"
#include "relabel/relabeler.h"
#include "wire/exposition.h"
#include "wire/remote_write_headers.h"

namespace tickscope::agent {

/// One endpoint to scrape, everything resolved: no defaults are left to look up elsewhere.
struct TargetConfig {
  std::string url;  ///< "http://127.0.0.1:9100/metrics?collect=cpu"
  Labels labels;    ///< job, instance and those of the static config.
  bool honor_labels = false;
  bool honor_timestamps = true;
  std::int64_t interval_ms = 10'000;
  std::int64_t timeout_ms = 5'000;
  std::uint64_t body_bytes_max = 32ULL << 20U;
  std::size_t samples_max = 100'000;  ///< After which the scrape fails.
  std::size_t labels_max = 64;
  std::size_t label_name_bytes_max = 512;
  std::size_t label_value_bytes_max = 4096;
  wire::NativeHistograms native_histograms = wire::NativeHistograms::kPrefer;
  std::optional<wire::ExpositionFormat> fallback_format;
  relabel::Relabeler metric_rules;  ///< For series, before the external labels.
  ScrapeAccessConfig access;

  friend bool operator==(const TargetConfig&, const TargetConfig&) = default;
};

/// A scrape config as written; `target` is the pattern its targets are made from.
struct ScrapeConfig {
  std::string job_name;
  std::string metrics_path = "/metrics";
  std::vector<std::pair<std::string, std::vector<std::string>>> params;
  std::vector<discovery::TargetGroup> static_configs;
  discovery::DiscoveryConfig discovery;
  std::vector<discovery::TargetGroup> discovered;  ///< What was found last; not in the file.
  relabel::Relabeler target_rules;
  TargetConfig target;
};

/// Where what waits for a receiver is kept on disk.
struct SpoolConfig {
  std::string directory;  ///< None when empty: what waits is in memory.
  std::uint64_t bytes_max = 1ULL << 30U;
  std::uint64_t segment_bytes = 4ULL << 20U;
  bool newest_first = false;
  std::int64_t commit_interval_ms = 1'000;

  friend bool operator==(const SpoolConfig&, const SpoolConfig&) = default;
};

struct RemoteWriteConfig {
  PushConfig push;
  wire::RemoteWriteProtocol protocol = wire::RemoteWriteProtocol::kV2;
  bool is_otlp = false;  ///< OTLP/HTTP instead; `protocol` is kV1 then.
  std::size_t batch_samples_max = 5'000;
  std::size_t shards =
      1;  ///< Requests under way at once; a target always uses the same one, so keeps its order.
  std::uint64_t queue_bytes_max = 16ULL << 20U;
  std::int64_t metadata_interval_ms = 300'000;
  SpoolConfig spool;
  SigV4Config sigv4;
  relabel::Relabeler write_rules;  ///< For series, after the external labels.

  friend bool operator==(const RemoteWriteConfig&, const RemoteWriteConfig&) = default;
};

struct AgentConfig {
  std::string listen = "127.0.0.1:9281";
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;
  bool core_dump_memory = false;
  std::size_t scrape_workers = 4;
  std::int64_t shutdown_timeout_ms = 10'000;
  std::int64_t scrape_interval_ms = 10'000;
  std::int64_t scrape_timeout_ms = 5'000;
  Labels external_labels;
  guard::GuardConfig guard;
  discovery::HostMetadataConfig host_metadata;
  discovery::LabelPairs host_labels;  ///< What was found last; not in the file.
  std::vector<ScrapeConfig> scrape_configs;
  std::vector<PagesConfig> sdk_pages;
  HostMetricsConfig host_metrics;
  std::vector<StatsdConfig> statsd;
  std::vector<RemoteWriteConfig> remote_writes;
  std::uint64_t disk_bytes_max = 0;  ///< Of all spools together; 0: each by its own bound.
  FleetConfig fleet;
  AggregationConfig aggregation;
  LogsConfig logs;

  /// Every target of every scrape config, in the order of the file, relabelled. What rules drop is not there; of what they
  /// make a target that cannot be, the first few are told in `problems`, if that is given.
  [[nodiscard]] std::vector<TargetConfig> Targets(std::vector<std::string>* problems = nullptr) const;
};

/// Errors: kInvalidArgument listing every mistake, a line each, as "FILE:LINE:COLUMN: ...".
[[nodiscard]] Result<AgentConfig> ParseAgentConfig(std::string_view text, const std::string& file);

/// The whole configuration as YAML with a comment over each setting; ParseAgentConfig reads it back to the
/// same.
[[nodiscard]] std::string DescribeAgentConfig(const AgentConfig& config);

}  // namespace tickscope::agent
