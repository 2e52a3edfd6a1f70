// DiscoveryConfig: where targets are found that the configuration does not list.
//
//   file_sd_configs:
//     - files: [/etc/tickscope/targets/*.yaml]
//       refresh_interval: 30s
//   kubelet_sd_configs:
//     - url: http://127.0.0.1:10255/pods
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "tls/client_config.h"

namespace tickscope::discovery {

/// Files of target groups, as Prometheus' file_sd_configs: YAML or JSON lists of {targets, labels}.
struct FileDiscoveryConfig {
  std::vector<std::string> files;  ///< Absolute paths; their last part is a pattern (base/glob.h).
  std::int64_t refresh_ms = 300'000;

  friend bool operator==(const FileDiscoveryConfig&, const FileDiscoveryConfig&) = default;
};

/// Pods of this node, as its kubelet tells them: no access to the cluster's API is needed.
struct KubeletDiscoveryConfig {
  std::string url = "http://127.0.0.1:10255/pods";
  std::string bearer_token_file;  ///< None when empty.
  tls::ClientConfig tls;
  std::int64_t refresh_ms = 30'000;

  friend bool operator==(const KubeletDiscoveryConfig&, const KubeletDiscoveryConfig&) = default;
};

struct DiscoveryConfig {
  std::vector<FileDiscoveryConfig> files;
  std::vector<KubeletDiscoveryConfig> kubelets;

  friend bool operator==(const DiscoveryConfig&, const DiscoveryConfig&) = default;
};

/// What the host knows of itself in a cloud, as labels of all targets for relabelling.
struct HostMetadataConfig {
  bool ec2 = false;  ///< __meta_ec2_...: by the instance metadata service, version 2.
  std::string ec2_url = "http://169.254.169.254";
  std::int64_t refresh_ms = 300'000;

  friend bool operator==(const HostMetadataConfig&, const HostMetadataConfig&) = default;
};

/// Of a scrape config's map. Mistakes go to the map's document.
[[nodiscard]] DiscoveryConfig ReadDiscoveryConfig(config::YamlMap& map);
void WriteDiscoveryConfig(const DiscoveryConfig& discovery, config::YamlWriter& out);

[[nodiscard]] HostMetadataConfig ReadHostMetadataConfig(config::YamlMap map);
void WriteHostMetadataConfig(const HostMetadataConfig& host, config::YamlWriter& out);

}  // namespace tickscope::discovery
