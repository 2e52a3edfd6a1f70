#include "block/block_scan.h"

#include <algorithm>
#include <optional>

#include "block/column_places.h"
#include "model/series_limit.h"
#include "scan/kept_scan.h"

namespace tickscope::block {
namespace {

constexpr std::size_t kSeriesPerCheck = 4096;
// Places are kept of selections that take no more: what is asked every few seconds lies in young blocks, of a chunk or two.
constexpr std::uint64_t kPlacesBytesMax = 8U << 20;
// And of queries that read less than this share of a block's time; others spend their time elsewhere.
constexpr TimeMs kPlacesShareMax = 8;

// The series of a block that matchers choose.
struct BlockSelection {
  std::vector<SeriesId> ids;
  std::vector<std::uint32_t> pairs;
  std::vector<std::uint32_t> begins;  // Of a series' pairs.
  std::optional<ColumnPlaces> places;

  [[nodiscard]] std::uint64_t memory_bytes() const {
    return (ids.capacity() + pairs.capacity() + begins.capacity()) * sizeof(std::uint32_t) +
           (places ? places->memory_bytes() : 0);
  }
};

scan::SelectionKey KeyOf(const std::shared_ptr<const BlockReader>& block,
                         const std::vector<Matcher>& matchers) {
  scan::SelectionKey key('b');
  key.AddOwner(block);
  key.AddMatchers(matchers);
  return key;
}

class BlockScan final : public scan::KeptScan {
 public:
  BlockScan(std::shared_ptr<const BlockReader> block, TimeMs start_ms, TimeMs end_ms,
            const QueryContext& context, scan::SelectionCache* cache)
      : block_(std::move(block)), start_ms_(start_ms), end_ms_(end_ms), context_(context), cache_(cache) {}

  [[nodiscard]] Status Select(const BlockScanRequest& request) {
    if (cache_ != nullptr) selection_ = cache_->Find<BlockSelection>(KeyOf(block_, request.matchers));
    if (selection_ == nullptr ||
        (!selection_->places && WantsPlaces(selection_->ids.size()) &&
         cache_->Takes(KeyOf(block_, request.matchers),
                       selection_->memory_bytes() + PlacesBytes(selection_->ids.size())))) {
      TICKSCOPE_ASSIGN_OR_RETURN(selection_, Choose(request));
      if (cache_ != nullptr)
        cache_->Keep(KeyOf(block_, request.matchers), selection_, selection_->memory_bytes());
    }
    TICKSCOPE_RETURN_IF_ERROR(CheckSeriesCount(selection_->ids.size(), request.series_max));
    return block_->Prefetch(selection_->ids, start_ms_, end_ms_);
  }

  [[nodiscard]] std::uint32_t series_count() const override {
    return static_cast<std::uint32_t>(selection_->ids.size());
  }
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t series) const override {
    const std::vector<std::uint32_t>& begins = selection_->begins;
    return std::span(selection_->pairs).subspan(begins[series], begins[series + 1] - begins[series]);
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
    return static_cast<std::uint64_t>(static_cast<double>(selection_->ids.size()) * per_series *
                                      share(to_ms - from_ms + 1, meta.max_time_ms - meta.min_time_ms + 1));
  }
  [[nodiscard]] std::unique_ptr<ColumnReader> NewReader() const override {
    return std::make_unique<Reader>(*this);
  }
  [[nodiscard]] std::shared_ptr<const void> selection() const override { return selection_; }
  [[nodiscard]] scan::SelectionCache* cache() const override { return cache_; }

 private:
  class Reader final : public ColumnReader {
   public:
    explicit Reader(const BlockScan& scan)
        : scan_(scan), cursor_(*scan.block_, scan.selection_->places ? &*scan.selection_->places : nullptr) {}
    [[nodiscard]] Result<bool> Append(std::uint32_t series, SampleColumns& out) override {
      if (calls_++ % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(scan_.context_.Check());
      return cursor_.ReadColumns(scan_.selection_->ids[series], scan_.start_ms_, scan_.end_ms_, out);
    }

    [[nodiscard]] Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out) override {
      if (calls_++ % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(scan_.context_.Check());
      return cursor_.ReadSteps(scan_.selection_->ids[series], scan_.start_ms_, scan_.end_ms_, out);
    }

    [[nodiscard]] Result<bool> AppendParts(std::uint32_t series, std::span<const TimeMs> edges,
                                           SampleParts& out) override {
      if (calls_++ % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(scan_.context_.Check());
      return cursor_.ReadParts(scan_.selection_->ids[series], scan_.start_ms_, scan_.end_ms_, edges, out);
    }

   private:
    const BlockScan& scan_;
    Cursor cursor_;
    std::size_t calls_ = 0;
  };

  // Whether places are worth keeping: little is read of each column, and who reads it asks again.
  [[nodiscard]] bool WantsPlaces(std::size_t series_count) const {
    const BlockMeta& meta = block_->meta();
    const TimeMs read_ms = std::min(end_ms_, meta.max_time_ms) - std::max(start_ms_, meta.min_time_ms);
    return cache_ != nullptr && read_ms < (meta.max_time_ms - meta.min_time_ms) / kPlacesShareMax &&
           PlacesBytes(series_count) <= kPlacesBytesMax;
  }
  [[nodiscard]] std::uint64_t PlacesBytes(std::size_t series_count) const {
    return series_count * (sizeof(SeriesId) + block_->chunk_count_max() * sizeof(ColumnPlace));
  }

  [[nodiscard]] Result<std::shared_ptr<const BlockSelection>> Choose(const BlockScanRequest& request) const {
    auto chosen = std::make_shared<BlockSelection>();
    TICKSCOPE_ASSIGN_OR_RETURN(chosen->ids, block_->Select(request.matchers));
    TICKSCOPE_RETURN_IF_ERROR(CheckSeriesCount(chosen->ids.size(), request.series_max));
    chosen->begins.reserve(chosen->ids.size() + 1);
    chosen->begins.push_back(0);
    Cursor cursor(*block_);
    if (WantsPlaces(chosen->ids.size())) chosen->places.emplace(block_->chunk_count_max());
    for (std::size_t i = 0; i < chosen->ids.size(); ++i) {
      if (i % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(context_.Check());
      TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, cursor.Entry(chosen->ids[i]));
      chosen->pairs.insert(chosen->pairs.end(), entry->pairs.begin(), entry->pairs.end());
      chosen->begins.push_back(static_cast<std::uint32_t>(chosen->pairs.size()));
      if (chosen->places) chosen->places->Add(chosen->ids[i], *entry);
    }
    chosen->pairs.shrink_to_fit();
    if (chosen->places) {
      chosen->places->ShrinkToFit();
      // The selection alone may still be kept.
      if (!cache_->Takes(KeyOf(block_, request.matchers), chosen->memory_bytes())) chosen->places.reset();
    }
    return chosen;
  }

  const std::shared_ptr<const BlockReader> block_;
  const TimeMs start_ms_;
  const TimeMs end_ms_;
  const QueryContext& context_;
  scan::SelectionCache* const cache_;
  std::shared_ptr<const BlockSelection> selection_;
};

}  // namespace

Result<std::unique_ptr<ColumnScan>> ScanBlock(std::shared_ptr<const BlockReader> block,
                                              const BlockScanRequest& request, const QueryContext& context,
                                              scan::SelectionCache* cache) {
  auto scan = std::make_unique<BlockScan>(std::move(block), request.start_ms, request.end_ms, context, cache);
  TICKSCOPE_RETURN_IF_ERROR(scan->Select(request));
  return std::unique_ptr<ColumnScan>(std::move(scan));
}

Result<std::size_t> CountSeries(const std::shared_ptr<const BlockReader>& block,
                                const std::vector<Matcher>& matchers, scan::SelectionCache& cache) {
  if (const auto kept = cache.Find<BlockSelection>(KeyOf(block, matchers))) return kept->ids.size();
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<SeriesId> ids, block->Select(matchers));
  return ids.size();
}

}  // namespace tickscope::block
