// KubeletPods: pods of this node as targets, by the list that its kubelet has: a target a container port, or the pod itself
// when a container declares none.
//
// Labels are those of Prometheus' kubernetes_sd_configs with role pod, as far as a pod's own description has them:
// __meta_kubernetes_namespace, _pod_name, _pod_ip, _pod_uid, _pod_phase, _pod_ready, _pod_node_name, _pod_host_ip,
// _pod_controller_kind, _pod_controller_name, _pod_label_NAME, _pod_labelpresent_NAME, _pod_annotation_NAME,
// _pod_annotationpresent_NAME, _pod_container_name, _pod_container_image, _pod_container_init,
// _pod_container_port_name, _pod_container_port_number, _pod_container_port_protocol.
//
// Source    Kubernetes API, v1 PodList; Prometheus configuration, kubernetes_sd_config.
#pragma once

#include <memory>
#include <string>

#include "discovery/discovery_config.h"
#include "discovery/target_source.h"
#include "http/client.h"
#include "io/file_system.h"
#include "io/network.h"
#include "tls/checked_context.h"

namespace tickscope::discovery {

class KubeletPods final : public TargetSource {
 public:
  /// All that is given outlives it.
  KubeletPods(KubeletDiscoveryConfig config, io::Network& network, io::FileSystem& fs, const Clock& clock,
              MetricRegistry& metrics);

  [[nodiscard]] Result<std::vector<TargetGroup>> Look() override;
  [[nodiscard]] std::string name() const override { return "kubelet " + config_.url; }
  [[nodiscard]] std::int64_t refresh_ms() const override { return config_.refresh_ms; }

 private:
  const KubeletDiscoveryConfig config_;
  io::Network& network_;
  io::FileSystem& fs_;
  tls::CheckedContext tls_;
  std::unique_ptr<http::Client> client_;  // Made with the first look.
};

/// The targets of a PodList in JSON. Pods without an address are none yet. Errors: kInvalidArgument.
[[nodiscard]] Result<std::vector<TargetGroup>> ParsePodList(std::string_view json);

}  // namespace tickscope::discovery
