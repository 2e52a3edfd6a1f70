#include "tsdb/head.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"
#include "codec/value_column.h"

namespace tickscope::tsdb {
namespace {

using codec::IsMissing;
using codec::kColumnValuesMax;
using codec::MissingValue;

// Labels that name where a series comes from. Series equal in all of them are scraped or sent together.
constexpr std::array<std::string_view, 6> kSourceLabels = {"host", "instance", "job",
                                                           "pod",  "server",   "server_id"};

// A target's rows are shared by its series; past this many a row of a few of them would leave too many gaps.
constexpr std::uint32_t kTargetSeriesMax = 4096;

// Rows a series may miss before its chunk ends. Below it a gap bit a row is cheaper than a new chunk's
// header.
constexpr Row kGapRowsMax = 8;

// A series that had to end short chunks this often keeps its own times from then on.
constexpr std::uint8_t kStrikesMax = 2;

// Chunks of one stage, merged four at a time; two of those make a full column.
constexpr std::size_t kMergeCount = 4;

// Series looked at per lock while old samples are dropped: some 0.1 ms.
constexpr std::size_t kDropSlice = 8192;

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

HeadMetrics::HeadMetrics(MetricRegistry& metrics)
    : series(metrics.AddGauge("tickscope_head_series", "Series in memory.", {})),
      series_created(
          metrics.AddCounter("tickscope_head_series_created_total", "Series seen for the first time.", {})),
      samples(metrics.AddCounter("tickscope_head_samples_total", "Float samples added.", {})),
      histograms(
          metrics.AddCounter("tickscope_head_histogram_samples_total", "Histogram samples added.", {})),
      late(metrics.AddCounter("tickscope_head_late_samples_total",
                              "Samples older than the newest of their series.", {})),
      duplicates(metrics.AddCounter("tickscope_head_duplicate_samples_total",
                                    "Samples dropped because they were there already.", {})),
      conflicts(metrics.AddCounter("tickscope_head_conflicting_samples_total",
                                   "Samples dropped because their time had another value.", {})),
      undefined(metrics.AddCounter("tickscope_head_undefined_samples_total",
                                   "Samples dropped because damage took their series' definition.", {})),
      own_targets(metrics.AddCounter("tickscope_head_own_targets_total",
                                     "Series that left their target for times of their own.", {})),
      chunks(metrics.AddCounter("tickscope_head_chunks_total", "Chunks packed.", {})),
      chunk_bytes(metrics.AddGauge("tickscope_head_chunk_bytes", "Bytes of packed chunks.", {})) {}

Head::Head(HeadMetrics& metrics) : metrics_(metrics) {}
Head::~Head() = default;

void Head::Apply(const codec::SampleBatch& batch) {
  const HeadWriterLock lock(mu_);
  for (const codec::SeriesDefinition& definition : batch.series)
    DefineSeries(definition);
  const codec::FloatColumns& floats = batch.floats;
  for (std::size_t i = 0; i < floats.size(); ++i) {
    AppendFloat(ToIndex(floats.refs[i]), floats.times_ms[i], floats.values[i]);
  }
  for (const codec::HistogramEntry& entry : batch.histograms) {
    AppendHistogram(ToIndex(entry.ref), entry.time_ms, entry.histogram);
  }
  metrics_.samples->Add(floats.size());
  metrics_.histograms->Add(batch.histograms.size());
}

void Head::DefineSeries(const codec::SeriesDefinition& definition) {
  const std::uint32_t index = ToIndex(definition.ref);
  if (index < series_.size() && series_[index].is_defined) return;
  if (index >= series_.size()) {
    series_.resize(index + 1);
    while (stages_.size() * kSeriesPerBlock < series_.size()) {
      stages_.push_back(std::make_unique_for_overwrite<Stage[]>(kSeriesPerBlock));
    }
  }
  index_.Add(definition.ref, definition.labels);
  SeriesState& series = series_[index];
  series.is_defined = true;
  series.target = TargetFor(definition.labels);
  metrics_.series->Add(1);
  metrics_.series_created->Add();
}

TargetId Head::TargetFor(const std::vector<LabelView>& labels) {
  std::uint64_t key = 0;
  for (const LabelView& label : labels) {
    if (!std::binary_search(kSourceLabels.begin(), kSourceLabels.end(), label.name)) continue;
    key = XXH3_64bits_withSeed(label.name.data(), label.name.size(), key);
    key = XXH3_64bits_withSeed(label.value.data(), label.value.size(), key);
  }
  OpenTarget& open = open_targets_[key];
  if (open.series_count == 0 || open.series_count == kTargetSeriesMax) {
    open = {static_cast<TargetId>(targets_.size()), 0};
    targets_.emplace_back();
  }
  ++open.series_count;
  return open.id;
}

void Head::MoveToOwnTarget(SeriesState& series, std::uint32_t index) {
  Seal(series, index);
  series.target = static_cast<TargetId>(targets_.size());
  series.owns_target = true;
  targets_.emplace_back();
  metrics_.own_targets->Add();
}

void Head::AppendFloat(std::uint32_t index, TimeMs time_ms, double value) {
  if (index >= series_.size() || !series_[index].is_defined) {
    metrics_.undefined->Add();
    return;
  }
  SeriesState& series = series_[index];
  min_time_ms_ = std::min(min_time_ms_, time_ms);
  max_time_ms_ = std::max(max_time_ms_, time_ms);
  if (time_ms <= series.last_time_ms || IsMissing(value)) {
    AppendLate(index, time_ms, value);
    return;
  }
  Target* target = &targets_[static_cast<std::size_t>(series.target)];
  Row row = 0;
  if (target->empty() || time_ms > target->last_time()) {
    row = target->Append(time_ms);
  } else if (time_ms == target->last_time()) {
    row = target->last_row();
  } else if (const auto recent = target->FindRecent(time_ms)) {
    row = *recent;
  } else {
    MoveToOwnTarget(series, index);
    target = &targets_[static_cast<std::size_t>(series.target)];
    row = target->Append(time_ms);
  }
  if (series.staged_count > 0 && row - (series.staged_row + series.staged_count) > kGapRowsMax) {
    const bool is_short = series.staged_count < kStagedMax / 2;
    if (is_short && !series.owns_target && ++series.strikes == kStrikesMax) {
      MoveToOwnTarget(series, index);
      row = targets_[static_cast<std::size_t>(series.target)].Append(time_ms);
    } else {
      Seal(series, index);
    }
  }
  StageValue(series, index, row, value);
  series.last_time_ms = time_ms;
}

void Head::StageValue(SeriesState& series, std::uint32_t index, Row row, double value) {
  Stage& stage = StageOf(index);
  if (series.staged_count > 0) {
    const Row gap = row - (series.staged_row + series.staged_count);
    if (series.staged_count + gap >= kStagedMax) {
      Seal(series, index);
    } else {
      for (Row i = 0; i < gap; ++i)
        stage[series.staged_count++] = MissingValue();
    }
  }
  if (series.staged_count == 0) series.staged_row = row;
  stage[series.staged_count++] = value;
  if (series.staged_count == kStagedMax) Seal(series, index);
}

void Head::Seal(SeriesState& series, std::uint32_t index) {
  if (series.staged_count == 0) return;
  PushChunk(series, series.staged_row, {StageOf(index), series.staged_count});
  series.staged_count = 0;
  MergeNewest(series, kMergeCount);
  MergeNewest(series, 2);
}

void Head::PushChunk(SeriesState& series, Row first_row, std::span<const double> values) {
  Bytes column;
  column.reserve(256);
  codec::EncodeValueColumn(values, column);
  series.chunks.Push(series.target, first_row, values.size(), column);
  metrics_.chunks->Add();
  metrics_.chunk_bytes->Add(static_cast<double>(series.chunks.newest()->bytes()));
  ++chunk_count_;
}

void Head::MergeNewest(SeriesState& series, std::size_t chunk_count) {
  // Merges full chunks only, so that sizes stay 16, 64, 128 and each value is encoded three times at most.
  const std::size_t rows_each = chunk_count == kMergeCount ? kStagedMax : kColumnValuesMax / 2;
  std::array<const Chunk*, kMergeCount> merged{};
  Row end_row = 0;
  const Chunk* chunk = series.chunks.newest();
  for (std::size_t i = 0; i < chunk_count; ++i, chunk = chunk->older()) {
    if (chunk == nullptr || chunk->row_count() != rows_each || chunk->target() != series.target) return;
    if (i > 0 && chunk->end_row() != end_row) return;
    end_row = chunk->first_row();
    merged[chunk_count - 1 - i] = chunk;
  }
  std::array<double, kColumnValuesMax> values;
  std::array<double, kColumnValuesMax> part;
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < chunk_count; ++i) {
    const auto decoded = codec::DecodeValueColumn(merged[i]->column(), part);
    TICKSCOPE_CHECK(decoded.has_value());
    std::copy_n(part.begin(), *decoded, values.begin() + static_cast<std::ptrdiff_t>(count));
    count += *decoded;
    bytes += merged[i]->bytes();
  }
  const Row first_row = merged[0]->first_row();
  series.chunks.PopNewest(chunk_count);
  metrics_.chunk_bytes->Add(-static_cast<double>(bytes));
  chunk_count_ -= chunk_count;
  PushChunk(series, first_row, {values.data(), count});
}

void Head::AppendLate(std::uint32_t index, TimeMs time_ms, double value) {
  // What is stored at this time already, if anything, decides. This path decodes; it is for retries and
  // stragglers.
  SampleColumns existing;
  const Status read = ReadRows(index, time_ms, time_ms, existing);
  std::vector<FloatSample>& late = late_[index];
  const auto at = std::lower_bound(late.begin(), late.end(), time_ms,
                                   [](const FloatSample& sample, TimeMs t) { return sample.time_ms < t; });
  const bool is_late = at != late.end() && at->time_ms == time_ms;
  if ((read && existing.size() > 0) || is_late) {
    const double stored = is_late ? at->value : existing.values.front();
    (SameBits(stored, value) ? metrics_.duplicates : metrics_.conflicts)->Add();
    return;
  }
  late.insert(at, {time_ms, value});
  if (time_ms > series_[index].last_time_ms) {
    series_[index].last_time_ms = time_ms;
  } else {
    metrics_.late->Add();
  }
}

void Head::AppendHistogram(std::uint32_t index, TimeMs time_ms, HistogramPtr histogram) {
  if (index >= series_.size() || !series_[index].is_defined) {
    metrics_.undefined->Add();
    return;
  }
  std::vector<HistogramSample>& samples = histograms_[index];
  const auto at =
      std::lower_bound(samples.begin(), samples.end(), time_ms,
                       [](const HistogramSample& sample, TimeMs t) { return sample.time_ms < t; });
  if (at != samples.end() && at->time_ms == time_ms) {
    (*at->histogram == *histogram ? metrics_.duplicates : metrics_.conflicts)->Add();
    return;
  }
  if (at != samples.end()) metrics_.late->Add();
  samples.insert(at, {time_ms, std::move(histogram)});
  min_time_ms_ = std::min(min_time_ms_, time_ms);
  max_time_ms_ = std::max(max_time_ms_, time_ms);
}

void Head::DropBefore(TimeMs horizon_ms) {
  const auto is_before = [horizon_ms](const auto& sample, TimeMs) { return sample.time_ms < horizon_ms; };
  std::size_t from = 0;
  for (bool more = true; more;) {
    const HeadWriterLock lock(mu_);
    const std::size_t to = std::min(from + kDropSlice, series_.size());
    for (; from < to; ++from) {
      SeriesState& series = series_[from];
      if (series.staged_count > 0) {
        const Target& target = targets_[static_cast<std::size_t>(series.target)];
        if (target.TimeOf(series.staged_row + series.staged_count - 1) < horizon_ms) series.staged_count = 0;
      }
      ChunkList& chunks = series.chunks;
      for (const Chunk* chunk = chunks.newest(); chunk != nullptr; chunk = chunk->older()) {
        const Target& target = targets_[static_cast<std::size_t>(chunk->target())];
        if (target.TimeOf(chunk->end_row() - 1) >= horizon_ms) continue;
        for (const Chunk* old = chunk; old != nullptr; old = old->older())
          --chunk_count_;
        metrics_.chunk_bytes->Add(-static_cast<double>(chunks.DropFrom(chunk)));
        break;
      }
    }
    more = to < series_.size();
  }
  const HeadWriterLock lock(mu_);
  for (Target& target : targets_) {
    // A chunk that is kept may begin this many rows before the horizon.
    const Row keep = target.RowAtOrAfter(horizon_ms);
    if (keep > target.first_row() + kColumnValuesMax) target.TrimBefore(keep - Row{kColumnValuesMax});
  }
  for (auto& [index, samples] : late_) {
    samples.erase(samples.begin(), std::lower_bound(samples.begin(), samples.end(), horizon_ms, is_before));
  }
  for (auto& [index, samples] : histograms_) {
    samples.erase(samples.begin(), std::lower_bound(samples.begin(), samples.end(), horizon_ms, is_before));
  }
  min_time_ms_ = std::max(min_time_ms_, horizon_ms);
}

}  // namespace tickscope::tsdb
