#include "tsdb/recent_scan.h"

#include <algorithm>
#include <cmath>

#include "model/sample_columns.h"
#include "model/series_limit.h"
#include "tsdb/catalog.h"

namespace tickscope::tsdb {
namespace {

// Pairs gathered per lock: long enough to be worth it, short enough for the writer.
constexpr std::size_t kSeriesPerLock = 4096;
constexpr std::size_t kSeriesPerCheck = 1024;
// Of steps: young counters are looked at stretch by stretch.
constexpr std::size_t kRowsPerAnchor = 64;

class RecentScan final : public ColumnScan {
 public:
  RecentScan(std::shared_ptr<const TenantVersion> version, TimeMs start_ms, TimeMs end_ms,
             const QueryContext& context, DamageReport report)
      : version_(std::move(version)),
        start_ms_(start_ms),
        end_ms_(end_ms),
        context_(context),
        report_(std::move(report)) {}

  [[nodiscard]] Status Select(const std::vector<Matcher>& matchers, std::uint64_t series_max) {
    const Catalog& catalog = *version_->catalog;
    {
      const HeadReaderLock lock(catalog.mutex());
      const Postings postings = catalog.index().Select(matchers);
      TICKSCOPE_RETURN_IF_ERROR(CheckSeriesCount(postings.size(), series_max));
      refs_ = postings.ToRefs();
    }
    begins_.reserve(refs_.size() + 1);
    begins_.push_back(0);
    for (std::size_t from = 0; from < refs_.size(); from += kSeriesPerLock) {
      TICKSCOPE_RETURN_IF_ERROR(context_.Check());
      const HeadReaderLock lock(catalog.mutex());
      const SeriesIndex& index = catalog.index();
      numbers_.resize(index.pair_count(), kNoNumber);
      for (std::size_t i = from; i < std::min(from + kSeriesPerLock, refs_.size()); ++i) {
        for (const SeriesIndex::PairId pair : index.PairsOf(refs_[i]))
          pairs_.push_back(NumberOf(index, pair));
        begins_.push_back(pairs_.size());
      }
    }
    numbers_ = {};
    return {};
  }

  [[nodiscard]] std::uint32_t series_count() const override {
    return static_cast<std::uint32_t>(refs_.size());
  }
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t series) const override {
    return std::span(pairs_).subspan(begins_[series], begins_[series + 1] - begins_[series]);
  }
  [[nodiscard]] std::uint32_t pair_count() const override {
    return static_cast<std::uint32_t>(texts_.size());
  }
  [[nodiscard]] LabelView PairText(std::uint32_t pair) const override { return texts_[pair]; }
  [[nodiscard]] std::uint64_t EstimateSamples() const override {
    double per_series = 0;
    const auto series = static_cast<double>(std::max<std::uint64_t>(series_in_memory_, 1));
    for (const SegmentEntry& segment : version_->segments) {
      if (segment.reader->info().max_time_ms >= start_ms_ && segment.reader->info().min_time_ms <= end_ms_)
        per_series += static_cast<double>(segment.reader->info().sample_count) / series;
    }
    return static_cast<std::uint64_t>((per_series + 1) * static_cast<double>(refs_.size()));
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
      for (const SegmentEntry& segment : scan.version_->segments)
        segments_.emplace_back(*segment.reader);
    }
    [[nodiscard]] Result<bool> Append(std::uint32_t series, SampleColumns& out) override {
      if (calls_++ % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(scan_.context_.Check());
      const std::size_t before = out.size();
      const SeriesRef ref = scan_.refs_[series];
      for (std::size_t i = 0; i < segments_.size(); ++i) {
        const SegmentEntry& segment = scan_.version_->segments[i];
        const std::size_t kept = out.size();
        const Status read =
            segments_[i].ReadSamples(ref, std::max(scan_.start_ms_, segment.from_ms), scan_.end_ms_, out);
        if (read) continue;
        scan_.report_({segment.reader->path(), read.error()});
        Truncate(out, kept);
      }
      for (const Head::Stretch& stretch : scan_.version_->stretches)
        ReadStretch(stretch, ref, scan_.start_ms_, scan_.end_ms_, out);
      out.start_times_ms.clear();
      SortSamples(out, before);
      // Nothing rises.
      return out.size() == before;
    }

    [[nodiscard]] Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out) override {
      samples_.Clear();
      TICKSCOPE_ASSIGN_OR_RETURN(const bool is_empty, Append(series, samples_));
      if (is_empty) return true;
      if (!samples_.histograms.empty()) return false;
      for (std::size_t i = 0; i < samples_.size(); ++i) {
        const double v = samples_.values[i];
        const double step = v - out.last;
        if (!IsWhole(v)) return false;
        if (i == 0 || i % kRowsPerAnchor == 0 || step < 0) {
          if (!out.BeginStretch(samples_.times_ms[i], v)) return false;
          continue;
        }
        if (!(step < 0x1p32)) return false;
        out.times_ms.push_back(samples_.times_ms[i]);
        out.steps.push_back(static_cast<std::uint32_t>(step));
        out.grown += step;
        out.last = v;
      }
      return true;
    }

   private:
    static bool IsWhole(double v) {
      return std::fabs(v) < 0x1p52 && static_cast<double>(static_cast<std::int64_t>(v)) == v;
    }

    const RecentScan& scan_;
    SampleColumns samples_;
    std::vector<SegmentCursor> segments_;  // One a segment of the version.
    std::size_t calls_ = 0;
  };

  std::uint32_t NumberOf(const SeriesIndex& index, SeriesIndex::PairId pair) {
    if (numbers_[pair] == kNoNumber) {
      numbers_[pair] = static_cast<std::uint32_t>(texts_.size());
      texts_.push_back(index.PairText(pair));
    }
    return numbers_[pair];
  }

  const std::shared_ptr<const TenantVersion> version_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  const QueryContext& context_;
  const DamageReport report_;
  std::uint64_t series_in_memory_ = 1;
  std::vector<SeriesRef> refs_;
  std::vector<std::uint32_t> pairs_;
  std::vector<std::size_t> begins_;     // Of a series' pairs.
  std::vector<LabelView> texts_;        // By number here.
  std::vector<std::uint32_t> numbers_;  // By number in the catalog; while selecting.
};

}  // namespace

Result<std::unique_ptr<ColumnScan>> ScanRecent(std::shared_ptr<const TenantVersion> version,
                                               const SelectRequest& request, std::uint64_t series_max,
                                               const QueryContext& context, DamageReport report) {
  std::uint64_t series = 0;
  {
    const HeadReaderLock lock(version->catalog->mutex());
    series = version->catalog->index().series_count();
  }
  auto scan = std::make_unique<RecentScan>(std::move(version), request.start_ms, request.end_ms, context,
                                           std::move(report));
  scan->NoteSeries(series);
  TICKSCOPE_RETURN_IF_ERROR(scan->Select(request.matchers, series_max));
  return std::unique_ptr<ColumnScan>(std::move(scan));
}

}  // namespace tickscope::tsdb
