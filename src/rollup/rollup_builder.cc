#include "rollup/rollup_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>

#include "block/block_order.h"

namespace tickscope::rollup {
namespace {

// Windows of multiples of a minute are made from those of a minute (rollup_rows.h, R3).
constexpr std::int64_t kBaseResolution = 60'000;

// Goes through the series of one block in block order.
class BlockWalk {
 public:
  explicit BlockWalk(const block::BlockReader& block)
      : block_(block), cursor_(block), count_(static_cast<std::uint32_t>(block.meta().series_count)) {}

  [[nodiscard]] bool at_end() const { return next_ == count_; }
  [[nodiscard]] const Labels& labels() const { return labels_; }

  /// Loads the labels of the series it is at, if any.
  [[nodiscard]] Status Load() {
    if (at_end()) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(labels_, cursor_.LabelsOf(static_cast<block::SeriesId>(next_)));
    return {};
  }
  [[nodiscard]] Status Advance() {
    ++next_;
    return Load();
  }
  /// Moves to the first series that does not lie before `labels`; true when it is this one.
  [[nodiscard]] Result<bool> AdvanceTo(const Labels& labels) {
    while (!at_end() && block::BlockOrder(labels_, labels))
      TICKSCOPE_RETURN_IF_ERROR(Advance());
    return !at_end() && labels_ == labels;
  }
  [[nodiscard]] Status Read(TimeMs start_ms, TimeMs end_ms, SampleColumns& out) {
    if (block_.meta().max_time_ms < start_ms || block_.meta().min_time_ms > end_ms) return {};
    return cursor_.ReadSamples(static_cast<block::SeriesId>(next_), start_ms, end_ms, out);
  }

  /// Appends the series' last samples of those in [start, end]: all that a step may begin from. When the block ends there,
  /// its stats tell the last one and nothing is decoded.
  [[nodiscard]] Status ReadTail(TimeMs start_ms, TimeMs end_ms, SampleColumns& out) {
    const auto id = static_cast<block::SeriesId>(next_);
    TICKSCOPE_ASSIGN_OR_RETURN(const block::SeriesEntry* const entry, cursor_.Entry(id));
    if (!entry->holds_histograms && !entry->stats.empty() && block_.meta().max_time_ms <= end_ms) {
      const codec::ColumnStats& stats = entry->stats.back();
      if (stats.count > 0 && stats.gaps == 0 && stats.stale == 0 && !stats.has_nan) {
        TICKSCOPE_ASSIGN_OR_RETURN(const TimeMs last_ms, LastTime(entry->times));
        if (last_ms < start_ms) return {};
        out.times_ms.push_back(last_ms);
        out.values.push_back(stats.last);
        if (!out.histograms.empty()) out.histograms.resize(out.size());
        return {};
      }
    }
    return Read(start_ms, end_ms, out);
  }

 private:
  [[nodiscard]] Result<TimeMs> LastTime(block::TimesId times) {
    if (!times_ || *times_ != times) {
      std::vector<TimeMs> all;
      TICKSCOPE_RETURN_IF_ERROR(block_.ReadTimes(times, all));
      if (all.empty())
        return Fail(ErrorCode::kCorruption, "time column without times: file=" + block_.path());
      times_ = times;
      last_ms_ = all.back();
    }
    return last_ms_;
  }

  const block::BlockReader& block_;
  block::Cursor cursor_;
  const std::uint32_t count_;
  std::uint32_t next_ = 0;
  Labels labels_;
  std::optional<block::TimesId> times_;  // last_ms_ is of these.
  TimeMs last_ms_ = 0;
};

// Puts samples of several blocks in order; of equal times the first read stays.
void SortSamples(SampleColumns& samples) {
  if (std::ranges::is_sorted(samples.times_ms, std::less_equal<>())) return;
  if (!samples.histograms.empty()) samples.histograms.resize(samples.size());
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return samples.times_ms[i]; });
  SampleColumns sorted;
  for (const std::size_t i : order) {
    if (!sorted.times_ms.empty() && sorted.times_ms.back() == samples.times_ms[i]) continue;
    sorted.times_ms.push_back(samples.times_ms[i]);
    sorted.values.push_back(samples.values[i]);
    if (!samples.histograms.empty()) sorted.histograms.push_back(std::move(samples.histograms[i]));
  }
  samples = std::move(sorted);
}

// The files of all resolutions of a plan.
class RollupOutput {
 public:
  [[nodiscard]] static Result<RollupOutput> Create(io::FileSystem& fs, const RollupPlan& plan,
                                                   const TenantId& tenant, std::uint64_t end_offset) {
    if (plan.resolutions_ms.empty() || plan.aggregates.empty())
      return Fail(ErrorCode::kInvalidArgument, "rollup without resolutions or aggregates");
    RollupOutput made;
    for (const std::int64_t resolution_ms : plan.resolutions_ms) {
      TICKSCOPE_ASSIGN_OR_RETURN(RollupWriter writer,
                                 RollupWriter::Create(fs, {.directory = plan.directory,
                                                           .stem = plan.stem,
                                                           .tenant = tenant,
                                                           .end_offset = end_offset,
                                                           .replaced_stems = plan.replaced_stems,
                                                           .resolution_ms = resolution_ms,
                                                           .start_ms = plan.start_ms,
                                                           .end_ms = plan.end_ms,
                                                           .aggregates = plan.aggregates,
                                                           .keeping = plan.keeping}));
      made.writers_.push_back(std::move(writer));
    }
    return made;
  }

  [[nodiscard]] Status Add(std::size_t resolution, const Labels& labels, AggregateSet kept,
                           const RollupRows& rows) {
    return writers_[resolution].Add(labels, kept, rows);
  }
  [[nodiscard]] Result<std::vector<RollupFile>> Finish() {
    std::vector<RollupFile> all;
    for (RollupWriter& writer : writers_) {
      TICKSCOPE_ASSIGN_OR_RETURN(std::vector<RollupFile> files, writer.Finish());
      std::ranges::move(files, std::back_inserter(all));
    }
    return all;
  }

 private:
  std::vector<RollupWriter> writers_;
};

AggregateSet KeptOf(Keeping keeping, const Labels& labels, const RollupRows& rows) {
  return keeping == Keeping::kEverything ? AggregateSet::All() : WorthKeeping(labels, rows);
}

// Makes the windows of one series for every resolution.
class SeriesRoller {
 public:
  explicit SeriesRoller(const RollupPlan& plan) : plan_(plan) {}

  [[nodiscard]] Status Roll(const Labels& labels, SampleColumns& samples, RollupOutput& output) {
    bool has_base = false;
    const auto aggregate_base = [&] {
      if (has_base) return;
      has_base = true;
      kept_ = AggregateAndJudge(labels, samples);
    };
    for (std::size_t i = 0; i < plan_.resolutions_ms.size(); ++i) {
      const std::int64_t resolution_ms = plan_.resolutions_ms[i];
      if (resolution_ms % kBaseResolution != 0) {
        WindowKernel kernel(resolution_ms);
        kernel.Aggregate(samples, plan_.start_ms, plan_.aggregates, rows_);
        TICKSCOPE_RETURN_IF_ERROR(output.Add(i, labels, KeptOf(plan_.keeping, labels, rows_), rows_));
        continue;
      }
      aggregate_base();
      if (resolution_ms != kBaseResolution) FoldRows(base_rows_, resolution_ms, rows_);
      TICKSCOPE_RETURN_IF_ERROR(
          output.Add(i, labels, kept_, resolution_ms == kBaseResolution ? base_rows_ : rows_));
    }
    return {};
  }

 private:
  // Makes minutes of what will be kept, which the name nearly always tells, and says what that is.
  AggregateSet AggregateAndJudge(const Labels& labels, SampleColumns& samples) {
    const bool is_counter = plan_.keeping == Keeping::kByKind && IsNamedAsCounter(labels);
    base_.Aggregate(samples, plan_.start_ms, is_counter ? kOfCounters : plan_.aggregates, base_rows_);
    const AggregateSet kept = KeptOf(plan_.keeping, labels, base_rows_);
    if (is_counter && !base_rows_.holds_histograms() && kept != kOfCounters)
      base_.Aggregate(samples, plan_.start_ms, plan_.aggregates, base_rows_);
    return kept;
  }

  const RollupPlan& plan_;
  WindowKernel base_{kBaseResolution};
  AggregateSet kept_;
  RollupRows base_rows_;
  RollupRows rows_;
};

Status CheckInputs(const RollupInputs& inputs) {
  if (inputs.blocks.empty()) return Fail(ErrorCode::kInvalidArgument, "rollup of no blocks");
  const block::BlockMeta& first = inputs.blocks.front()->meta();
  for (const auto* const blocks : {&inputs.blocks, &inputs.before}) {
    for (const auto& block : *blocks) {
      if (block->meta().tenant != first.tenant) {
        return Fail(ErrorCode::kInvalidArgument,
                    fmt::format("rollup of blocks of several tenants: file={} tenant={} want={}",
                                block->path(), block->meta().tenant, first.tenant));
      }
      if (block->meta().resolution_ms != 0) {
        return Fail(ErrorCode::kInvalidArgument,
                    fmt::format("rollup of a block that is one already: file={} resolution_ms={}",
                                block->path(), block->meta().resolution_ms));
      }
    }
  }
  return {};
}

}  // namespace

Result<std::vector<RollupFile>> BuildRollups(io::FileSystem& fs, const RollupInputs& inputs,
                                             const RollupPlan& plan) {
  TICKSCOPE_RETURN_IF_ERROR(CheckInputs(inputs));
  std::uint64_t end_offset = 0;
  std::vector<BlockWalk> walks;
  std::vector<BlockWalk> before;
  for (const auto& block : inputs.blocks) {
    end_offset = std::max(end_offset, block->meta().end_offset);
    walks.emplace_back(*block);
  }
  const TimeMs reach_ms = plan.start_ms - kStepGapMax;
  for (const auto& block : inputs.before) {
    if (block->meta().max_time_ms > reach_ms && block->meta().min_time_ms <= plan.start_ms)
      before.emplace_back(*block);
  }
  TICKSCOPE_ASSIGN_OR_RETURN(
      RollupOutput output, RollupOutput::Create(fs, plan, inputs.blocks.front()->meta().tenant, end_offset));
  for (auto* const some : {&walks, &before}) {
    for (BlockWalk& walk : *some)
      TICKSCOPE_RETURN_IF_ERROR(walk.Load());
  }
  SeriesRoller roller(plan);
  SampleColumns samples;
  while (true) {
    const BlockWalk* next = nullptr;
    for (const BlockWalk& walk : walks) {
      if (walk.at_end()) continue;
      if (next == nullptr || block::BlockOrder(walk.labels(), next->labels())) next = &walk;
    }
    if (next == nullptr) break;
    const Labels labels = next->labels();
    samples.Clear();
    for (BlockWalk& walk : before) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool has, walk.AdvanceTo(labels));
      if (has) TICKSCOPE_RETURN_IF_ERROR(walk.ReadTail(reach_ms, plan.start_ms, samples));
    }
    for (BlockWalk& walk : walks) {
      if (walk.at_end() || walk.labels() != labels) continue;
      TICKSCOPE_RETURN_IF_ERROR(walk.Read(reach_ms, plan.end_ms, samples));
      TICKSCOPE_RETURN_IF_ERROR(walk.Advance());
    }
    SortSamples(samples);
    TICKSCOPE_RETURN_IF_ERROR(roller.Roll(labels, samples, output));
  }
  return output.Finish();
}

Result<std::vector<RollupFile>> FoldRollups(io::FileSystem& fs, const RollupReader& fine,
                                            const RollupPlan& plan) {
  for (const std::int64_t resolution_ms : plan.resolutions_ms) {
    if (resolution_ms % fine.resolution_ms() != 0) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("windows do not fold: got {} ms of {} ms",
                                                           resolution_ms, fine.resolution_ms()));
    }
  }
  for (const Aggregate aggregate : kAggregates) {
    if (plan.aggregates.Has(aggregate) && !fine.Covers(aggregate, plan.start_ms, plan.end_ms)) {
      return Fail(ErrorCode::kFailedPrecondition,
                  fmt::format("windows to fold are not all there: aggregate={} range=({}, {}]",
                              AggregateName(aggregate), plan.start_ms, plan.end_ms));
    }
  }
  TICKSCOPE_ASSIGN_OR_RETURN(RollupOutput output,
                             RollupOutput::Create(fs, plan, fine.tenant(), fine.end_offset()));
  const QueryContext context;
  TICKSCOPE_ASSIGN_OR_RETURN(auto series,
                             fine.Select({.matchers = {},
                                          .start_ms = plan.start_ms + 1,
                                          .end_ms = plan.end_ms,
                                          .aggregates = plan.aggregates,
                                          .order = SeriesOrder::kBlock,
                                          .steps_reach_ms = std::ranges::max(plan.resolutions_ms),
                                          .series_max = SIZE_MAX},
                                         context));
  RollupRows rows;
  RollupRows folded;
  while (series->Next()) {
    TICKSCOPE_RETURN_IF_ERROR(series->Read(rows));
    const AggregateSet kept = KeptOf(plan.keeping, series->labels(), rows);
    for (std::size_t i = 0; i < plan.resolutions_ms.size(); ++i) {
      FoldRows(rows, plan.resolutions_ms[i], folded);
      TICKSCOPE_RETURN_IF_ERROR(output.Add(i, series->labels(), kept, folded));
    }
  }
  return output.Finish();
}

}  // namespace tickscope::rollup
