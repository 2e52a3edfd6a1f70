// What a query would read of the store, told without reading samples.
#include <algorithm>
#include <array>

#include "block/block_format.h"
#include "block/block_scan.h"
#include "tsdb/store.h"

namespace tickscope::tsdb {
namespace {

// Blocks whose indexes are looked into; the others are like the nearest of these.
constexpr std::size_t kBlocksLookedInto = 4;
// A sample in memory or a segment, about.
constexpr double kRecentSampleBytes = 2;

// What part of [min, max] is in the request's range.
double PartOf(TimeMs min_ms, TimeMs max_ms, const SelectRequest& request) {
  const TimeMs from_ms = std::max(min_ms, request.start_ms);
  const TimeMs until_ms = std::min(max_ms, request.end_ms);
  if (from_ms > until_ms) return 0;
  const double length_ms = static_cast<double>(max_ms) - static_cast<double>(min_ms) + 1;
  return (static_cast<double>(until_ms) - static_cast<double>(from_ms) + 1) / length_ms;
}

struct Sum {
  double series = 0;
  double samples = 0;
  double bytes = 0;

  void Add(double matching, double sample_count, double byte_count) {
    series = std::max(series, matching);
    samples += sample_count;
    bytes += byte_count;
  }
};

void AddRecent(const TenantVersion& version, const SelectRequest& request, Sum& sum) {
  if (!version.RecentMayHold(request.start_ms, request.end_ms)) return;
  double matching = 0;
  double all = 0;
  {
    const HeadReaderLock lock(version.catalog->mutex());
    matching = static_cast<double>(version.catalog->index().Select(request.matchers).size());
    all = static_cast<double>(version.catalog->index().series_count());
  }
  if (matching == 0) return;
  double samples = 0;
  for (const Head::Stretch& stretch : version.stretches) {
    const Generation& generation = *stretch.generation;
    samples += static_cast<double>(generation.sample_count()) *
               PartOf(generation.min_time_ms(), generation.max_time_ms(), request);
  }
  for (const SegmentEntry& segment : version.segments) {
    const SegmentInfo& info = segment.reader->info();
    samples += static_cast<double>(info.sample_count) *
               PartOf(std::max(info.min_time_ms, segment.from_ms), info.max_time_ms, request);
  }
  samples *= matching / all;
  sum.Add(matching, samples, samples * kRecentSampleBytes);
}

}  // namespace

Result<SelectCost> Store::EstimateSelect(const SelectRequest& request, const QueryContext& context) const {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  const TenantData* const tenant = FindTenant(request.tenant);
  if (tenant == nullptr) return SelectCost{};
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  Sum sum;
  AddRecent(*version, request, sum);

  std::vector<std::shared_ptr<const block::BlockReader>> blocks;
  for (const BlockEntry& entry : version->blocks) {
    const block::BlockMeta& meta = entry.reader->meta();
    if (meta.series_count > 0 && PartOf(meta.min_time_ms, meta.max_time_ms, request) > 0)
      blocks.push_back(entry.reader);
  }
  double matching = 0;
  double share = 0;
  std::size_t next_look = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const block::BlockMeta& meta = blocks[i]->meta();
    if (i * kBlocksLookedInto >= next_look * blocks.size()) {
      ++next_look;
      TICKSCOPE_RETURN_IF_ERROR(context.Check());
      // A damaged one is for the query to meet.
      const auto selected = block::CountSeries(blocks[i], request.matchers, selections_);
      matching = selected ? static_cast<double>(*selected) : 0;
      share = matching / static_cast<double>(meta.series_count);
    }
    const double part = share * PartOf(meta.min_time_ms, meta.max_time_ms, request);
    sum.Add(matching, static_cast<double>(meta.sample_count) * part,
            static_cast<double>(blocks[i]->file_bytes()) * part);
  }
  return SelectCost{static_cast<std::uint64_t>(sum.series), static_cast<std::uint64_t>(sum.samples),
                    static_cast<std::uint64_t>(sum.bytes)};
}

ReadPlan Store::PlanRead(const SelectRequest& request) const {
  ReadPlan plan{.spans = {}, .tells_columns = true};
  const TenantData* const tenant = FindTenant(request.tenant);
  if (tenant == nullptr) return plan;
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  const auto add = [&](std::string_view source, TimeMs min_ms, TimeMs max_ms, std::uint32_t files) {
    const TimeMs start_ms = std::max(min_ms, request.start_ms);
    const TimeMs end_ms = std::min(max_ms, request.end_ms);
    if (start_ms <= end_ms)
      plan.spans.push_back({.source = source, .start_ms = start_ms, .end_ms = end_ms, .files = files});
  };
  for (const BlockEntry& block : version->blocks)
    add("disk", block.reader->meta().min_time_ms, block.reader->meta().max_time_ms, 1);
  for (const SegmentEntry& segment : version->segments) {
    const SegmentInfo& info = segment.reader->info();
    add("memory", std::max(info.min_time_ms, segment.from_ms), info.max_time_ms, 0);
  }
  for (const Head::Stretch& stretch : version->stretches)
    add("memory", stretch.generation->min_time_ms(), stretch.generation->max_time_ms(), 0);
  std::ranges::stable_sort(plan.spans, {}, &ReadSpan::start_ms);
  return plan;
}

std::optional<std::string> Store::LabelState(const TenantId& tenant_id, TimeMs start_ms,
                                             TimeMs end_ms) const {
  const TenantData* const tenant = FindTenant(tenant_id);
  if (tenant == nullptr) return "none";
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  std::string state;
  if (version->RecentMayHold(start_ms, end_ms)) {
    // A series more raises both; series that go, when the catalog is made anew, lower the second alone.
    const HeadReaderLock lock(version->catalog->mutex());
    state = std::to_string(version->catalog->next_ref()) + " " +
            std::to_string(version->catalog->index().series_count());
  }
  for (const BlockEntry& block : version->blocks) {
    const block::BlockMeta& meta = block.reader->meta();
    if (meta.min_time_ms <= end_ms && meta.max_time_ms >= start_ms) state += "\n" + block.name;
  }
  return state;
}

}  // namespace tickscope::tsdb
