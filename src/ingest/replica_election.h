// ReplicaElection: of several replicas that scrape the same targets, one is taken and the others are heard.
//
//   request of (cluster, replica)  ->  kElected: write it, without the replica's label
//                                  ->  kOther: answer as if written; the elected one has the same
//
// The first replica that is heard is elected, and stays so until it has been silent for the failover timeout; then the next that is heard is.
// As Prometheus pairs in front of Cortex and Mimir are told apart, by the labels cluster and __replica__.
//
// Bounds    clusters_max of all tenants together; one more is refused.
// Threads   Externally locked.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "model/tenant.h"

namespace tickscope::ingest {

struct ReplicaOptions {
  bool enabled = false;
  std::string cluster_label = "cluster";
  std::string replica_label = "__replica__";
  std::int64_t failover_ms = 30'000;
  std::uint64_t clusters_max = 10'000;

  friend bool operator==(const ReplicaOptions&, const ReplicaOptions&) = default;
};

/// The values of the cluster's and the replica's label; nothing unless both are there, and not empty.
struct ReplicaName {
  std::string_view cluster;
  std::string_view replica;
};
[[nodiscard]] std::optional<ReplicaName> FindReplica(const ReplicaOptions& options,
                                                     std::span<const LabelView> labels);
/// Takes the replica's label away when both are there: the series of all replicas are one.
void DropReplica(const ReplicaOptions& options, std::vector<LabelView>& labels);

class ReplicaElection {
 public:
  enum class Verdict : std::uint8_t { kElected, kOther };

  /// Whether a request of the replica, heard now, is taken. Errors: kResourceExhausted for one cluster too many.
  [[nodiscard]] Result<Verdict> Hear(const ReplicaOptions& options, const TenantId& tenant,
                                     std::string_view cluster, std::string_view replica,
                                     std::chrono::nanoseconds now);
  [[nodiscard]] std::uint64_t failovers() const { return failovers_; }

 private:
  struct Elected {
    std::string replica;
    std::chrono::nanoseconds heard{};
  };
  std::map<std::pair<TenantId, std::string>, Elected> clusters_;
  std::uint64_t failovers_ = 0;
};

}  // namespace tickscope::ingest
