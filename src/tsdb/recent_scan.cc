#include "tsdb/recent_scan.h"

#include <algorithm>
#include <cmath>

#include "model/sample_columns.h"
#include "model/series_limit.h"
#include "scan/kept_scan.h"
#include "tsdb/catalog.h"
#include "tsdb/stretch_cursor.h"

namespace tickscope::tsdb {
namespace {

// Pairs gathered per lock: long enough to be worth it, short enough for the writer.
constexpr std::size_t kSeriesPerLock = 4096;
constexpr std::size_t kSeriesPerCheck = 1024;

// The series of a catalog that matchers choose, as long as no other is added.
struct RecentSelection {
  std::vector<SeriesRef> refs;
  std::vector<std::uint32_t> pairs;
  std::vector<std::uint32_t> begins;  // Of a series' pairs.
  std::vector<LabelView> texts;       // Of pairs; they live as long as the catalog.

  [[nodiscard]] std::uint64_t memory_bytes() const {
    return (refs.capacity() + pairs.capacity() + begins.capacity()) * sizeof(std::uint32_t) +
           texts.capacity() * sizeof(LabelView);
  }
};

class RecentScan final : public scan::KeptScan {
 public:
  RecentScan(std::shared_ptr<const TenantVersion> version, TimeMs start_ms, TimeMs end_ms,
             const QueryContext& context, DamageReport report, scan::SelectionCache* cache)
      : version_(std::move(version)),
        start_ms_(start_ms),
        end_ms_(end_ms),
        context_(context),
        report_(std::move(report)),
        cache_(cache) {}

  [[nodiscard]] Status Select(const std::vector<Matcher>& matchers, std::uint64_t series_max) {
    const Catalog& catalog = *version_->catalog;
    std::vector<SeriesRef> refs;
    scan::SelectionKey key('r');
    {
      const HeadReaderLock lock(catalog.mutex());
      const Postings postings = catalog.index().Select(matchers);
      TICKSCOPE_RETURN_IF_ERROR(CheckSeriesCount(postings.size(), series_max));
      if (cache_ != nullptr) {
        // Series are added and never change: as many as there were are those that there were.
        key.AddOwner(version_->catalog);
        key.AddMatchers(matchers);
        key.AddNumber(postings.size());
        selection_ = cache_->Find<RecentSelection>(key);
      }
      if (selection_ != nullptr) return {};
      refs = postings.ToRefs();
    }
    TICKSCOPE_ASSIGN_OR_RETURN(selection_, Gather(std::move(refs)));
    if (cache_ != nullptr) cache_->Keep(key, selection_, selection_->memory_bytes());
    return {};
  }

  [[nodiscard]] std::uint32_t series_count() const override {
    return static_cast<std::uint32_t>(selection_->refs.size());
  }
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t series) const override {
    const std::vector<std::uint32_t>& begins = selection_->begins;
    return std::span(selection_->pairs).subspan(begins[series], begins[series + 1] - begins[series]);
  }
  [[nodiscard]] std::uint32_t pair_count() const override {
    return static_cast<std::uint32_t>(selection_->texts.size());
  }
  [[nodiscard]] LabelView PairText(std::uint32_t pair) const override { return selection_->texts[pair]; }
  [[nodiscard]] std::shared_ptr<const void> selection() const override { return selection_; }
  [[nodiscard]] scan::SelectionCache* cache() const override { return cache_; }
  [[nodiscard]] std::uint64_t EstimateSamples() const override {
    double per_series = 0;
    const auto series = static_cast<double>(std::max<std::uint64_t>(series_in_memory_, 1));
    for (const SegmentEntry& segment : version_->segments) {
      if (segment.reader->info().max_time_ms >= start_ms_ && segment.reader->info().min_time_ms <= end_ms_)
        per_series += static_cast<double>(segment.reader->info().sample_count) / series;
    }
    return static_cast<std::uint64_t>((per_series + 1) * static_cast<double>(series_count()));
  }
  [[nodiscard]] std::unique_ptr<ColumnReader> NewReader() const override {
    return std::make_unique<Reader>(*this);
  }
  void NoteSeries(std::uint64_t count) { series_in_memory_ = count; }

 private:
  static constexpr std::uint32_t kNoNumber = UINT32_MAX;

  class Reader final : public ColumnReader {
   public:
    explicit Reader(const RecentScan& scan) : scan_(scan) {
      for (const SegmentEntry& segment : scan.version_->segments) {
        const SegmentInfo& info = segment.reader->info();
        const TimeMs from_ms = std::max({scan.start_ms_, segment.from_ms, info.min_time_ms});
        if (from_ms <= std::min(scan.end_ms_, info.max_time_ms))
          segments_.push_back({&segment, SegmentCursor(*segment.reader, from_ms, scan.end_ms_)});
      }
      for (const Head::Stretch& stretch : scan.version_->stretches)
        stretches_.emplace_back(stretch, scan.start_ms_, scan.end_ms_);
    }
    [[nodiscard]] Result<bool> Append(std::uint32_t series, SampleColumns& out) override {
      if (calls_++ % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(scan_.context_.Check());
      const std::size_t before = out.size();
      const SeriesRef ref = scan_.selection_->refs[series];
      for (Segment& segment : segments_) {
        const std::size_t kept = out.size();
        const Status read = segment.cursor.ReadSamples(ref, out);
        if (read) continue;
        scan_.report_({segment.entry->reader->path(), read.error()});
        Truncate(out, kept);
      }
      for (StretchCursor& stretch : stretches_)
        stretch.ReadSamples(ref, out);
      SortSamples(out, before);
      // Nothing rises.
      return out.size() == before;
    }

    [[nodiscard]] Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out) override {
      samples_.Clear();
      TICKSCOPE_ASSIGN_OR_RETURN(const bool is_empty, Append(series, samples_));
      if (is_empty) return true;
      if (!samples_.histograms.empty()) return false;
      const std::span<const double> values(samples_.values);
      StepStretch stretch{
          {}, 0, {}, values.front(), values.back(), values.back() - values.front(), out.falls.size(), 0};
      steps_.clear();
      if (!IsCount(values.front())) return false;
      for (std::uint32_t row = 1; row < values.size(); ++row) {
        const double step = values[row] - values[row - 1];
        if (!IsCount(values[row]) || !(std::fabs(step) < 0x1p31)) return false;
        steps_.push_back(static_cast<std::uint32_t>(static_cast<std::int32_t>(step)));
        if (step >= 0) continue;
        out.falls.push_back({row, values[row - 1], values[row]});
        stretch.grown += values[row - 1];
      }
      // Series of one target come one after the other, and share their times.
      if (times_ms_ != samples_.times_ms) {
        times_ms_ = samples_.times_ms;
        ++times_version_;
      }
      stretch.times_ms = times_ms_;
      stretch.times_version = times_version_;
      stretch.steps = steps_;
      stretch.falls_to = out.falls.size();
      out.stretches.push_back(stretch);
      return true;
    }

    [[nodiscard]] Result<bool> AppendParts(std::uint32_t series, std::span<const TimeMs>,
                                           SampleParts& out) override {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool is_empty, Append(series, out.samples));
      return is_empty || out.samples.histograms.empty();
    }

   private:
    static bool IsCount(double v) {
      return v >= 0 && v < 0x1p52 && static_cast<double>(static_cast<std::int64_t>(v)) == v;
    }

    const RecentScan& scan_;
    SampleColumns samples_;
    // Of the series that was told last as steps.
    std::vector<TimeMs> times_ms_;
    std::uint64_t times_version_ = 0;
    std::vector<std::uint32_t> steps_;
    struct Segment {
      const SegmentEntry* entry = nullptr;
      SegmentCursor cursor;
    };
    std::vector<Segment> segments_;  // Those that may hold something.
    std::vector<StretchCursor> stretches_;
    std::size_t calls_ = 0;
  };

  [[nodiscard]] Result<std::shared_ptr<const RecentSelection>> Gather(std::vector<SeriesRef> refs) const {
    auto chosen = std::make_shared<RecentSelection>();
    chosen->begins.reserve(refs.size() + 1);
    chosen->begins.push_back(0);
    std::vector<std::uint32_t> numbers;  // Of the catalog's pairs.
    const Catalog& catalog = *version_->catalog;
    for (std::size_t from = 0; from < refs.size(); from += kSeriesPerLock) {
      TICKSCOPE_RETURN_IF_ERROR(context_.Check());
      const HeadReaderLock lock(catalog.mutex());
      const SeriesIndex& index = catalog.index();
      numbers.resize(index.pair_count(), kNoNumber);
      for (std::size_t i = from; i < std::min(from + kSeriesPerLock, refs.size()); ++i) {
        for (const SeriesIndex::PairId pair : index.PairsOf(refs[i])) {
          std::uint32_t& number = numbers[pair];
          if (number == kNoNumber) {
            number = static_cast<std::uint32_t>(chosen->texts.size());
            chosen->texts.push_back(index.PairText(pair));
          }
          chosen->pairs.push_back(number);
        }
        chosen->begins.push_back(static_cast<std::uint32_t>(chosen->pairs.size()));
      }
    }
    chosen->pairs.shrink_to_fit();
    chosen->refs = std::move(refs);
    return chosen;
  }

  const std::shared_ptr<const TenantVersion> version_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  const QueryContext& context_;
  const DamageReport report_;
  std::uint64_t series_in_memory_ = 1;
  scan::SelectionCache* const cache_;
  std::shared_ptr<const RecentSelection> selection_;
};

}  // namespace

Result<std::unique_ptr<ColumnScan>> ScanRecent(std::shared_ptr<const TenantVersion> version,
                                               const SelectRequest& request, std::uint64_t series_max,
                                               const QueryContext& context, DamageReport report,
                                               scan::SelectionCache* cache) {
  std::uint64_t series = 0;
  {
    const HeadReaderLock lock(version->catalog->mutex());
    series = version->catalog->index().series_count();
  }
  auto scan = std::make_unique<RecentScan>(std::move(version), request.start_ms, request.end_ms, context,
                                           std::move(report), cache);
  scan->NoteSeries(series);
  TICKSCOPE_RETURN_IF_ERROR(scan->Select(request.matchers, series_max));
  return std::unique_ptr<ColumnScan>(std::move(scan));
}

}  // namespace tickscope::tsdb
