#include "block/block_scan.h"

#include <algorithm>

#include "model/series_limit.h"

namespace tickscope::block {
namespace {

constexpr std::size_t kSeriesPerCheck = 4096;

class BlockScan final : public ColumnScan {
 public:
  BlockScan(std::shared_ptr<const BlockReader> block, TimeMs start_ms, TimeMs end_ms,
            const QueryContext& context)
      : block_(std::move(block)), start_ms_(start_ms), end_ms_(end_ms), context_(context) {}

  [[nodiscard]] Status Select(const BlockScanRequest& request) {
    TICKSCOPE_ASSIGN_OR_RETURN(ids_, block_->Select(request.matchers));
    TICKSCOPE_RETURN_IF_ERROR(CheckSeriesCount(ids_.size(), request.series_max));
    TICKSCOPE_RETURN_IF_ERROR(block_->Prefetch(ids_, start_ms_, end_ms_));
    begins_.reserve(ids_.size() + 1);
    begins_.push_back(0);
    Cursor cursor(*block_);
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (i % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(context_.Check());
      TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, cursor.Entry(ids_[i]));
      pairs_.insert(pairs_.end(), entry->pairs.begin(), entry->pairs.end());
      begins_.push_back(pairs_.size());
    }
    return {};
  }

  [[nodiscard]] std::uint32_t series_count() const override {
    return static_cast<std::uint32_t>(ids_.size());
  }
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t series) const override {
    return std::span(pairs_).subspan(begins_[series], begins_[series + 1] - begins_[series]);
  }
  [[nodiscard]] std::uint32_t pair_count() const override { return block_->pair_count(); }
  [[nodiscard]] LabelView PairText(std::uint32_t pair) const override { return block_->PairText(pair); }
  [[nodiscard]] std::uint64_t EstimateSamples() const override {
    const BlockMeta& meta = block_->meta();
    const auto share = [](std::int64_t part, std::int64_t whole) {
      return std::min(1.0, static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(whole, 1)));
    };
    const TimeMs from_ms = std::max(start_ms_, meta.min_time_ms);
    const TimeMs to_ms = std::min(end_ms_, meta.max_time_ms);
    if (from_ms > to_ms || meta.series_count == 0) return 0;
    const double per_series = static_cast<double>(meta.sample_count) / static_cast<double>(meta.series_count);
    return static_cast<std::uint64_t>(static_cast<double>(ids_.size()) * per_series *
                                      share(to_ms - from_ms + 1, meta.max_time_ms - meta.min_time_ms + 1));
  }
  [[nodiscard]] std::unique_ptr<ColumnReader> NewReader() const override {
    return std::make_unique<Reader>(*this);
  }

 private:
  class Reader final : public ColumnReader {
   public:
    explicit Reader(const BlockScan& scan) : scan_(scan), cursor_(*scan.block_) {}
    [[nodiscard]] Result<bool> Append(std::uint32_t series, SampleColumns& out) override {
      if (calls_++ % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(scan_.context_.Check());
      return cursor_.ReadColumns(scan_.ids_[series], scan_.start_ms_, scan_.end_ms_, out);
    }

    [[nodiscard]] Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out) override {
      if (calls_++ % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(scan_.context_.Check());
      return cursor_.ReadSteps(scan_.ids_[series], scan_.start_ms_, scan_.end_ms_, out);
    }

   private:
    const BlockScan& scan_;
    Cursor cursor_;
    std::size_t calls_ = 0;
  };

  const std::shared_ptr<const BlockReader> block_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  const QueryContext& context_;
  std::vector<SeriesId> ids_;
  std::vector<std::uint32_t> pairs_;
  std::vector<std::size_t> begins_;  // Of a series' pairs.
};

}  // namespace

Result<std::unique_ptr<ColumnScan>> ScanBlock(std::shared_ptr<const BlockReader> block,
                                              const BlockScanRequest& request, const QueryContext& context) {
  auto scan = std::make_unique<BlockScan>(std::move(block), request.start_ms, request.end_ms, context);
  TICKSCOPE_RETURN_IF_ERROR(scan->Select(request));
  return std::unique_ptr<ColumnScan>(std::move(scan));
}

}  // namespace tickscope::block
