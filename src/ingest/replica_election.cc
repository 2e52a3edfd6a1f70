#include "ingest/replica_election.h"

namespace tickscope::ingest {

std::optional<ReplicaName> FindReplica(const ReplicaOptions& options, std::span<const LabelView> labels) {
  ReplicaName name;
  for (const LabelView& label : labels) {
    if (label.name == options.cluster_label) name.cluster = label.value;
    if (label.name == options.replica_label) name.replica = label.value;
  }
  if (name.cluster.empty() || name.replica.empty()) return std::nullopt;
  return name;
}

void DropReplica(const ReplicaOptions& options, std::vector<LabelView>& labels) {
  if (!FindReplica(options, labels)) return;
  std::erase_if(labels, [&](const LabelView& label) { return label.name == options.replica_label; });
}

Result<ReplicaElection::Verdict> ReplicaElection::Hear(const ReplicaOptions& options, const TenantId& tenant,
                                                       std::string_view cluster, std::string_view replica,
                                                       std::chrono::nanoseconds now) {
  const auto failover = std::chrono::milliseconds(options.failover_ms);
  const std::pair<TenantId, std::string> key(tenant, cluster);
  auto found = clusters_.find(key);
  if (found == clusters_.end()) {
    if (clusters_.size() >= options.clusters_max)
      std::erase_if(clusters_, [&](const auto& known) { return now - known.second.heard >= failover; });
    if (clusters_.size() >= options.clusters_max)
      return Fail(ErrorCode::kResourceExhausted,
                  "too many clusters of replicas: clusters_max=" + std::to_string(options.clusters_max));
    found = clusters_.emplace(key, Elected{.replica = std::string(replica), .heard = now}).first;
  }
  Elected& elected = found->second;
  if (elected.replica != replica) {
    if (now - elected.heard < failover) return Verdict::kOther;
    elected.replica = replica;
    ++failovers_;
  }
  elected.heard = now;
  return Verdict::kElected;
}

}  // namespace tickscope::ingest
