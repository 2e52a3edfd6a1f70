// The half of Store that counts.
#include <algorithm>

#include "index/hyperloglog.h"
#include "tsdb/store.h"

namespace tickscope::tsdb {

CardinalitySummary Store::Cardinality(const TenantId& tenant_id, const std::vector<Matcher>& matchers,
                                      const std::vector<std::string>& names, std::size_t limit) const {
  CardinalitySummary summary;
  const TenantData* const tenant = FindTenant(tenant_id);
  if (tenant == nullptr) return summary;
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  const HeadReaderLock lock(version->catalog->mutex());
  const SeriesIndex& index = version->catalog->index();
  if (matchers.empty()) {
    summary.series_count = index.series_count();
    summary.name_count = index.name_count();
    summary.value_count = index.pair_count();
    summary.top_names = index.TopLabelNames(limit);
    for (const std::string& name : names) {
      summary.labels.push_back(
          {name, index.value_count(name), index.series_with(name), index.TopValues(name, limit)});
    }
    return summary;
  }
  const Postings series = index.Select(matchers);
  summary.series_count = series.size();
  for (const std::string& name : index.LabelNames(series)) {
    const std::uint64_t values = index.LabelValues(name, series).size();
    ++summary.name_count;
    summary.value_count += values;
    summary.top_names.push_back({name, values});
  }
  std::ranges::stable_sort(summary.top_names, std::ranges::greater{}, &NamedCount::count);
  if (summary.top_names.size() > limit) summary.top_names.resize(limit);
  for (const std::string& name : names) {
    LabelCardinality label{name, 0, 0, index.TopValues(name, series, SIZE_MAX)};
    label.value_count = label.top_values.size();
    for (const NamedCount& value : label.top_values)
      label.series_count += value.count;
    if (label.top_values.size() > limit) label.top_values.resize(limit);
    summary.labels.push_back(std::move(label));
  }
  return summary;
}

double Store::DistinctSeries(const TenantId& tenant_id, TimeMs start_ms, TimeMs end_ms) const {
  const TenantData* const tenant = FindTenant(tenant_id);
  if (tenant == nullptr) return 0;
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  index::HyperLogLog all;
  if (version->RecentMayHold(start_ms, end_ms)) {
    const HeadReaderLock lock(version->catalog->mutex());
    all.UnionWith(version->catalog->index().sketch());
  }
  for (const BlockEntry& block : version->blocks) {
    const block::BlockMeta& meta = block.reader->meta();
    if (meta.min_time_ms > end_ms || meta.max_time_ms < start_ms) continue;
    if (const auto sketch = block.reader->Sketch()) {
      all.UnionWith(*sketch);
    } else if (sketch.error().code == ErrorCode::kCorruption) {
      tenant->ReportDamage(block.reader->path(), sketch.error());
    }
  }
  return all.Estimate();
}

}  // namespace tickscope::tsdb
