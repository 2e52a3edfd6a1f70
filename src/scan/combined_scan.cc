#include "scan/combined_scan.h"

#include <algorithm>
#include <optional>

#include "model/sample_columns.h"
#include "scan/kept_scan.h"
#include "scan/pair_table.h"
#include "scan/sequence_index.h"

namespace tickscope::scan {
namespace {

constexpr std::uint32_t kSeriesPerCheck = 4096;

struct Part {
  std::uint32_t scan = 0;
  std::uint32_t series = 0;
};

// Which series of the scans are the same.
class CombinedSeries {
 public:
  [[nodiscard]] Status Index(const std::vector<std::unique_ptr<ColumnScan>>& scans,
                             const QueryContext& context) {
    struct Place {
      std::uint32_t series;
      Part part;
    };
    std::vector<Place> places;
    std::size_t most = 0;
    for (const auto& scan : scans)
      most = std::max<std::size_t>(most, scan->series_count());
    series_.Reserve(most);
    std::vector<std::uint32_t> pairs;
    for (std::uint32_t s = 0; s < scans.size(); ++s) {
      const ColumnScan& scan = *scans[s];
      std::vector<std::uint32_t> number_of(scan.pair_count(), UINT32_MAX);
      for (std::uint32_t i = 0; i < scan.series_count(); ++i) {
        if (i % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(context.Check());
        pairs.clear();
        for (const std::uint32_t pair : scan.PairsOf(i)) {
          std::uint32_t& number = number_of[pair];
          if (number == UINT32_MAX) number = pairs_.Number(scan.PairText(pair));
          pairs.push_back(number);
        }
        places.push_back({series_.Number(pairs), {s, i}});
      }
    }
    // Places by series; those of one series stay in the order of the scans.
    begins_.assign(series_.size() + std::size_t{1}, 0);
    for (const Place& place : places)
      ++begins_[place.series + 1];
    for (std::size_t i = 1; i < begins_.size(); ++i)
      begins_[i] += begins_[i - 1];
    parts_.resize(places.size());
    std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
    for (const Place& place : places)
      parts_[next[place.series]++] = place.part;
    return {};
  }

  [[nodiscard]] const PairTable& pairs() const { return pairs_; }
  [[nodiscard]] const SequenceIndex& series() const { return series_; }
  [[nodiscard]] std::span<const Part> PartsOf(std::uint32_t series) const {
    return std::span(parts_).subspan(begins_[series], begins_[series + 1] - begins_[series]);
  }
  [[nodiscard]] std::uint64_t memory_bytes() const {
    return pairs_.memory_bytes() + series_.memory_bytes() + begins_.capacity() * sizeof(std::uint32_t) +
           parts_.capacity() * sizeof(Part);
  }

 private:
  PairTable pairs_;
  SequenceIndex series_;
  std::vector<std::uint32_t> begins_;  // Of a series' parts.
  std::vector<Part> parts_;
};

// Null when one of them is not kept.
std::optional<SelectionKey> KeyOf(const std::vector<std::unique_ptr<ColumnScan>>& scans) {
  SelectionKey key('c');
  for (const auto& scan : scans) {
    const auto* const kept = dynamic_cast<const KeptScan*>(scan.get());
    if (kept == nullptr) return std::nullopt;
    key.AddOwner(kept->selection());
  }
  return key;
}

class CombinedScan final : public KeptScan {
 public:
  CombinedScan(std::vector<std::unique_ptr<ColumnScan>> scans, SelectionCache* cache)
      : scans_(std::move(scans)), cache_(cache) {}

  [[nodiscard]] Status Index(const QueryContext& context) {
    const auto key = cache_ == nullptr ? std::nullopt : KeyOf(scans_);
    if (key) series_ = cache_->Find<CombinedSeries>(*key);
    if (series_ != nullptr) return {};
    auto series = std::make_shared<CombinedSeries>();
    TICKSCOPE_RETURN_IF_ERROR(series->Index(scans_, context));
    series_ = std::move(series);
    if (key) cache_->Keep(*key, series_, series_->memory_bytes());
    return {};
  }

  [[nodiscard]] std::uint32_t series_count() const override { return series_->series().size(); }
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t series) const override {
    return series_->series().at(series);
  }
  [[nodiscard]] std::uint32_t pair_count() const override { return series_->pairs().size(); }
  [[nodiscard]] LabelView PairText(std::uint32_t pair) const override { return series_->pairs().at(pair); }
  [[nodiscard]] std::uint64_t EstimateSamples() const override {
    std::uint64_t samples = 0;
    for (const auto& scan : scans_)
      samples += scan->EstimateSamples();
    return samples;
  }
  [[nodiscard]] std::unique_ptr<ColumnReader> NewReader() const override {
    return std::make_unique<Reader>(*this);
  }
  [[nodiscard]] std::shared_ptr<const void> selection() const override { return series_; }
  [[nodiscard]] SelectionCache* cache() const override { return cache_; }

 private:
  class Reader final : public ColumnReader {
   public:
    explicit Reader(const CombinedScan& scan) : scan_(scan) {
      for (const auto& each : scan.scans_)
        readers_.push_back(each->NewReader());
    }

    [[nodiscard]] Result<bool> Append(std::uint32_t series, SampleColumns& out) override {
      const std::size_t from = out.size();
      bool rises = true;
      bool is_in_order = true;
      for (const Part& part : scan_.series_->PartsOf(series)) {
        const std::size_t before = out.size();
        TICKSCOPE_ASSIGN_OR_RETURN(const bool part_rises, readers_[part.scan]->Append(part.series, out));
        rises = rises && part_rises;
        if (before == from || out.size() == before) continue;
        is_in_order = is_in_order && out.times_ms[before] > out.times_ms[before - 1];
        rises = rises && out.values[before] >= out.values[before - 1];
      }
      // Of some scans rows stand for several samples, of others for one.
      if (!out.counts.empty()) out.counts.resize(out.size(), 1);
      if (is_in_order) return rises;
      SortSamples(out, from);
      return false;
    }

    [[nodiscard]] Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out) override {
      for (const Part& part : scan_.series_->PartsOf(series)) {
        TICKSCOPE_ASSIGN_OR_RETURN(const bool is_counter, readers_[part.scan]->AppendSteps(part.series, out));
        if (!is_counter) return false;
      }
      return true;
    }

    [[nodiscard]] Result<bool> AppendParts(std::uint32_t series, std::span<const TimeMs> edges,
                                           SampleParts& out) override {
      for (const Part& part : scan_.series_->PartsOf(series)) {
        TICKSCOPE_ASSIGN_OR_RETURN(const bool is_told,
                                   readers_[part.scan]->AppendParts(part.series, edges, out));
        if (!is_told) return false;
      }
      return true;
    }

   private:
    const CombinedScan& scan_;
    std::vector<std::unique_ptr<ColumnReader>> readers_;
  };

  const std::vector<std::unique_ptr<ColumnScan>> scans_;
  SelectionCache* const cache_;
  std::shared_ptr<const CombinedSeries> series_;
};

}  // namespace

Result<std::unique_ptr<ColumnScan>> Combine(std::vector<std::unique_ptr<ColumnScan>> scans,
                                            const QueryContext& context, SelectionCache* cache) {
  if (scans.size() == 1) return std::move(scans.front());
  auto combined = std::make_unique<CombinedScan>(std::move(scans), cache);
  TICKSCOPE_RETURN_IF_ERROR(combined->Index(context));
  return std::unique_ptr<ColumnScan>(std::move(combined));
}

}  // namespace tickscope::scan
