#include "tsdb/block_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "codec/value_column.h"
#include "model/sample_columns.h"

namespace tickscope::tsdb {
namespace {

// Windows built apart in one cut; older ones, of an import that reaches far back, share a block.
constexpr std::size_t kWindowsMax = 48;
// Labels looked up under one lock.
constexpr std::size_t kLabelSlice = 1024;
// A source's times are shared by the series that have samples at one in this many of them or more.
constexpr std::size_t kSharedShare = 2;

// A series as it goes into a block: labels, and the numbers it had (more than one after a long silence).
struct Source {
  Labels labels;
  std::vector<SeriesRef> refs;
};

// Values at the shared times, gaps where the series has none; empty when it has a time that is not shared, or
// too few that are.
std::vector<double> Align(const SampleColumns& samples, const std::vector<TimeMs>& shared) {
  std::vector<double> values;
  if (samples.size() * kSharedShare < shared.size() || samples.size() > shared.size()) return values;
  values.assign(shared.size(), codec::MissingValue());
  std::size_t at = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    while (at < shared.size() && shared[at] < samples.times_ms[i])
      ++at;
    if (at == shared.size() || shared[at] != samples.times_ms[i]) return {};
    values[at] = samples.values[i];
  }
  return values;
}

}  // namespace

TimeMs BlockWindowStart(TimeMs time_ms, std::int64_t range_ms) {
  const TimeMs rest = time_ms % range_ms;
  return time_ms - (rest <= 0 ? rest + range_ms : rest) + 1;
}

// What one window's block is made from.
class BlockBuilder::WindowBuild {
 public:
  WindowBuild(const BlockBuilder& builder, const BlockPlan& plan, const Window& window)
      : builder_(builder), window_(window), next_ref_(builder.catalog_.next_ref()) {
    built_.name = fmt::format("{}-{}-{}.block", window.start_ms, window.end_ms, plan.suffix);
    path_ = plan.directory + "/" + built_.name;
    meta_.tenant = plan.tenant;
    meta_.end_offset = plan.end_offset;
  }

  [[nodiscard]] Result<BuiltBlock> Run() {
    TICKSCOPE_RETURN_IF_ERROR(Survey());
    if (std::none_of(has_samples_.begin(), has_samples_.end(), [](bool has) { return has; })) return built_;
    TICKSCOPE_ASSIGN_OR_RETURN(block::BlockWriter writer,
                               block::BlockWriter::Create(builder_.fs_, path_, meta_));
    std::vector<std::string> metrics;
    {
      const HeadReaderLock lock(builder_.catalog_.mutex());
      metrics = builder_.catalog_.index().LabelValues(kMetricName);
    }
    metrics.insert(metrics.begin(), std::string());  // Series without a name.
    for (const std::string& metric : metrics)
      TICKSCOPE_RETURN_IF_ERROR(WriteMetric(metric, writer));
    TICKSCOPE_ASSIGN_OR_RETURN(const block::BlockSummary summary, writer.Finish());
    built_.bytes = summary.bytes;
    return built_;
  }

 private:
  // Finds which series have samples here, and at which times each source has any.
  [[nodiscard]] Status Survey() {
    has_samples_.assign(next_ref_, false);
    for (const BlockInput& input : builder_.inputs_) {
      const SegmentInfo& info = input.reader->info();
      const TimeMs from_ms = std::max(window_.start_ms, input.from_ms);
      if (info.max_time_ms < from_ms || info.min_time_ms >= window_.end_ms) continue;
      inputs_.push_back(&input);
      TICKSCOPE_RETURN_IF_ERROR(input.reader->ForEachSeries([this](SeriesRef ref) {
        if (ToIndex(ref) < next_ref_) has_samples_[ToIndex(ref)] = true;
      }));
      TICKSCOPE_RETURN_IF_ERROR(input.reader->ForEachTimes(
          [&](SeriesRef first, std::uint32_t width, std::span<const TimeMs> times_ms) {
            std::vector<TimeMs>* times = nullptr;
            for (const TimeMs time_ms : times_ms) {
              if (time_ms < from_ms || time_ms >= window_.end_ms) continue;
              if (times == nullptr) times = &shared_[SourceOf(first, width)];
              if (times->empty() || times->back() != time_ms) times->push_back(time_ms);
            }
          }));
    }
    for (auto& [source, times_ms] : shared_) {
      std::sort(times_ms.begin(), times_ms.end());
      times_ms.erase(std::unique(times_ms.begin(), times_ms.end()), times_ms.end());
    }
    return {};
  }

  // Source of the series numbered [first, first + width), which share it.
  [[nodiscard]] std::uint64_t SourceOf(SeriesRef first, std::uint32_t width) {
    const auto [known, is_new] = source_of_.try_emplace(ToIndex(first), 0);
    if (!is_new) return known->second;
    const HeadReaderLock lock(builder_.catalog_.mutex());
    const SeriesIndex& index = builder_.catalog_.index();
    for (std::uint32_t i = 0; i < width; ++i) {
      const auto ref = static_cast<SeriesRef>(ToIndex(first) + i);
      if (!index.Has(ref)) continue;
      const Labels labels = index.LabelsOf(ref);
      known->second = SourceHash(std::vector<LabelView>(labels.begin(), labels.end()));
      break;
    }
    return known->second;
  }

  [[nodiscard]] Result<std::vector<Source>> SourcesOf(const std::string& metric) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const Matcher matcher, Matcher::Make(MatchType::kEqual, kMetricName, metric));
    std::vector<SeriesRef> refs;
    {
      const HeadReaderLock lock(builder_.catalog_.mutex());
      refs = builder_.catalog_.index().Select({matcher}).ToRefs();
    }
    std::erase_if(refs,
                  [this](SeriesRef ref) { return ToIndex(ref) >= next_ref_ || !has_samples_[ToIndex(ref)]; });
    std::vector<Source> sources;
    sources.reserve(refs.size());
    for (std::size_t from = 0; from < refs.size(); from += kLabelSlice) {
      const HeadReaderLock lock(builder_.catalog_.mutex());
      for (std::size_t i = from; i < std::min(from + kLabelSlice, refs.size()); ++i)
        sources.push_back({builder_.catalog_.index().LabelsOf(refs[i]), {refs[i]}});
    }
    std::sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
      if (a.labels == b.labels) return a.refs < b.refs;
      return block::BlockOrder(a.labels, b.labels);
    });
    return sources;
  }

  [[nodiscard]] Status WriteMetric(const std::string& metric, block::BlockWriter& writer) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::vector<Source> sources, SourcesOf(metric));
    for (std::size_t i = 0; i < sources.size();) {
      std::size_t next = i + 1;
      for (; next < sources.size() && sources[next].labels == sources[i].labels; ++next)
        sources[i].refs.push_back(sources[next].refs.front());
      TICKSCOPE_RETURN_IF_ERROR(WriteSeries(sources[i], writer));
      i = next;
    }
    return {};
  }

  [[nodiscard]] Status WriteSeries(const Source& source, block::BlockWriter& writer) {
    samples_.Clear();
    for (const SeriesRef ref : source.refs) {
      for (const BlockInput* const input : inputs_) {
        TICKSCOPE_RETURN_IF_ERROR(input->reader->ReadSamples(ref, std::max(window_.start_ms, input->from_ms),
                                                             window_.end_ms - 1, samples_));
      }
    }
    SortSamples(samples_, 0);
    if (samples_.size() == 0) return {};
    built_.samples += samples_.size();
    TICKSCOPE_RETURN_IF_ERROR(WriteColumns(source.labels, writer));
    if (!samples_.start_times_ms.empty()) writer.AddStarts(codec::StartChangesOf(samples_));
    return {};
  }

  [[nodiscard]] Status WriteColumns(const Labels& labels, block::BlockWriter& writer) {
    if (!samples_.histograms.empty()) return writer.AddMixedSeries(labels, samples_);
    const std::vector<LabelView> views(labels.begin(), labels.end());
    const std::uint64_t hash = SourceHash(views);
    const std::vector<TimeMs>& shared = shared_[hash];
    if (const std::vector<double> aligned = Align(samples_, shared); !aligned.empty()) {
      const auto [id, is_new] = shared_ids_.try_emplace(hash);
      if (is_new) {
        TICKSCOPE_ASSIGN_OR_RETURN(id->second, writer.AddTimes(shared));
      }
      return writer.AddSeries(labels, id->second, aligned);
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const block::TimesId own, writer.AddTimes(samples_.times_ms));
    return writer.AddSeries(labels, own, samples_.values);
  }

  const BlockBuilder& builder_;
  const Window window_;
  const std::uint32_t next_ref_;
  BuiltBlock built_;
  std::string path_;
  block::BlockMeta meta_;
  std::vector<const BlockInput*> inputs_;
  std::vector<bool> has_samples_;
  std::unordered_map<std::uint64_t, std::vector<TimeMs>> shared_;  // By source.
  std::unordered_map<std::uint64_t, block::TimesId> shared_ids_;
  std::unordered_map<std::uint32_t, std::uint64_t> source_of_;  // By first number.
  SampleColumns samples_;
};

BlockBuilder::BlockBuilder(io::FileSystem& fs, const Catalog& catalog, const std::vector<BlockInput>& inputs)
    : fs_(fs), catalog_(catalog), inputs_(inputs) {}

std::vector<BlockBuilder::Window> BlockBuilder::Windows(const BlockPlan& plan) const {
  std::set<TimeMs> starts;
  TimeMs min_ms = INT64_MAX;
  for (const BlockInput& input : inputs_) {
    const SegmentInfo& info = input.reader->info();
    const TimeMs from_ms = std::max(info.min_time_ms, input.from_ms);
    const TimeMs last_ms = std::min(info.max_time_ms, plan.until_ms - 1);
    if (from_ms > last_ms) continue;
    min_ms = std::min(min_ms, from_ms);
    TimeMs start_ms = BlockWindowStart(last_ms, plan.range_ms);
    for (std::size_t i = 0; i < kWindowsMax && start_ms + plan.range_ms > from_ms; ++i) {
      if (start_ms >= plan.closed_until_ms) starts.insert(start_ms);
      start_ms -= plan.range_ms;
    }
  }
  while (starts.size() > kWindowsMax)
    starts.erase(starts.begin());
  std::vector<Window> windows;
  const TimeMs first_ms = starts.empty() ? plan.until_ms : *starts.begin();
  // Stragglers of windows made before, and what an import of years reaches back to, are one block.
  if (min_ms < first_ms) windows.push_back({BlockWindowStart(min_ms, plan.range_ms), first_ms});
  for (const TimeMs start_ms : starts)
    windows.push_back({start_ms, start_ms + plan.range_ms});
  return windows;
}

Result<std::vector<BuiltBlock>> BlockBuilder::Build(const BlockPlan& plan) const {
  std::vector<BuiltBlock> built;
  for (const Window& window : Windows(plan)) {
    WindowBuild build(*this, plan, window);
    TICKSCOPE_ASSIGN_OR_RETURN(BuiltBlock block, build.Run());
    if (block.bytes > 0) built.push_back(std::move(block));
  }
  return built;
}

}  // namespace tickscope::tsdb
