// The reading half of Store.
#include <algorithm>
#include <iterator>

#include "block/block_scan.h"
#include "model/empty_series_set.h"
#include "model/sample_columns.h"
#include "model/series_limit.h"
#include "scan/combined_scan.h"
#include "tsdb/recent_scan.h"
#include "tsdb/store.h"

namespace tickscope::tsdb {
namespace {

// Labels built per lock: long enough to be worth it, short enough for the writer.
constexpr std::size_t kLabelSlice = 4096;

// Where samples of a series with these labels are: a series of the catalog, or one of a block.
struct Part {
  Labels labels;
  std::uint32_t block = kNoBlock;  // Index in the version, kNoBlock for the catalog.
  std::uint32_t series = 0;        // Its number there.

  static constexpr std::uint32_t kNoBlock = UINT32_MAX;
};

class StoreSeriesSet final : public SeriesSet {
 public:
  StoreSeriesSet(const TenantData& tenant, std::shared_ptr<const TenantVersion> version,
                 std::vector<Part> parts, const SelectRequest& request, const QueryContext& context)
      : tenant_(tenant),
        version_(std::move(version)),
        parts_(std::move(parts)),
        start_ms_(request.start_ms),
        end_ms_(request.end_ms),
        context_(context) {}

  [[nodiscard]] bool Next() override {
    first_ = end_;
    if (first_ == parts_.size()) return false;
    end_ = first_ + 1;
    while (end_ < parts_.size() && parts_[end_].labels == parts_[first_].labels)
      ++end_;
    return true;
  }
  [[nodiscard]] const Labels& labels() const override { return parts_[first_].labels; }

  [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
    TICKSCOPE_RETURN_IF_ERROR(context_.Check());
    out.Clear();
    for (std::size_t i = first_; i < end_; ++i)
      ReadPart(parts_[i], out);
    SortSamples(out, 0);
    return {};
  }

 private:
  // What is damaged is left out, reported, and put aside by the store.
  void ReadPart(const Part& part, SampleColumns& out) {
    if (part.block == Part::kNoBlock) {
      damage_.clear();
      version_->ReadRecent(static_cast<SeriesRef>(part.series), start_ms_, end_ms_, out, damage_);
      for (const auto& [path, error] : damage_)
        tenant_.ReportDamage(path, error);
      return;
    }
    const block::BlockReader& block = *version_->blocks[part.block].reader;
    const std::size_t before = out.size();
    const Status read = block.ReadSamples(static_cast<block::SeriesId>(part.series), start_ms_, end_ms_, out);
    if (read) return;
    tenant_.ReportDamage(block.path(), read.error());
    Truncate(out, before);
  }

  const TenantData& tenant_;
  const std::shared_ptr<const TenantVersion> version_;
  const std::vector<Part> parts_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  const QueryContext& context_;
  std::size_t first_ = 0;
  std::size_t end_ = 0;
  std::vector<TenantVersion::Damage> damage_;
};

bool Overlaps(const block::BlockReader& block, const SelectRequest& request) {
  return block.meta().min_time_ms <= request.end_ms && block.meta().max_time_ms >= request.start_ms;
}

Status SelectRecent(const TenantVersion& version, const SelectRequest& request, std::uint64_t series_max,
                    const QueryContext& context, std::vector<Part>& parts) {
  if (!version.RecentMayHold(request.start_ms, request.end_ms)) return {};
  const Catalog& catalog = *version.catalog;
  std::vector<SeriesRef> refs;
  {
    const HeadReaderLock lock(catalog.mutex());
    const Postings postings = catalog.index().Select(request.matchers);
    TICKSCOPE_RETURN_IF_ERROR(CheckSeriesCount(postings.size(), series_max));
    refs = postings.ToRefs();
  }
  parts.reserve(refs.size());
  for (std::size_t from = 0; from < refs.size(); from += kLabelSlice) {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    const HeadReaderLock lock(catalog.mutex());
    for (std::size_t i = from; i < std::min(from + kLabelSlice, refs.size()); ++i)
      parts.push_back({catalog.index().LabelsOf(refs[i]), Part::kNoBlock, ToIndex(refs[i])});
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SeriesSet>> Store::Select(const SelectRequest& request,
                                                 const QueryContext& context) const {
  const TenantData* const tenant = FindTenant(request.tenant);
  if (tenant == nullptr) return std::make_unique<EmptySeriesSet>();
  std::shared_ptr<const TenantVersion> version = tenant->version();
  std::vector<Part> parts;
  TICKSCOPE_RETURN_IF_ERROR(SelectRecent(*version, request, options_.query_series_max, context, parts));
  for (std::size_t i = 0; i < version->blocks.size(); ++i) {
    const block::BlockReader& block = *version->blocks[i].reader;
    if (!Overlaps(block, request)) continue;
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    const auto selected = block.Select(request.matchers);
    if (!selected) {
      tenant->ReportDamage(block.path(), selected.error());
      continue;
    }
    TICKSCOPE_RETURN_IF_ERROR(CheckSeriesCount(selected->size(), options_.query_series_max));
    for (const block::SeriesId id : *selected) {
      auto labels = block.LabelsOf(id);
      if (!labels) {
        tenant->ReportDamage(block.path(), labels.error());
        break;
      }
      parts.push_back({*std::move(labels), static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(id)});
    }
  }
  // Of one label set blocks come in order of making, then what is recent.
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    if (const auto order = a.labels <=> b.labels; order != 0) return order < 0;
    return a.block != b.block ? a.block < b.block : a.series < b.series;
  });
  return std::make_unique<StoreSeriesSet>(*tenant, std::move(version), std::move(parts), request, context);
}

Result<std::unique_ptr<ColumnScan>> Store::Scan(const SelectRequest& request,
                                                const QueryContext& context) const {
  std::vector<std::unique_ptr<ColumnScan>> scans;
  const TenantData* const tenant = FindTenant(request.tenant);
  if (tenant == nullptr) return scan::Combine(std::move(scans), context);
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  for (const BlockEntry& block : version->blocks) {
    if (!Overlaps(*block.reader, request)) continue;
    auto scan = block::ScanBlock(
        block.reader, {request.matchers, request.start_ms, request.end_ms, options_.query_series_max},
        context, &selections_);
    if (scan) {
      if ((*scan)->series_count() > 0) scans.push_back(*std::move(scan));
    } else if (scan.error().code == ErrorCode::kCorruption) {
      tenant->ReportDamage(block.reader->path(), scan.error());
    } else {
      return scan;
    }
  }
  if (version->RecentMayHold(request.start_ms, request.end_ms)) {
    const auto report = [tenant](const TenantVersion::Damage& damage) {
      tenant->ReportDamage(damage.path, damage.error);
    };
    TICKSCOPE_ASSIGN_OR_RETURN(scans.emplace_back(), ScanRecent(version, request, options_.query_series_max,
                                                                context, report, &selections_));
  }
  return scan::Combine(std::move(scans), context, &selections_);
}

namespace {

// Brings sorted texts into others.
void MergeInto(std::vector<std::string>& all, std::vector<std::string> more) {
  if (all.empty()) {
    all = std::move(more);
    return;
  }
  if (all == more) return;
  std::vector<std::string> merged;
  merged.reserve(all.size() + more.size());
  std::ranges::set_union(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()),
                         std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()),
                         std::back_inserter(merged));
  all = std::move(merged);
}

}  // namespace

Result<std::vector<std::string>> Store::LabelNames(const SelectRequest& request,
                                                   const QueryContext& context) const {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  std::vector<std::string> names;
  const TenantData* const tenant = FindTenant(request.tenant);
  if (tenant == nullptr) return names;
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  if (version->RecentMayHold(request.start_ms, request.end_ms)) {
    const HeadReaderLock lock(version->catalog->mutex());
    const SeriesIndex& index = version->catalog->index();
    MergeInto(names, request.matchers.empty() ? index.LabelNames()
                                              : index.LabelNames(index.Select(request.matchers)));
  }
  for (const BlockEntry& block : version->blocks) {
    if (!Overlaps(*block.reader, request)) continue;
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    auto found = block.reader->LabelNames(request.matchers);
    if (found) {
      MergeInto(names, *std::move(found));
    } else {
      tenant->ReportDamage(block.reader->path(), found.error());
    }
  }
  return names;
}

Result<std::vector<std::string>> Store::LabelValues(const std::string& name, const SelectRequest& request,
                                                    const QueryContext& context) const {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  std::vector<std::string> values;
  const TenantData* const tenant = FindTenant(request.tenant);
  if (tenant == nullptr) return values;
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  if (version->RecentMayHold(request.start_ms, request.end_ms)) {
    const HeadReaderLock lock(version->catalog->mutex());
    const SeriesIndex& index = version->catalog->index();
    MergeInto(values, request.matchers.empty() ? index.LabelValues(name)
                                               : index.LabelValues(name, index.Select(request.matchers)));
  }
  for (const BlockEntry& block : version->blocks) {
    if (!Overlaps(*block.reader, request)) continue;
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    auto found = block.reader->LabelValues(name, request.matchers);
    if (found) {
      MergeInto(values, *std::move(found));
    } else {
      tenant->ReportDamage(block.reader->path(), found.error());
    }
  }
  return values;
}

}  // namespace tickscope::tsdb
