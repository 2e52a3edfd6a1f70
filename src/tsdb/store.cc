#include "tsdb/store.h"

#include <algorithm>

namespace tickscope::tsdb {
namespace {

// Batches a stretch covers; Trim works in whole stretches.
constexpr std::uint64_t kStretchPositions = 1024;

// One selector's series, read one by one from the head.
class HeadSeriesSet final : public SeriesSet {
 public:
  HeadSeriesSet(const Head& head, std::vector<Head::SelectedSeries> selected, const SelectRequest& request,
                const QueryContext& context)
      : head_(head),
        selected_(std::move(selected)),
        start_ms_(request.start_ms),
        end_ms_(request.end_ms),
        context_(context) {}

  [[nodiscard]] bool Next() override { return ++next_ <= selected_.size(); }
  [[nodiscard]] const Labels& labels() const override { return selected_[next_ - 1].labels; }
  [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
    TICKSCOPE_RETURN_IF_ERROR(context_.Check());
    return head_.ReadSamples(selected_[next_ - 1].ref, start_ms_, end_ms_, out);
  }

 private:
  const Head& head_;
  const std::vector<Head::SelectedSeries> selected_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  const QueryContext& context_;
  std::size_t next_ = 0;
};

}  // namespace

Store::Store(MetricRegistry& metrics, StoreOptions options)
    : head_metrics_(metrics),
      metadata_dropped_(metrics.AddCounter("tickscope_store_metadata_dropped_total",
                                           "Metadata entries over the tenant's limit.", {})),
      options_(options) {}
Store::~Store() = default;

Store::TenantData& Store::TenantFor(const TenantId& tenant) {
  if (TenantData* const found = FindTenant(tenant)) return *found;
  const WriterLock lock(mu_);
  return *tenants_.emplace(tenant, std::make_unique<TenantData>(head_metrics_)).first->second;
}

Store::TenantData* Store::FindTenant(const TenantId& tenant) const {
  const ReaderLock lock(mu_);
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? nullptr : found->second.get();
}

const Head* Store::FindHead(const SelectRequest& request) const {
  const TenantData* const tenant = FindTenant(request.tenant);
  if (tenant == nullptr || !tenant->head.MayHold(request.start_ms, request.end_ms)) return nullptr;
  return &tenant->head;
}

void Store::Apply(std::uint64_t position, const codec::SampleBatch& batch) {
  TenantData& tenant = TenantFor(batch.tenant);
  tenant.head.Apply(batch);
  NoteTimes(position, batch);
  if (batch.metadata.empty()) return;
  const WriterLock lock(mu_);
  for (const codec::MetadataEntry& entry : batch.metadata) {
    if (tenant.metadata.size() >= options_.metadata_max && !tenant.metadata.contains(entry.metric)) {
      metadata_dropped_->Add();
      continue;
    }
    tenant.metadata[entry.metric] = entry.metadata;
  }
}

void Store::NoteTimes(std::uint64_t position, const codec::SampleBatch& batch) {
  TimeMs min_time_ms = INT64_MAX;
  for (const TimeMs time_ms : batch.floats.times_ms)
    min_time_ms = std::min(min_time_ms, time_ms);
  for (const codec::HistogramEntry& entry : batch.histograms)
    min_time_ms = std::min(min_time_ms, entry.time_ms);
  if (stretches_.empty() || position - stretches_.back().first_position >= kStretchPositions) {
    stretches_.push_back({position, position + 1, min_time_ms});
    return;
  }
  stretches_.back().end_position = position + 1;
  stretches_.back().min_time_ms = std::min(stretches_.back().min_time_ms, min_time_ms);
}

void Store::Trim(std::uint64_t position) {
  const auto kept = std::find_if(stretches_.begin(), stretches_.end(), [position](const Stretch& stretch) {
    return stretch.end_position > position;
  });
  if (kept == stretches_.begin()) return;
  stretches_.erase(stretches_.begin(), kept);
  TimeMs horizon_ms = INT64_MAX;
  for (const Stretch& stretch : stretches_)
    horizon_ms = std::min(horizon_ms, stretch.min_time_ms);
  if (horizon_ms == INT64_MAX) return;
  std::vector<TenantData*> tenants;
  {
    const ReaderLock lock(mu_);
    for (const auto& [name, tenant] : tenants_)
      tenants.push_back(tenant.get());
  }
  for (TenantData* const tenant : tenants)
    tenant->head.DropBefore(horizon_ms);
}

Result<std::unique_ptr<SeriesSet>> Store::Select(const SelectRequest& request,
                                                 const QueryContext& context) const {
  class Nothing final : public SeriesSet {
    [[nodiscard]] bool Next() override { return false; }
    [[nodiscard]] const Labels& labels() const override { return none_; }
    [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
      out.Clear();
      return {};
    }
    Labels none_;
  };
  const Head* const head = FindHead(request);
  if (head == nullptr) return std::make_unique<Nothing>();
  TICKSCOPE_ASSIGN_OR_RETURN(auto selected,
                             head->Select(request.matchers, options_.query_series_max, context));
  return std::make_unique<HeadSeriesSet>(*head, std::move(selected), request, context);
}

Result<std::vector<std::string>> Store::LabelNames(const SelectRequest& request,
                                                   const QueryContext& context) const {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  const Head* const head = FindHead(request);
  return head == nullptr ? std::vector<std::string>{} : head->LabelNames(request.matchers);
}

Result<std::vector<std::string>> Store::LabelValues(const std::string& name, const SelectRequest& request,
                                                    const QueryContext& context) const {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  const Head* const head = FindHead(request);
  return head == nullptr ? std::vector<std::string>{} : head->LabelValues(name, request.matchers);
}

std::map<std::string, MetricMetadata> Store::Metadata(const TenantId& tenant_id,
                                                      const std::string& metric) const {
  const TenantData* const tenant = FindTenant(tenant_id);
  if (tenant == nullptr) return {};
  const ReaderLock lock(mu_);
  if (metric.empty()) return tenant->metadata;
  const auto found = tenant->metadata.find(metric);
  if (found == tenant->metadata.end()) return {};
  return {*found};
}

HeadSummary Store::Summarize(const TenantId& tenant_id, std::size_t limit) const {
  const TenantData* const tenant = FindTenant(tenant_id);
  return tenant == nullptr ? HeadSummary{} : tenant->head.Summarize(limit);
}

}  // namespace tickscope::tsdb
