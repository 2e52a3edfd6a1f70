#include "exchange/block_importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "block/block_order.h"
#include "codec/histogram_codec.h"
#include "codec/value_column.h"
#include "exchange/sample_order.h"

namespace tickscope::exchange {
namespace {

// Windows begin this long after a multiple of their length, as ranges of PromQL are open to the left.
constexpr TimeMs kWindowOffsetMs = 1;
// Times past it, either way, are no times of anybody's samples, and window arithmetic could overflow.
constexpr TimeMs kTimeMsMax = TimeMs{1} << 53;
// What a pending series takes besides its samples, and a sample of it; histograms are counted by their buckets.
constexpr std::size_t kSeriesOverheadBytes = 256;
constexpr std::size_t kSampleBytes = 24;  // Vectors are up to half as large again as they need be.
constexpr std::size_t kHistogramBytes = 240;

constexpr std::string_view kRunEnding = ".run";

TimeMs FloorTo(TimeMs time_ms, std::int64_t step) {
  const TimeMs rest = time_ms % step;
  return time_ms - (rest < 0 ? rest + step : rest);
}

std::size_t BytesOf(const SampleColumns& samples) {
  std::size_t bytes = samples.size() * kSampleBytes;
  for (const HistogramPtr& histogram : samples.histograms) {
    if (histogram == nullptr) continue;
    bytes += kHistogramBytes +
             sizeof(double) * (histogram->positive_buckets.size() + histogram->negative_buckets.size() +
                               histogram->custom_bounds.size()) +
             sizeof(BucketSpan) * (histogram->positive_spans.size() + histogram->negative_spans.size());
  }
  return bytes;
}

}  // namespace

Status CheckImportLabels(const Labels& labels) {
  if (labels.empty()) return Fail(ErrorCode::kInvalidArgument, "series without labels");
  for (const LabelView& label : labels) {
    if (label.name.empty()) return Fail(ErrorCode::kInvalidArgument, "empty label name");
    if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value))
      return Fail(ErrorCode::kInvalidArgument, "a label name or value is not UTF-8");
  }
  return {};
}

// Goes over several runs at once, in order; each series of a window comes out once.
class BlockImporter::RunMerge {
  // Heap order. Of equal series the earlier run comes first: I1.
  struct Later {
    const std::vector<std::unique_ptr<SpoolReader>>& readers;
    bool operator()(std::size_t a, std::size_t b) const {
      const SpoolEntry& x = readers[a]->entry();
      const SpoolEntry& y = readers[b]->entry();
      if (SpoolOrder(y.window_start_ms, y.labels, x.window_start_ms, x.labels)) return true;
      if (SpoolOrder(x.window_start_ms, x.labels, y.window_start_ms, y.labels)) return false;
      return a > b;
    }
  };

 public:
  [[nodiscard]] Status Open(io::FileSystem& fs, std::span<const std::string> paths) {
    for (const std::string& path : paths) {
      TICKSCOPE_ASSIGN_OR_RETURN(auto reader, SpoolReader::Open(fs, path));
      readers_.push_back(std::move(reader));
    }
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (!readers_[i]->done()) heap_.push_back(i);
    }
    std::ranges::make_heap(heap_, Later{readers_});
    return {};
  }

  /// Replaces `entry` by the next series of a window, sorted; false at the end.
  [[nodiscard]] Result<bool> Next(SpoolEntry& entry) {
    if (heap_.empty()) return false;
    for (bool is_first = true; !heap_.empty(); is_first = false) {
      SpoolReader& reader = *readers_[heap_.front()];
      SpoolEntry& front = reader.entry();
      if (is_first) {
        entry.window_start_ms = front.window_start_ms;
        entry.labels = front.labels;
        entry.samples.Clear();
      } else if (front.window_start_ms != entry.window_start_ms || front.labels != entry.labels) {
        break;
      }
      AppendSamples(front.samples, 0, front.samples.size(), entry.samples);
      std::ranges::pop_heap(heap_, Later{readers_});
      TICKSCOPE_RETURN_IF_ERROR(reader.Next());
      if (reader.done()) {
        heap_.pop_back();
      } else {
        std::ranges::push_heap(heap_, Later{readers_});
      }
    }
    SortFirstWins(entry.samples);
    return true;
  }

 private:
  std::vector<std::unique_ptr<SpoolReader>> readers_;
  std::vector<std::size_t> heap_;
};

Result<std::unique_ptr<BlockImporter>> BlockImporter::Create(io::FileSystem& fs, ImportOptions options) {
  TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(options.directory));
  return std::unique_ptr<BlockImporter>(new BlockImporter(fs, std::move(options)));
}

BlockImporter::~BlockImporter() {
  // What cannot be removed is in a directory of the import's own and counts for nothing.
  for (const std::string& run : runs_)
    static_cast<void>(fs_.Remove(run));
  if (finished_) return;
  for (const std::string& block : written_)
    static_cast<void>(fs_.Remove(block));
}

BlockImporter::Window BlockImporter::WindowOf(TimeMs time_ms) const {
  const auto start_of = [time_ms](std::int64_t length_ms) {
    return FloorTo(time_ms - kWindowOffsetMs, length_ms) + kWindowOffsetMs;
  };
  const TimeMs old_start_ms = start_of(options_.old_block_range_ms);
  if (old_start_ms + options_.old_block_range_ms - kWindowOffsetMs <= options_.old_before_ms)
    return {old_start_ms, options_.old_block_range_ms};
  return {start_of(options_.block_range_ms), options_.block_range_ms};
}

Status BlockImporter::Add(const Labels& labels, const SampleColumns& samples) {
  if (samples.size() == 0) return {};
  const auto found = index_.find(labels);
  if (found == index_.end()) TICKSCOPE_RETURN_IF_ERROR(CheckImportLabels(labels));
  for (const TimeMs time_ms : samples.times_ms) {
    if (time_ms < -kTimeMsMax || time_ms > kTimeMsMax)
      return Fail(ErrorCode::kInvalidArgument, fmt::format("time out of range: got {} ms", time_ms));
  }
  for (const HistogramPtr& histogram : samples.histograms) {
    if (histogram != nullptr) TICKSCOPE_RETURN_IF_ERROR(codec::ValidateHistogram(*histogram));
  }
  std::size_t place = 0;
  if (found == index_.end()) {
    place = pending_.size();
    index_.emplace(labels, place);
    pending_.push_back({labels, {}});
    pending_bytes_ += kSeriesOverheadBytes + 2 * labels.packed().size();
  } else {
    place = found->second;
  }
  AppendSamples(samples, 0, samples.size(), pending_[place].samples);
  pending_bytes_ += BytesOf(samples);
  added_ += samples.size();
  Pace(samples.size());
  return pending_bytes_ < options_.memory_bytes ? Status() : Spill();
}

std::string BlockImporter::NewRunPath() {
  return fmt::format("{}/{}-{:06}{}", options_.directory, options_.id, run_count_++, kRunEnding);
}

Status BlockImporter::Spill() {
  if (pending_.empty()) return {};
  struct Stretch {
    TimeMs window_start_ms = 0;
    std::size_t series = 0;
    std::size_t from = 0;
    std::size_t to = 0;
  };
  std::ranges::sort(pending_,
                    [](const Pending& a, const Pending& b) { return block::BlockOrder(a.labels, b.labels); });
  std::vector<Stretch> stretches;
  for (std::size_t s = 0; s < pending_.size(); ++s) {
    SampleColumns& samples = pending_[s].samples;
    SortFirstWins(samples);
    for (std::size_t from = 0; from < samples.size();) {
      const Window window = WindowOf(samples.times_ms[from]);
      const auto end = std::ranges::lower_bound(samples.times_ms, window.start_ms + window.length_ms);
      const auto to = static_cast<std::size_t>(end - samples.times_ms.begin());
      stretches.push_back({window.start_ms, s, from, to});
      from = to;
    }
  }
  std::ranges::sort(stretches, {}, [](const Stretch& stretch) {
    return std::tuple(stretch.window_start_ms, stretch.series);
  });
  runs_.push_back(NewRunPath());
  TICKSCOPE_ASSIGN_OR_RETURN(SpoolWriter writer, SpoolWriter::Create(fs_, runs_.back()));
  for (const Stretch& stretch : stretches) {
    const Pending& series = pending_[stretch.series];
    TICKSCOPE_RETURN_IF_ERROR(
        writer.Add(stretch.window_start_ms, series.labels, series.samples, stretch.from, stretch.to));
  }
  TICKSCOPE_RETURN_IF_ERROR(writer.Finish());
  index_.clear();
  pending_.clear();
  pending_.shrink_to_fit();
  pending_bytes_ = 0;
  return {};
}

Status BlockImporter::ShortenRuns() {
  while (runs_.size() > kMergeRuns) {
    RunMerge merge;
    const std::vector<std::string> merged(runs_.begin(), runs_.begin() + kMergeRuns);
    TICKSCOPE_RETURN_IF_ERROR(merge.Open(fs_, merged));
    const std::string path = NewRunPath();
    runs_.push_back(path);  // So that it goes when this fails.
    TICKSCOPE_ASSIGN_OR_RETURN(SpoolWriter writer, SpoolWriter::Create(fs_, path));
    SpoolEntry entry;
    while (true) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool more, merge.Next(entry));
      if (!more) break;
      TICKSCOPE_RETURN_IF_ERROR(
          writer.Add(entry.window_start_ms, entry.labels, entry.samples, 0, entry.samples.size()));
      Pace(entry.samples.size());
    }
    TICKSCOPE_RETURN_IF_ERROR(writer.Finish());
    for (const std::string& run : merged)
      TICKSCOPE_RETURN_IF_ERROR(fs_.Remove(run));
    runs_.erase(runs_.begin(), runs_.begin() + kMergeRuns);
    runs_.pop_back();
    runs_.insert(runs_.begin(), path);
  }
  return {};
}

Status BlockImporter::WriteBlocks(ImportSummary& summary) {
  RunMerge merge;
  TICKSCOPE_RETURN_IF_ERROR(merge.Open(fs_, runs_));
  std::optional<block::BlockWriter> writer;
  std::string name;
  Window window;
  std::uint64_t block_samples = 0;
  std::size_t part = 0;
  const auto finish = [&]() -> Status {
    if (!writer) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(block::BlockSummary written, writer->Finish());
    writer.reset();
    summary.samples += written.meta.sample_count;
    summary.min_time_ms = std::min(summary.min_time_ms, written.meta.min_time_ms);
    summary.max_time_ms = std::max(summary.max_time_ms, written.meta.max_time_ms);
    summary.blocks.push_back({name, std::move(written)});
    return {};
  };
  SpoolEntry entry;
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, merge.Next(entry));
    if (!more) break;
    const SampleColumns& samples = entry.samples;
    const bool is_next_window = !writer || entry.window_start_ms != window.start_ms;
    if (is_next_window || block_samples + samples.size() > options_.block_samples_max) {
      TICKSCOPE_RETURN_IF_ERROR(finish());
      part = is_next_window ? 0 : part + 1;
      window = WindowOf(entry.window_start_ms);
      block_samples = 0;
      name = fmt::format("{}-{}-i{}{}.block", window.start_ms, window.start_ms + window.length_ms,
                         options_.id, part == 0 ? std::string() : fmt::format("p{}", part));
      written_.push_back(options_.directory + "/" + name);
      block::BlockMeta meta;
      meta.tenant = options_.tenant;
      TICKSCOPE_ASSIGN_OR_RETURN(writer, block::BlockWriter::Create(fs_, written_.back(), std::move(meta)));
    }
    // The one NaN that stands for a gap in a column of floats is a value like any other.
    if (std::ranges::any_of(samples.values, codec::IsMissing))
      entry.samples.histograms.resize(samples.size());
    if (samples.histograms.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const block::TimesId times, writer->AddTimes(samples.times_ms));
      TICKSCOPE_RETURN_IF_ERROR(writer->AddSeries(entry.labels, times, samples.values));
    } else {
      TICKSCOPE_RETURN_IF_ERROR(writer->AddMixedSeries(entry.labels, samples));
    }
    block_samples += samples.size();
    Pace(samples.size());
  }
  return finish();
}

Result<ImportSummary> BlockImporter::Finish() {
  TICKSCOPE_RETURN_IF_ERROR(Spill());
  TICKSCOPE_RETURN_IF_ERROR(ShortenRuns());
  ImportSummary summary;
  TICKSCOPE_RETURN_IF_ERROR(WriteBlocks(summary));
  for (const std::string& run : runs_)
    TICKSCOPE_RETURN_IF_ERROR(fs_.Remove(run));
  runs_.clear();
  TICKSCOPE_RETURN_IF_ERROR(fs_.SyncDirectory(options_.directory));
  summary.duplicates = added_ - summary.samples;
  finished_ = true;
  return summary;
}

}  // namespace tickscope::exchange
