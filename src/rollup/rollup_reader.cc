#include "rollup/rollup_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include "base/check.h"
#include "block/block_order.h"
#include "block/block_scan.h"
#include "model/sample_columns.h"
#include "rollup/told_increases.h"
#include "scan/combined_scan.h"
#include "scan/kept_scan.h"
#include "scan/match_series.h"

namespace tickscope::rollup {
namespace {

// Series whose labels are gathered between two looks at the deadline.
constexpr std::size_t kCheckEvery = 1024;

std::string_view NameOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// What is left of `ranges`, which ascend, without those of `taken`, which do as well.
std::vector<WindowRange> Without(const std::vector<WindowRange>& ranges,
                                 const std::vector<WindowRange>& taken) {
  std::vector<WindowRange> left;
  for (WindowRange range : ranges) {
    for (const WindowRange& cut : taken) {
      if (cut.until_ms <= range.after_ms || cut.after_ms >= range.until_ms) continue;
      if (cut.after_ms > range.after_ms) left.push_back({range.after_ms, cut.after_ms});
      range.after_ms = cut.until_ms;
      if (range.after_ms >= range.until_ms) break;
    }
    if (range.after_ms < range.until_ms) left.push_back(range);
  }
  return left;
}

// Both together, with neighbours joined.
std::vector<WindowRange> United(std::vector<WindowRange> a, const std::vector<WindowRange>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::ranges::sort(a, {}, &WindowRange::after_ms);
  std::vector<WindowRange> united;
  for (const WindowRange& range : a) {
    if (!united.empty() && united.back().until_ms >= range.after_ms) {
      united.back().until_ms = std::max(united.back().until_ms, range.until_ms);
    } else {
      united.push_back(range);
    }
  }
  return united;
}

Result<std::vector<WindowRange>> WindowsOf(const block::BlockReader& block) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::optional<block::SeriesId> id, block.FindSeries(CoverageLabels()));
  if (!id)
    return Fail(ErrorCode::kCorruption,
                "rollup does not say which windows it is about: file=" + block.path());
  SampleColumns ends;
  TICKSCOPE_RETURN_IF_ERROR(block.ReadSamples(*id, INT64_MIN, INT64_MAX, ends));
  const std::int64_t resolution_ms = block.meta().resolution_ms;
  std::vector<WindowRange> ranges;
  for (const TimeMs end_ms : ends.times_ms) {
    if (end_ms % resolution_ms != 0) {
      return Fail(ErrorCode::kCorruption,
                  fmt::format("window ends off its resolution: file={} end_ms={}", block.path(), end_ms));
    }
    if (!ranges.empty() && ranges.back().until_ms == end_ms - resolution_ms) {
      ranges.back().until_ms = end_ms;
    } else {
      ranges.push_back({end_ms - resolution_ms, end_ms});
    }
  }
  return ranges;
}

// Aggregates whose files a request needs: what was left out of a file is made from others.
AggregateSet NeededFor(AggregateSet wanted) {
  AggregateSet needed = wanted;
  // Which windows a series has, and what it grew by from one to the next.
  if (wanted != AggregateSet{Aggregate::kCount}) needed.Add(Aggregate::kLast);
  return needed;
}

// Column of the aggregate, brought to the windows of `ends_ms`. `is_there` says which of them its file has.
void Align(const SampleColumns& samples, const std::vector<TimeMs>& ends_ms, RollupRows::Column& column,
           std::vector<bool>& is_there) {
  column.values.assign(ends_ms.size(), NoValue());
  if (!samples.histograms.empty()) column.histograms.assign(ends_ms.size(), nullptr);
  is_there.assign(ends_ms.size(), false);
  std::size_t row = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    while (row < ends_ms.size() && ends_ms[row] < samples.times_ms[i])
      ++row;
    if (row == ends_ms.size()) break;
    if (ends_ms[row] != samples.times_ms[i]) continue;
    column.values[row] = samples.values[i];
    if (!samples.histograms.empty()) column.histograms[row] = samples.histograms[i];
    is_there[row] = true;
  }
}

// Where reading begins: a window earlier for increases.
TimeMs ReadFrom(const RollupReader& reader, const RollupRequest& request) {
  const bool is_earlier =
      request.aggregates.Has(Aggregate::kIncrease) && request.start_ms > INT64_MIN + kResolutionMax;
  return is_earlier ? request.start_ms - std::max(request.steps_reach_ms, reader.resolution_ms())
                    : request.start_ms;
}

// Columns as stored, from ReadFrom on, to rows as asked for.
class RowAssembly {
 public:
  RowAssembly(const RollupReader& reader, const RollupRequest& request)
      : resolution_ms_(reader.resolution_ms()),
        start_ms_(request.start_ms),
        wanted_(request.aggregates),
        needed_(NeededFor(request.aggregates)),
        increases_covered_(reader.coverage(Aggregate::kIncrease)) {}

  [[nodiscard]] SampleColumns& column(Aggregate aggregate) { return columns_[ToIndex(aggregate)]; }

  void Assemble(RollupRows& rows) {
    rows.Clear();
    // Of count and last nothing is left out, so that each knows all windows of the series.
    const Aggregate spine = needed_.Has(Aggregate::kLast) ? Aggregate::kLast : Aggregate::kCount;
    rows.ends_ms = column(spine).times_ms;
    for (const Aggregate aggregate : kAggregates) {
      if (needed_.Has(aggregate))
        Align(column(aggregate), rows.ends_ms, rows[aggregate], is_there_[ToIndex(aggregate)]);
    }
    if (wanted_.Has(Aggregate::kIncrease)) PutBackIncreases(rows);
    DropBefore(rows);
    for (const Aggregate aggregate : kAggregates) {
      if (!wanted_.Has(aggregate)) rows[aggregate] = {};
    }
  }

 private:
  // Fills in the increases that follow from the last values, where a file of increases is there to tell those that do not.
  void PutBackIncreases(RollupRows& rows) const {
    RollupRows::Column& increase = rows[Aggregate::kIncrease];
    const RollupRows::Column& last = rows[Aggregate::kLast];
    const auto last_at = [&](std::size_t i) {
      return last.HistogramAt(i) == nullptr ? last.values[i] : NoValue();
    };
    const std::vector<WindowRange>& covered = increases_covered_;
    auto range = covered.begin();
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (is_there_[ToIndex(Aggregate::kIncrease)][i]) continue;
      if (rows.ends_ms[i] - rows.ends_ms[i - 1] != resolution_ms_) continue;
      while (range != covered.end() && range->until_ms < rows.ends_ms[i])
        ++range;
      if (range == covered.end() || range->after_ms >= rows.ends_ms[i]) continue;
      increase.values[i] = StepOf(last_at(i - 1), last_at(i));
    }
  }

  // What is before the range was read for the first increase.
  void DropBefore(RollupRows& rows) const {
    const auto count = std::ranges::lower_bound(rows.ends_ms, start_ms_) - rows.ends_ms.begin();
    if (count == 0) return;
    const auto last = static_cast<std::size_t>(count) - 1;
    if (rows[Aggregate::kLast].HistogramAt(last) == nullptr) {
      rows.last_before = rows[Aggregate::kLast].values[last];
      rows.last_before_ms = rows.ends_ms[last];
    }
    const auto drop = [count](auto& column) {
      if (!column.empty()) column.erase(column.begin(), column.begin() + count);
    };
    drop(rows.ends_ms);
    for (RollupRows::Column& column : rows.columns) {
      drop(column.values);
      drop(column.histograms);
    }
  }

  const std::int64_t resolution_ms_;
  const TimeMs start_ms_;
  const AggregateSet wanted_;
  const AggregateSet needed_;
  const std::vector<WindowRange> increases_covered_;
  std::array<SampleColumns, kAggregates.size()> columns_;
  std::array<std::vector<bool>, kAggregates.size()> is_there_;
};

}  // namespace

// Series that a request selects.
class RollupReader::Selection final : public RollupSeries {
 public:
  Selection(const RollupReader& reader, const RollupRequest& request, const QueryContext& context)
      : reader_(reader),
        context_(context),
        read_from_ms_(ReadFrom(reader, request)),
        end_ms_(request.end_ms),
        needed_(NeededFor(request.aggregates)),
        assembly_(reader, request) {}

  [[nodiscard]] Status Find(const RollupRequest& request) {
    cursors_.resize(reader_.files_.size());
    std::unordered_map<Labels, std::uint32_t> numbers;
    for (std::uint32_t f = 0; f < reader_.files_.size(); ++f) {
      const File& file = reader_.files_[f];
      if (!needed_.Has(file.aggregate) || !IsInRange(file)) continue;
      cursors_[f] = std::make_unique<block::Cursor>(*file.block);
      TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<block::SeriesId> ids,
                                 file.block->Select(request.matchers));
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i % kCheckEvery == 0) TICKSCOPE_RETURN_IF_ERROR(context_.Check());
        TICKSCOPE_ASSIGN_OR_RETURN(Labels labels, cursors_[f]->LabelsOf(ids[i]));
        if (labels == CoverageLabels()) continue;
        const auto [found, is_new] =
            numbers.try_emplace(std::move(labels), static_cast<std::uint32_t>(found_.size()));
        if (is_new) {
          if (found_.size() >= request.series_max) {
            return Fail(ErrorCode::kResourceExhausted,
                        fmt::format("too many series match: want at most {}", request.series_max));
          }
          found_.push_back({found->first, {}});
        }
        found_[found->second].places.push_back({f, ids[i]});
      }
    }
    std::ranges::sort(found_, [&](const Found& a, const Found& b) {
      return request.order == SeriesOrder::kBlock ? block::BlockOrder(a.labels, b.labels)
                                                  : a.labels < b.labels;
    });
    return {};
  }

  [[nodiscard]] bool Next() override {
    if (next_ == found_.size()) return false;
    ++next_;
    return true;
  }
  [[nodiscard]] const Labels& labels() const override { return found_[next_ - 1].labels; }

  [[nodiscard]] Status Read(RollupRows& rows) override {
    TICKSCOPE_RETURN_IF_ERROR(context_.Check());
    for (const Aggregate aggregate : kAggregates) {
      assembly_.column(aggregate).Clear();
      if (needed_.Has(aggregate)) TICKSCOPE_RETURN_IF_ERROR(ReadColumn(aggregate));
    }
    assembly_.Assemble(rows);
    return {};
  }

 private:
  struct Place {
    std::uint32_t file = 0;
    block::SeriesId id{};
  };
  struct Found {
    Labels labels;
    std::vector<Place> places;
  };

  [[nodiscard]] bool IsInRange(const File& file) const {
    return std::ranges::any_of(file.windows, [this](const WindowRange& range) {
      return range.after_ms < end_ms_ && range.until_ms >= read_from_ms_;
    });
  }

  [[nodiscard]] Status ReadColumn(Aggregate aggregate) {
    struct Part {
      WindowRange range;
      Place place;
    };
    std::vector<Part> parts;
    for (const Place& place : found_[next_ - 1].places) {
      const File& file = reader_.files_[place.file];
      if (file.aggregate != aggregate) continue;
      for (const WindowRange& range : file.windows)
        parts.push_back({range, place});
    }
    std::ranges::sort(parts, {}, [](const Part& part) { return part.range.after_ms; });
    for (const Part& part : parts) {
      const TimeMs start_ms = std::max(read_from_ms_, part.range.after_ms + 1);
      const TimeMs end_ms = std::min(end_ms_, part.range.until_ms);
      if (start_ms > end_ms) continue;
      TICKSCOPE_RETURN_IF_ERROR(cursors_[part.place.file]->ReadSamples(part.place.id, start_ms, end_ms,
                                                                       assembly_.column(aggregate)));
    }
    SampleColumns& column = assembly_.column(aggregate);
    if (!column.histograms.empty()) column.histograms.resize(column.size());
    return {};
  }

  const RollupReader& reader_;
  const QueryContext& context_;
  const TimeMs read_from_ms_;
  const TimeMs end_ms_;
  const AggregateSet needed_;
  std::vector<std::unique_ptr<block::Cursor>> cursors_;  // One a file; null where none is needed.
  std::vector<Found> found_;
  std::size_t next_ = 0;
  RowAssembly assembly_;
};

Result<std::shared_ptr<const RollupReader>> RollupReader::Make(
    std::vector<std::shared_ptr<const block::BlockReader>> blocks) {
  if (blocks.empty()) return Fail(ErrorCode::kInvalidArgument, "no rollups to read");
  std::set<std::string_view> replaced;
  for (const auto& block : blocks)
    replaced.insert(block->meta().sources.begin(), block->meta().sources.end());
  const block::BlockMeta first = blocks.front()->meta();
  std::shared_ptr<RollupReader> made(new RollupReader);
  for (auto& block : blocks) {
    const block::BlockMeta& meta = block->meta();
    const auto aggregate = FindAggregate(meta.aggregate);
    if (!aggregate || meta.resolution_ms <= 0 || meta.resolution_ms != first.resolution_ms ||
        meta.tenant != first.tenant) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("not a rollup of this set: file={} tenant={} resolution_ms={} aggregate={}",
                              block->path(), meta.tenant, meta.resolution_ms, meta.aggregate));
    }
    if (replaced.contains(NameOf(block->path()))) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(std::vector<WindowRange> windows, WindowsOf(*block));
    made->files_.push_back({std::move(block), *aggregate, std::move(windows)});
  }
  // Files that count first take their windows first.
  std::ranges::sort(made->files_, [](const File& a, const File& b) {
    const std::uint64_t a_offset = a.block->meta().end_offset;
    const std::uint64_t b_offset = b.block->meta().end_offset;
    return a_offset != b_offset ? a_offset > b_offset : a.block->path() > b.block->path();
  });
  std::array<std::vector<WindowRange>, kAggregates.size()> taken;
  for (File& file : made->files_) {
    std::vector<WindowRange>& of_aggregate = taken[ToIndex(file.aggregate)];
    std::vector<WindowRange> left = Without(file.windows, of_aggregate);
    of_aggregate = United(std::move(of_aggregate), file.windows);
    file.windows = std::move(left);
  }
  std::erase_if(made->files_, [](const File& file) { return file.windows.empty(); });
  if (made->files_.empty()) return Fail(ErrorCode::kInvalidArgument, "rollups that all replace each other");
  return made;
}

const TenantId& RollupReader::tenant() const {
  return files_.front().block->meta().tenant;
}
std::int64_t RollupReader::resolution_ms() const {
  return files_.front().block->meta().resolution_ms;
}
std::uint64_t RollupReader::end_offset() const {
  return files_.front().block->meta().end_offset;
}

std::vector<WindowRange> RollupReader::coverage(Aggregate aggregate) const {
  std::vector<WindowRange> all;
  for (const File& file : files_) {
    if (file.aggregate == aggregate) all = United(std::move(all), file.windows);
  }
  return all;
}

bool RollupReader::Covers(Aggregate aggregate, TimeMs start_ms, TimeMs end_ms) const {
  return Without({{start_ms, end_ms}}, coverage(aggregate)).empty();
}

Result<std::unique_ptr<RollupSeries>> RollupReader::Select(const RollupRequest& request,
                                                           const QueryContext& context) const {
  if (request.aggregates.empty())
    return Fail(ErrorCode::kInvalidArgument, "no aggregate of a rollup asked for");
  auto selection = std::make_unique<Selection>(*this, request, context);
  TICKSCOPE_RETURN_IF_ERROR(selection->Find(request));
  return selection;
}

Result<std::vector<std::unique_ptr<ColumnScan>>> RollupReader::ScanStored(
    Aggregate aggregate, const std::vector<Matcher>& matchers, TimeMs start_ms, TimeMs end_ms,
    std::size_t series_max, const QueryContext& context, scan::SelectionCache* cache) const {
  std::vector<Matcher> with_samples = matchers;
  TICKSCOPE_ASSIGN_OR_RETURN(Matcher no_coverage,
                             Matcher::Make(MatchType::kEqual, CoverageLabels().begin()->name, ""));
  with_samples.push_back(std::move(no_coverage));
  struct Part {
    const File* file = nullptr;
    WindowRange range;
  };
  std::vector<Part> parts;
  for (const File& file : files_) {
    if (file.aggregate != aggregate) continue;
    for (const WindowRange& range : file.windows) {
      if (range.after_ms < end_ms && range.until_ms >= start_ms) parts.push_back({&file, range});
    }
  }
  std::ranges::sort(parts, {}, [](const Part& part) { return part.range.after_ms; });
  std::vector<std::unique_ptr<ColumnScan>> scans;
  for (const Part& part : parts) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<ColumnScan> scan,
                               block::ScanBlock(part.file->block,
                                                {with_samples, std::max(start_ms, part.range.after_ms + 1),
                                                 std::min(end_ms, part.range.until_ms), series_max},
                                                context, cache));
    if (scan->series_count() > 0) scans.push_back(std::move(scan));
  }
  return scans;
}

// Series of which several aggregates make a row, or of which single windows have more to tell than one.
class RollupReader::RowScan final : public scan::KeptScan {
 public:
  RowScan(std::shared_ptr<const RollupReader> reader, RollupRequest request, WindowForm form,
          Precision precision, scan::SelectionCache* cache)
      : reader_(std::move(reader)),
        request_(std::move(request)),
        form_(form),
        precision_(precision),
        cache_(cache) {}

  [[nodiscard]] Status Open(const QueryContext& context) {
    const TimeMs from_ms = ReadFrom(*reader_, request_);
    const AggregateSet needed = NeededFor(request_.aggregates);
    const auto scan_of = [&](Aggregate aggregate) -> Result<std::unique_ptr<ColumnScan>> {
      TICKSCOPE_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<ColumnScan>> scans,
                                 reader_->ScanStored(aggregate, request_.matchers, from_ms, request_.end_ms,
                                                     request_.series_max, context, cache_));
      return scan::Combine(std::move(scans), context, cache_);
    };
    spine_aggregate_ = needed.Has(Aggregate::kLast) ? Aggregate::kLast : Aggregate::kCount;
    TICKSCOPE_ASSIGN_OR_RETURN(spine_, scan_of(spine_aggregate_));
    for (const Aggregate aggregate : kAggregates) {
      if (aggregate == spine_aggregate_ || !needed.Has(aggregate)) continue;
      Beside beside{.aggregate = aggregate, .scan = nullptr, .series_of = {}};
      TICKSCOPE_ASSIGN_OR_RETURN(beside.scan, scan_of(aggregate));
      TICKSCOPE_ASSIGN_OR_RETURN(beside.series_of, Match(*beside.scan, context));
      beside_.push_back(std::move(beside));
    }
    return {};
  }

  [[nodiscard]] std::shared_ptr<const void> selection() const override {
    const auto* const kept = dynamic_cast<const scan::KeptScan*>(spine_.get());
    return kept == nullptr ? nullptr : kept->selection();
  }
  [[nodiscard]] scan::SelectionCache* cache() const override {
    return selection() == nullptr ? nullptr : cache_;
  }
  [[nodiscard]] std::uint32_t series_count() const override { return spine_->series_count(); }
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t series) const override {
    return spine_->PairsOf(series);
  }
  [[nodiscard]] std::uint32_t pair_count() const override { return spine_->pair_count(); }
  [[nodiscard]] LabelView PairText(std::uint32_t pair) const override { return spine_->PairText(pair); }
  [[nodiscard]] std::uint64_t EstimateSamples() const override {
    std::uint64_t samples = spine_->EstimateSamples();
    for (const Beside& beside : beside_)
      samples += beside.scan->EstimateSamples();
    return samples;
  }
  [[nodiscard]] std::unique_ptr<ColumnReader> NewReader() const override {
    return std::make_unique<Reader>(*this);
  }

 private:
  // By series of the spine; scan::kNoSeries where there is none.
  using SeriesOf = std::vector<std::uint32_t>;
  struct Beside {
    Aggregate aggregate{};
    std::unique_ptr<ColumnScan> scan;
    std::shared_ptr<const SeriesOf> series_of;
  };

  [[nodiscard]] Result<std::shared_ptr<const SeriesOf>> Match(const ColumnScan& beside,
                                                              const QueryContext& context) const {
    const auto* const kept = dynamic_cast<const scan::KeptScan*>(&beside);
    const bool is_kept = cache() != nullptr && kept != nullptr && kept->selection() != nullptr;
    scan::SelectionKey key('w');
    if (is_kept) {
      key.AddOwner(selection());
      key.AddOwner(kept->selection());
      if (auto known = cache_->Find<SeriesOf>(key)) return known;
    }
    auto made = std::make_shared<SeriesOf>();
    TICKSCOPE_ASSIGN_OR_RETURN(*made, scan::MatchSeries(*spine_, beside, context));
    if (is_kept) cache_->Keep(key, made, made->capacity() * sizeof(std::uint32_t));
    return made;
  }

  class Reader final : public ColumnReader {
   public:
    explicit Reader(const RowScan& scan)
        : scan_(scan),
          spine_(scan.spine_->NewReader()),
          assembly_(*scan.reader_, scan.request_),
          told_(scan.reader_->resolution_ms()) {
      for (const Beside& beside : scan.beside_)
        readers_.push_back(beside.scan->NewReader());
    }

    [[nodiscard]] Result<bool> Append(std::uint32_t series, SampleColumns& out) override {
      TICKSCOPE_RETURN_IF_ERROR(ReadBeside(series));
      SampleColumns& spine = assembly_.column(scan_.spine_aggregate_);
      spine.Clear();
      TICKSCOPE_ASSIGN_OR_RETURN(const bool rises, spine_->Append(series, spine));
      if (IsPlainCounter()) {
        // The window before the range is for increases only.
        if (!spine.times_ms.empty() && spine.times_ms.front() < scan_.request_.start_ms) DropFirst(spine);
        AppendSamples(spine, out);
        return rises;
      }
      for (const Aggregate aggregate : kAggregates) {
        SampleColumns& column = assembly_.column(aggregate);
        if (!column.histograms.empty()) column.histograms.resize(column.size());
      }
      assembly_.Assemble(rows_);
      if (!RowsAsSamples(rows_, scan_.form_, scan_.precision_, scan_.reader_->resolution_ms(), samples_))
        return Fail(ErrorCode::kUnsupported, "windows of this series do not tell all that is asked of them");
      AppendSamples(samples_, out);
      return false;
    }

    [[nodiscard]] Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out) override {
      if (scan_.form_ != WindowForm::kCounter) return false;
      TICKSCOPE_RETURN_IF_ERROR(ReadBeside(series));
      const SampleColumns& increases = assembly_.column(Aggregate::kIncrease);
      if (!increases.histograms.empty()) return false;
      const std::size_t from = out.stretches.size();
      TICKSCOPE_ASSIGN_OR_RETURN(const bool is_counter, spine_->AppendSteps(series, out));
      return is_counter && told_.PutInto(increases, scan_.request_.start_ms, from, out);
    }

   private:
    [[nodiscard]] Status ReadBeside(std::uint32_t series) {
      for (std::size_t i = 0; i < readers_.size(); ++i) {
        const Beside& beside = scan_.beside_[i];
        const std::uint32_t there = (*beside.series_of)[series];
        SampleColumns& column = assembly_.column(beside.aggregate);
        column.Clear();
        if (there == scan::kNoSeries) continue;
        if (auto read = readers_[i]->Append(there, column); !read)
          return std::unexpected(std::move(read).error());
      }
      return {};
    }
    // Whether its last values tell all: no increase is told beside them, but that a series began with its first sample.
    [[nodiscard]] bool IsPlainCounter() {
      const SampleColumns& increases = assembly_.column(Aggregate::kIncrease);
      return scan_.form_ == WindowForm::kCounter && increases.histograms.empty() &&
             std::ranges::all_of(increases.values, [](double v) { return v == 0; });
    }
    static void DropFirst(SampleColumns& samples) {
      samples.times_ms.erase(samples.times_ms.begin());
      samples.values.erase(samples.values.begin());
      if (!samples.histograms.empty()) samples.histograms.erase(samples.histograms.begin());
    }

    const RowScan& scan_;
    const std::unique_ptr<ColumnReader> spine_;
    std::vector<std::unique_ptr<ColumnReader>> readers_;
    RowAssembly assembly_;
    ToldIncreases told_;
    RollupRows rows_;
    SampleColumns samples_;
  };

  const std::shared_ptr<const RollupReader> reader_;
  const RollupRequest request_;
  const WindowForm form_;
  const Precision precision_;
  scan::SelectionCache* const cache_;
  Aggregate spine_aggregate_ = Aggregate::kLast;
  std::unique_ptr<ColumnScan> spine_;
  std::vector<Beside> beside_;
};

Result<std::vector<std::unique_ptr<ColumnScan>>> RollupReader::ScanRows(const RollupRequest& request,
                                                                        WindowForm form, Precision precision,
                                                                        const QueryContext& context,
                                                                        scan::SelectionCache* cache) const {
  if (form == WindowForm::kLast && precision == Precision::kNear) {
    return ScanStored(Aggregate::kLast, request.matchers, request.start_ms, request.end_ms,
                      request.series_max, context, cache);
  }
  auto scan = std::make_unique<RowScan>(shared_from_this(), request, form, precision, cache);
  TICKSCOPE_RETURN_IF_ERROR(scan->Open(context));
  std::vector<std::unique_ptr<ColumnScan>> scans;
  scans.push_back(std::move(scan));
  return scans;
}

}  // namespace tickscope::rollup
