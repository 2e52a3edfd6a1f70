#include "tier/tiered_queryable.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "block/block_scan.h"
#include "model/sample_columns.h"
#include "model/series_limit.h"
#include "rollup/rollup_reader.h"
#include "scan/combined_scan.h"

namespace tickscope::tier {
namespace {

// Of fewer series, what they need is fetched as it is read.
constexpr std::size_t kPrefetchSeriesMin = 2;

// Removes samples that tombstones name.
void Hide(const std::vector<Tombstone>& tombstones, const Labels& labels, SampleColumns& samples) {
  for (const Tombstone& tombstone : tombstones) {
    if (samples.size() == 0 || samples.times_ms.front() > tombstone.end_ms ||
        samples.times_ms.back() < tombstone.start_ms || !tombstone.Names(labels)) {
      continue;
    }
    const auto first =
        std::ranges::lower_bound(samples.times_ms, tombstone.start_ms) - samples.times_ms.begin();
    const auto last = std::ranges::upper_bound(samples.times_ms, tombstone.end_ms) - samples.times_ms.begin();
    const auto erase = [&](auto& column) {
      if (!column.empty()) column.erase(column.begin() + first, column.begin() + last);
    };
    erase(samples.values);
    erase(samples.histograms);
    erase(samples.start_times_ms);
    erase(samples.counts);
    erase(samples.times_ms);
  }
}

// Series of raw blocks, in label order.
class RawSeriesSet final : public SeriesSet {
 public:
  struct Source {
    const ListedBlock* listed = nullptr;
    BlockPtr block;  // Null once it turned out to be damaged.
    std::unique_ptr<block::Cursor> cursor;
  };
  struct Part {
    Labels labels;
    std::uint32_t source = 0;
    block::SeriesId id{};
  };

  RawSeriesSet(Catalogue& catalogue, const SelectRequest& request, TenantTiersPtr tiers,
               std::vector<Source> sources, std::vector<Part> parts)
      : catalogue_(catalogue),
        tenant_(request.tenant),
        start_ms_(request.start_ms),
        end_ms_(request.end_ms),
        tiers_(std::move(tiers)),
        sources_(std::move(sources)),
        parts_(std::move(parts)) {}

  [[nodiscard]] bool Next() override {
    first_ = end_;
    if (first_ == parts_.size()) return false;
    while (end_ < parts_.size() && parts_[end_].labels == parts_[first_].labels)
      ++end_;
    return true;
  }
  [[nodiscard]] const Labels& labels() const override { return parts_[first_].labels; }

  [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
    out.Clear();
    for (std::size_t i = first_; i < end_; ++i) {
      Source& source = sources_[parts_[i].source];
      if (source.block == nullptr) continue;
      if (source.cursor == nullptr) source.cursor = std::make_unique<block::Cursor>(*source.block);
      samples_.Clear();
      const Status read = source.cursor->ReadSamples(parts_[i].id, start_ms_, end_ms_, samples_);
      if (read) {
        AppendSamples(samples_, out);
      } else if (read.error().code == ErrorCode::kCorruption) {
        catalogue_.Quarantine(Tier::kRaw, tenant_, source.listed->file, read.error());
        source.cursor.reset();
        source.block.reset();
      } else {
        return read;
      }
    }
    return {};
  }

 private:
  Catalogue& catalogue_;
  const TenantId tenant_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  const TenantTiersPtr tiers_;  // Keeps what `listed` points to.
  std::vector<Source> sources_;
  const std::vector<Part> parts_;
  SampleColumns samples_;
  std::size_t first_ = 0;
  std::size_t end_ = 0;
};

// Windows' rows as samples.
class RollupSeriesSet final : public SeriesSet {
 public:
  /// Reads the samples of the series themselves, where windows do not tell all of them.
  using ReadRaw = std::function<Status(const Labels& labels, SampleColumns& out)>;

  RollupSeriesSet(std::shared_ptr<const rollup::RollupReader> reader,
                  std::unique_ptr<rollup::RollupSeries> series, rollup::WindowForm form,
                  rollup::Precision precision, ReadRaw read_raw)
      : reader_(std::move(reader)),
        series_(std::move(series)),
        form_(form),
        precision_(precision),
        read_raw_(std::move(read_raw)) {}

  [[nodiscard]] bool Next() override { return series_->Next(); }
  [[nodiscard]] const Labels& labels() const override { return series_->labels(); }
  [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
    TICKSCOPE_RETURN_IF_ERROR(series_->Read(rows_));
    if (rollup::RowsAsSamples(rows_, form_, precision_, reader_->resolution_ms(), out)) return {};
    out.Clear();
    return read_raw_(series_->labels(), out);
  }

 private:
  const std::shared_ptr<const rollup::RollupReader> reader_;
  const std::unique_ptr<rollup::RollupSeries> series_;
  const rollup::WindowForm form_;
  const rollup::Precision precision_;
  const ReadRaw read_raw_;
  rollup::RollupRows rows_;
};

// Several sets as one, each series once; of samples of one time the earlier set's counts. Deletes are hidden.
class UnitedSeriesSet final : public SeriesSet {
 public:
  UnitedSeriesSet(std::vector<std::unique_ptr<SeriesSet>> sets, TenantTiersPtr tiers,
                  const QueryContext& context)
      : sets_(std::move(sets)), tiers_(std::move(tiers)), context_(context), is_there_(sets_.size()) {
    for (std::size_t i = 0; i < sets_.size(); ++i)
      is_there_[i] = sets_[i]->Next();
  }

  [[nodiscard]] bool Next() override {
    for (const std::size_t i : at_)
      is_there_[i] = sets_[i]->Next();
    at_.clear();
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      if (!is_there_[i]) continue;
      const auto order = at_.empty() ? std::strong_ordering::less : sets_[i]->labels() <=> labels();
      if (order < 0) at_.clear();
      if (order <= 0) at_.push_back(i);
    }
    return !at_.empty();
  }
  [[nodiscard]] const Labels& labels() const override { return sets_[at_.front()]->labels(); }

  [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
    TICKSCOPE_RETURN_IF_ERROR(context_.Check());
    out.Clear();
    for (const std::size_t i : at_) {
      TICKSCOPE_RETURN_IF_ERROR(sets_[i]->ReadSamples(samples_));
      AppendSamples(samples_, out);
    }
    SortSamples(out, 0);
    Hide(tiers_->tombstones, labels(), out);
    return {};
  }

 private:
  const std::vector<std::unique_ptr<SeriesSet>> sets_;
  const TenantTiersPtr tiers_;
  const QueryContext& context_;
  std::vector<bool> is_there_;
  std::vector<std::size_t> at_;  // Sets that stand on the current series.
  SampleColumns samples_;
};

// The request's part in an interval; samples as they came.
SelectRequest PartOf(const SelectRequest& request, const Interval& span) {
  return {request.tenant, span.from_ms, span.until_ms - 1, request.matchers};
}

bool IsGone(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kCorruption ||
         error.code == ErrorCode::kUnsupported;
}

}  // namespace

TieredQueryable::TieredQueryable(const Queryable& hot, Catalogue& catalogue, const ServedHere& served_here,
                                 TieredQueryableOptions options)
    : hot_(hot), catalogue_(catalogue), served_here_(served_here), options_(options) {}

// A merged block is here when all blocks are that it was merged from and that were not merged themselves.
bool TieredQueryable::IsServedHere(const TenantId& tenant, const ListedBlock& block) const {
  if (served_here_.Has(tenant, block.file)) return true;
  bool any = false;
  for (const std::string& source : block.sources) {
    const auto name = ParseBlockName(source);
    if (!name || name->level() != Level::kStored) continue;
    if (!served_here_.Has(tenant, source)) return false;
    any = true;
  }
  return any;
}

Result<BlockPtr> TieredQueryable::OpenFor(Tier tier, const TenantId& tenant, const ListedBlock& block) const {
  auto opened = catalogue_.Open(tier, tenant, block);
  if (opened || !IsGone(opened.error())) return opened;
  if (opened.error().code != ErrorCode::kNotFound)
    catalogue_.Quarantine(tier, tenant, block.file, opened.error());
  return BlockPtr();
}

Result<std::unique_ptr<SeriesSet>> TieredQueryable::SelectRaw(
    const SelectRequest& request, const QueryContext& context,
    const std::vector<const ListedBlock*>& blocks) const {
  std::vector<RawSeriesSet::Source> sources;
  std::vector<RawSeriesSet::Part> parts;
  for (const ListedBlock* const listed : blocks) {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    TICKSCOPE_ASSIGN_OR_RETURN(BlockPtr block, OpenFor(Tier::kRaw, request.tenant, *listed));
    if (block == nullptr) continue;
    const auto source = static_cast<std::uint32_t>(sources.size());
    const auto select = [&]() -> Status {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<block::SeriesId> selected,
                                 block->Select(request.matchers));
      TICKSCOPE_RETURN_IF_ERROR(CheckSeriesCount(selected.size(), options_.query_series_max));
      if (selected.size() >= kPrefetchSeriesMin)
        TICKSCOPE_RETURN_IF_ERROR(block->Prefetch(selected, request.start_ms, request.end_ms));
      block::Cursor cursor(*block);
      for (const block::SeriesId id : selected) {
        TICKSCOPE_ASSIGN_OR_RETURN(Labels labels, cursor.LabelsOf(id));
        parts.push_back({std::move(labels), source, id});
      }
      return {};
    };
    if (const Status selected = select(); !selected) {
      if (selected.error().code != ErrorCode::kCorruption) return std::unexpected(selected.error());
      catalogue_.Quarantine(Tier::kRaw, request.tenant, listed->file, selected.error());
      block.reset();
    }
    sources.push_back({listed, std::move(block), nullptr});
  }
  std::ranges::sort(parts, [](const RawSeriesSet::Part& a, const RawSeriesSet::Part& b) {
    if (const auto order = a.labels <=> b.labels; order != 0) return order < 0;
    return a.source < b.source;
  });
  return std::make_unique<RawSeriesSet>(catalogue_, request, catalogue_.Tenant(request.tenant),
                                        std::move(sources), std::move(parts));
}

Status TieredQueryable::SelectRollup(const SelectRequest& request, const QueryContext& context,
                                     const RollupReading& reading,
                                     std::vector<std::unique_ptr<SeriesSet>>& sets) const {
  // Files of different retention classes are about different series, so each class is read for itself: a reader takes one
  // file's word for a window.
  std::map<std::string_view, std::vector<BlockPtr>> by_class;
  for (const ListedBlock* const listed : reading.blocks) {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    TICKSCOPE_ASSIGN_OR_RETURN(BlockPtr block, OpenFor(reading.tier, request.tenant, *listed));
    if (block != nullptr) by_class[listed->name.class_key()].push_back(std::move(block));
  }
  for (auto& [key, blocks] : by_class) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::shared_ptr<const rollup::RollupReader> reader,
                               rollup::RollupReader::Make(std::move(blocks)));
    TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<rollup::RollupSeries> series,
                               reader->Select(RowsOf(request, reading), context));
    sets.push_back(std::make_unique<RollupSeriesSet>(
        std::move(reader), std::move(series), reading.form, reading.precision,
        [this, tenant = request.tenant, start_ms = reading.start_ms, end_ms = reading.end_ms, &context](
            const Labels& labels, SampleColumns& out) {
          return ReadRaw(tenant, labels, start_ms, end_ms, context, out);
        }));
  }
  return {};
}

rollup::RollupRequest TieredQueryable::RowsOf(const SelectRequest& request,
                                              const RollupReading& reading) const {
  return {.matchers = request.matchers,
          .start_ms = reading.start_ms,
          .end_ms = reading.end_ms,
          .aggregates = rollup::AggregatesOf(reading.form),
          .series_max = options_.query_series_max};
}

Status TieredQueryable::ReadRaw(const TenantId& tenant, const Labels& labels, TimeMs start_ms, TimeMs end_ms,
                                const QueryContext& context, SampleColumns& out) const {
  SelectRequest request{.tenant = tenant, .start_ms = start_ms, .end_ms = end_ms, .matchers = {}};
  for (const LabelView& label : labels)
    request.matchers.push_back(Matcher::Equal(label.name, label.value));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesSet> series, Select(request, context));
  while (series->Next()) {
    if (series->labels() == labels) return series->ReadSamples(out);
  }
  return {};
}

Result<std::unique_ptr<SeriesSet>> TieredQueryable::Select(const SelectRequest& request,
                                                           const QueryContext& context) const {
  // The tiers before the store: a block handed over between the two is read twice, not never.
  const TenantTiersPtr tiers = catalogue_.Tenant(request.tenant);
  const Readings readings = Plan(request, *tiers);
  // The oldest first, so that what a series' reading gathers is in order as it comes.
  std::vector<std::unique_ptr<SeriesSet>> sets;
  for (const Interval& span : readings.cold) {
    TICKSCOPE_ASSIGN_OR_RETURN(sets.emplace_back(), options_.cold->Select(PartOf(request, span), context));
  }
  for (const RollupReading& reading : readings.rollups)
    TICKSCOPE_RETURN_IF_ERROR(SelectRollup(request, context, reading, sets));
  for (const Interval& span : readings.samples) {
    const SelectRequest part = PartOf(request, span);
    if (!readings.raw.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(sets.emplace_back(), SelectRaw(part, context, readings.raw));
    }
    TICKSCOPE_ASSIGN_OR_RETURN(sets.emplace_back(), hot_.Select(part, context));
  }
  std::unique_ptr<SeriesSet> all;
  if (sets.size() == 1 && tiers->tombstones.empty()) {
    all = std::move(sets.front());
  } else {
    all = std::make_unique<UnitedSeriesSet>(std::move(sets), tiers, context);
  }
  all->SetSpans(SpansOf(request, readings));
  return all;
}

Result<std::unique_ptr<ColumnScan>> TieredQueryable::Scan(const SelectRequest& request,
                                                          const QueryContext& context) const {
  const TenantTiersPtr tiers = catalogue_.Tenant(request.tenant);
  const Readings readings = Plan(request, *tiers);
  std::unique_ptr<ColumnScan> none;
  if (!TellsColumns(*tiers, readings)) return none;
  std::vector<std::unique_ptr<ColumnScan>> scans;
  for (const RollupReading& reading : readings.rollups) {
    std::map<std::string_view, std::vector<BlockPtr>> by_class;
    for (const ListedBlock* const listed : reading.blocks) {
      TICKSCOPE_RETURN_IF_ERROR(context.Check());
      TICKSCOPE_ASSIGN_OR_RETURN(BlockPtr block, OpenFor(reading.tier, request.tenant, *listed));
      if (block == nullptr) return none;
      by_class[listed->name.class_key()].push_back(std::move(block));
    }
    for (auto& [key, blocks] : by_class) {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<const rollup::RollupReader> reader,
                                 rollup::RollupReader::Make(std::move(blocks)));
      TICKSCOPE_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<ColumnScan>> of_class,
                                 reader->ScanRows(RowsOf(request, reading), reading.form, reading.precision,
                                                  context, options_.selections));
      std::ranges::move(of_class, std::back_inserter(scans));
    }
  }
  for (const Interval& span : readings.samples) {
    const SelectRequest part = PartOf(request, span);
    for (const ListedBlock* const listed : readings.raw) {
      TICKSCOPE_RETURN_IF_ERROR(context.Check());
      if (!listed->name.Overlaps(part.start_ms, part.end_ms)) continue;
      TICKSCOPE_ASSIGN_OR_RETURN(BlockPtr block, OpenFor(Tier::kRaw, request.tenant, *listed));
      if (block == nullptr) return none;
      TICKSCOPE_ASSIGN_OR_RETURN(
          scans.emplace_back(),
          block::ScanBlock(std::move(block),
                           {part.matchers, part.start_ms, part.end_ms, options_.query_series_max}, context,
                           options_.selections));
    }
    TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<ColumnScan> hot, hot_.Scan(part, context));
    if (hot == nullptr) return none;
    scans.push_back(std::move(hot));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<ColumnScan> all,
                             scan::Combine(std::move(scans), context, options_.selections));
  all->SetSpans(SpansOf(request, readings));
  return all;
}

Result<std::vector<std::string>> TieredQueryable::Collect(const SelectRequest& request,
                                                          const QueryContext& context,
                                                          std::vector<std::string> hot, const Texts& texts,
                                                          const ColdTexts& cold) const {
  const TenantTiersPtr tiers = catalogue_.Tenant(request.tenant);
  const Readings readings = Plan(request, *tiers);
  std::set<std::string> all(std::make_move_iterator(hot.begin()), std::make_move_iterator(hot.end()));
  const auto add = [&](Tier tier, const ListedBlock& listed) -> Status {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    TICKSCOPE_ASSIGN_OR_RETURN(const BlockPtr block, OpenFor(tier, request.tenant, listed));
    if (block == nullptr) return {};
    auto found = texts(*block);
    if (found) {
      all.insert(std::make_move_iterator(found->begin()), std::make_move_iterator(found->end()));
    } else if (found.error().code == ErrorCode::kCorruption) {
      catalogue_.Quarantine(tier, request.tenant, listed.file, found.error());
    } else {
      return std::unexpected(std::move(found).error());
    }
    return {};
  };
  for (const ListedBlock* const block : readings.raw)
    TICKSCOPE_RETURN_IF_ERROR(add(Tier::kRaw, *block));
  for (const RollupReading& reading : readings.rollups) {
    for (const ListedBlock* const block : reading.blocks) {
      // The one of which nothing is left out.
      if (block->name.aggregate == rollup::AggregateName(rollup::Aggregate::kLast))
        TICKSCOPE_RETURN_IF_ERROR(add(reading.tier, *block));
    }
  }
  for (const Interval& span : readings.cold) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::vector<std::string> found, cold(PartOf(request, span)));
    all.insert(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  return std::vector<std::string>(all.begin(), all.end());
}

Result<std::vector<std::string>> TieredQueryable::LabelNames(const SelectRequest& request,
                                                             const QueryContext& context) const {
  TICKSCOPE_ASSIGN_OR_RETURN(std::vector<std::string> hot, hot_.LabelNames(request, context));
  return Collect(
      request, context, std::move(hot),
      [&](const block::BlockReader& block) {
        auto names = block.LabelNames(request.matchers);
        if (names)
          std::erase_if(*names, [](const std::string& label) { return rollup::CoverageLabels().Has(label); });
        return names;
      },
      [&](const SelectRequest& part) { return options_.cold->LabelNames(part, context); });
}

Result<std::vector<std::string>> TieredQueryable::LabelValues(const std::string& name,
                                                              const SelectRequest& request,
                                                              const QueryContext& context) const {
  TICKSCOPE_ASSIGN_OR_RETURN(std::vector<std::string> hot, hot_.LabelValues(name, request, context));
  if (rollup::CoverageLabels().Has(name)) return hot;
  return Collect(
      request, context, std::move(hot),
      [&](const block::BlockReader& block) { return block.LabelValues(name, request.matchers); },
      [&](const SelectRequest& part) { return options_.cold->LabelValues(name, part, context); });
}

}  // namespace tickscope::tier
