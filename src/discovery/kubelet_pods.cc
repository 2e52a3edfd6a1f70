#include "discovery/kubelet_pods.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace tickscope::discovery {
namespace {

using simdjson::dom::element;

constexpr std::size_t kAnswerBytesMax = 64U << 20U;
constexpr std::size_t kTokenBytesMax = 64U << 10U;
constexpr auto kTimeout = std::chrono::seconds(5);
constexpr std::string_view kPrefix = "__meta_kubernetes_";

// Empty for what is not there or no text.
std::string_view TextAt(const element& object, std::string_view pointer) {
  std::string_view text;
  if (object.at_pointer(pointer).get(text) != simdjson::SUCCESS) text = {};
  return text;
}

template <typename Take>
void EachAt(const element& object, std::string_view pointer, Take take) {
  simdjson::dom::array items;
  if (object.at_pointer(pointer).get(items) != simdjson::SUCCESS) return;
  for (const element item : items)
    take(item);
}

void AddMap(const element& pod, std::string_view pointer, std::string_view kind, LabelPairs& labels) {
  simdjson::dom::object map;
  if (pod.at_pointer(pointer).get(map) != simdjson::SUCCESS) return;
  for (const auto& [key, value] : map) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) continue;
    const std::string name = NamePart(key);
    labels.emplace_back(fmt::format("{}pod_{}_{}", kPrefix, kind, name), text);
    labels.emplace_back(fmt::format("{}pod_{}present_{}", kPrefix, kind, name), "true");
  }
}

LabelPairs LabelsOf(const element& pod, std::string_view address) {
  LabelPairs labels;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) labels.emplace_back(fmt::format("{}{}", kPrefix, name), value);
  };
  add("namespace", TextAt(pod, "/metadata/namespace"));
  add("pod_name", TextAt(pod, "/metadata/name"));
  add("pod_uid", TextAt(pod, "/metadata/uid"));
  add("pod_ip", address);
  add("pod_host_ip", TextAt(pod, "/status/hostIP"));
  add("pod_node_name", TextAt(pod, "/spec/nodeName"));
  add("pod_phase", TextAt(pod, "/status/phase"));
  std::string_view ready = "unknown";
  EachAt(pod, "/status/conditions", [&](const element& condition) {
    if (TextAt(condition, "/type") != "Ready") return;
    const std::string_view status = TextAt(condition, "/status");
    ready = status == "True" ? "true" : status == "False" ? "false" : "unknown";
  });
  add("pod_ready", ready);
  EachAt(pod, "/metadata/ownerReferences", [&](const element& owner) {
    bool is_controller = false;
    if (owner.at_pointer("/controller").get(is_controller) != simdjson::SUCCESS || !is_controller) return;
    add("pod_controller_kind", TextAt(owner, "/kind"));
    add("pod_controller_name", TextAt(owner, "/name"));
  });
  AddMap(pod, "/metadata/labels", "label", labels);
  AddMap(pod, "/metadata/annotations", "annotation", labels);
  return labels;
}

std::string HostPort(std::string_view address, std::uint64_t port) {
  const bool is_v6 = address.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
}

void AddContainer(const element& container, bool is_init, std::string_view address, const LabelPairs& pod,
                  std::vector<TargetGroup>& groups) {
  LabelPairs labels = pod;
  const auto add = [&](std::string_view name, std::string value) {
    labels.emplace_back(fmt::format("{}pod_container_{}", kPrefix, name), std::move(value));
  };
  add("name", std::string(TextAt(container, "/name")));
  add("image", std::string(TextAt(container, "/image")));
  add("init", is_init ? "true" : "false");
  bool has_port = false;
  const std::size_t shared = labels.size();
  EachAt(container, "/ports", [&](const element& port) {
    std::uint64_t number = 0;
    if (port.at_pointer("/containerPort").get(number) != simdjson::SUCCESS || number == 0 || number > 65'535)
      return;
    has_port = true;
    labels.resize(shared);
    add("port_name", std::string(TextAt(port, "/name")));
    add("port_number", std::to_string(number));
    add("port_protocol", std::string(TextAt(port, "/protocol")));
    groups.push_back({.targets = {HostPort(address, number)}, .labels = labels});
  });
  labels.resize(shared);
  if (!has_port) groups.push_back({.targets = {std::string(address)}, .labels = std::move(labels)});
}

}  // namespace

Result<std::vector<TargetGroup>> ParsePodList(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root); error != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the list of pods is no JSON: {}", simdjson::error_message(error)));
  simdjson::dom::array items;
  if (root.at_pointer("/items").get(items) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "the list of pods has no \"items\"");
  std::vector<TargetGroup> groups;
  for (const element pod : items) {
    const std::string_view address = TextAt(pod, "/status/podIP");
    if (address.empty()) continue;
    const LabelPairs labels = LabelsOf(pod, address);
    EachAt(pod, "/spec/initContainers",
           [&](const element& container) { AddContainer(container, true, address, labels, groups); });
    EachAt(pod, "/spec/containers",
           [&](const element& container) { AddContainer(container, false, address, labels, groups); });
    if (groups.size() > kFoundTargetsMax)
      return Fail(ErrorCode::kOutOfRange, fmt::format("more than {} container ports", kFoundTargetsMax));
  }
  return groups;
}

KubeletPods::KubeletPods(KubeletDiscoveryConfig config, io::Network& network, io::FileSystem& fs,
                         const Clock& clock, MetricRegistry& metrics)
    : config_(std::move(config)), network_(network), fs_(fs), tls_(fs, clock, metrics, config_.tls) {}

Result<std::vector<TargetGroup>> KubeletPods::Look() {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(config_.url));
  std::shared_ptr<tls::ClientContext> tls;
  if (url.is_secure) {
    TICKSCOPE_ASSIGN_OR_RETURN(tls, tls_.Use());
  }
  if (client_ == nullptr) {
    client_ = http::Client::Make(network_, {.connect_timeout = kTimeout,
                                            .request_timeout = kTimeout,
                                            .response_bytes_max = kAnswerBytesMax,
                                            .idle_connections_max = 1,
                                            .tls = std::move(tls)});
  }
  http::Request request;
  request.headers.Set("Accept", "application/json");
  if (!config_.bearer_token_file.empty()) {
    // Read each time: it is renewed.
    TICKSCOPE_ASSIGN_OR_RETURN(std::string token,
                               io::ReadWholeFile(fs_, config_.bearer_token_file, kTokenBytesMax));
    token.erase(
        std::find_if_not(token.rbegin(), token.rend(), [](char c) { return c == '\n' || c == '\r'; }).base(),
        token.end());
    request.headers.Set("Authorization", "Bearer " + token);
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, client_->Fetch(url, std::move(request)));
  if (response.status != 200)
    return Fail(ErrorCode::kUnavailable, fmt::format("expected status 200, got {}", response.status));
  return ParsePodList(response.body);
}

}  // namespace tickscope::discovery
