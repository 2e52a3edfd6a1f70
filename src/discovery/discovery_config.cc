#include "discovery/discovery_config.h"

#include <string_view>

#include "http/client.h"

namespace tickscope::discovery {
namespace {

constexpr config::DurationRange kRefresh = {.min = 1'000, .max = 24 * 3'600'000};
constexpr std::size_t kFilesMax = 100;

bool HasWildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

void CheckUrl(config::YamlMap& map, std::string_view key, const std::string& text) {
  if (const auto url = http::ParseUrl(text); !url) map.Complain(key, url.error().message);
}

}  // namespace

DiscoveryConfig ReadDiscoveryConfig(config::YamlMap& map) {
  DiscoveryConfig discovery;
  for (config::YamlMap item : map.Maps("file_sd_configs")) {
    FileDiscoveryConfig& files = discovery.files.emplace_back();
    files.files = item.Strings("files");
    if (files.files.empty() || files.files.size() > kFilesMax)
      item.Complain("files", "expected 1 to 100 paths");
    for (const std::string& path : files.files) {
      if (!path.starts_with('/')) item.Complain("files", "expected absolute paths");
      if (HasWildcard(path.substr(0, path.rfind('/') + 1)))
        item.Complain("files", "* and ? may stand in the last part of a path only");
      if (!path.ends_with(".yaml") && !path.ends_with(".yml") && !path.ends_with(".json"))
        item.Complain("files", "expected names that end in .yaml, .yml or .json");
    }
    files.refresh_ms = item.DurationMs("refresh_interval", files.refresh_ms, kRefresh);
  }
  for (config::YamlMap item : map.Maps("kubelet_sd_configs")) {
    KubeletDiscoveryConfig& kubelet = discovery.kubelets.emplace_back();
    kubelet.url = item.String("url", kubelet.url);
    CheckUrl(item, "url", kubelet.url);
    kubelet.bearer_token_file = item.String("bearer_token_file", "");
    kubelet.tls = tls::ReadClientConfig(item.Map("tls_config"), tls::Distrust::kOptional);
    kubelet.refresh_ms = item.DurationMs("refresh_interval", kubelet.refresh_ms, kRefresh);
  }
  return discovery;
}

void WriteDiscoveryConfig(const DiscoveryConfig& discovery, config::YamlWriter& out) {
  out.Comment("Files of target groups, as Prometheus reads them; read again when they change.");
  out.BeginList("file_sd_configs");
  for (const FileDiscoveryConfig& files : discovery.files) {
    out.BeginItem();
    out.Strings("files", files.files);
    out.DurationMs("refresh_interval", files.refresh_ms);
    out.EndItem();
  }
  out.EndList();
  out.Comment("Pods of this node by its kubelet's list, a target a container port: __meta_kubernetes_...");
  out.BeginList("kubelet_sd_configs");
  for (const KubeletDiscoveryConfig& kubelet : discovery.kubelets) {
    out.BeginItem();
    out.String("url", kubelet.url);
    out.String("bearer_token_file", kubelet.bearer_token_file);
    out.BeginMap("tls_config");
    tls::WriteClientConfig(kubelet.tls, "kubelet", out, tls::Distrust::kOptional);
    out.EndMap();
    out.DurationMs("refresh_interval", kubelet.refresh_ms);
    out.EndItem();
  }
  out.EndList();
}

HostMetadataConfig ReadHostMetadataConfig(config::YamlMap map) {
  HostMetadataConfig host;
  host.ec2 = map.Bool("ec2", host.ec2);
  host.ec2_url = map.String("ec2_url", host.ec2_url);
  CheckUrl(map, "ec2_url", host.ec2_url);
  host.refresh_ms = map.DurationMs("refresh_interval", host.refresh_ms, kRefresh);
  return host;
}

void WriteHostMetadataConfig(const HostMetadataConfig& host, config::YamlWriter& out) {
  out.Comment("__meta_ec2_... on every target, by the instance metadata service (IMDSv2).");
  out.Bool("ec2", host.ec2);
  out.String("ec2_url", host.ec2_url);
  out.DurationMs("refresh_interval", host.refresh_ms);
}

}  // namespace tickscope::discovery
