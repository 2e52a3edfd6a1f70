// Store: the heads of all tenants, fed from one partition of the stream, read by queries.
//
// The store holds what the stream holds: what retention removes from the stream is dropped from the heads
// too, so a restart, which replays the stream, finds the same samples.
//
// Threads   Apply and Trim belong to the one thread that consumes the partition; everything else is
//           thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "codec/sample_batch.h"
#include "model/queryable.h"
#include "tsdb/head.h"

namespace tickscope::tsdb {

struct StoreOptions {
  std::uint64_t query_series_max = 2'000'000;  ///< Series one selector may match.
  std::uint64_t metadata_max = 100'000;        ///< Metric families a tenant's metadata is kept for.
};

class Store final : public Queryable {
 public:
  Store(MetricRegistry& metrics, StoreOptions options);
  ~Store() override;

  /// Adds a batch. `position` is its offset in the stream; positions ascend.
  void Apply(std::uint64_t position, const codec::SampleBatch& batch);
  /// Forgets what came before `position` in the stream and is nowhere after it.
  void Trim(std::uint64_t position);

  // Queryable. A tenant that never wrote has no series.
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override;

  /// Metadata of the tenant's metrics, sorted by name; all of them when `metric` is empty.
  [[nodiscard]] std::map<std::string, MetricMetadata> Metadata(const TenantId& tenant,
                                                               const std::string& metric) const;
  [[nodiscard]] HeadSummary Summarize(const TenantId& tenant, std::size_t limit) const;

 private:
  struct TenantData {
    explicit TenantData(HeadMetrics& metrics) : head(metrics) {}
    Head head;
    std::map<std::string, MetricMetadata> metadata;  // Guarded by Store::mu_.
  };
  // Earliest sample time of the batches of a stretch of the stream: what Trim needs to know.
  struct Stretch {
    std::uint64_t first_position = 0;
    std::uint64_t end_position = 0;
    TimeMs min_time_ms = 0;
  };

  [[nodiscard]] TenantData& TenantFor(const TenantId& tenant) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] TenantData* FindTenant(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);
  /// The request's head, null when it has nothing of that tenant or in that range of time.
  [[nodiscard]] const Head* FindHead(const SelectRequest& request) const TICKSCOPE_EXCLUDES(mu_);
  void NoteTimes(std::uint64_t position, const codec::SampleBatch& batch);

  HeadMetrics head_metrics_;
  Counter* metadata_dropped_;
  const StoreOptions options_;
  mutable SharedMutex mu_;
  std::map<TenantId, std::unique_ptr<TenantData>> tenants_ TICKSCOPE_GUARDED_BY(mu_);
  std::vector<Stretch> stretches_;  // Consumer thread's own, oldest first.
};

}  // namespace tickscope::tsdb
