#include "rollup/rollup_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "block/block_order.h"
#include "codec/value_column.h"

namespace tickscope::rollup {
namespace {

// A series shares the times of all windows when it has one in this many of them or more.
constexpr std::size_t kSharedShare = 2;
bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

Result<RollupWriter> RollupWriter::Create(io::FileSystem& fs, const RollupFileSet& files) {
  const std::int64_t resolution_ms = files.resolution_ms;
  if (resolution_ms <= 0 || resolution_ms > kResolutionMax) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("resolution of a rollup: got {} ms, want 1 to {}",
                                                         resolution_ms, kResolutionMax));
  }
  if (files.start_ms % resolution_ms != 0 || files.end_ms % resolution_ms != 0 ||
      files.start_ms >= files.end_ms) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("range of a rollup: got ({}, {}], want multiples of {} ms, ascending",
                            files.start_ms, files.end_ms, resolution_ms));
  }
  const auto windows =
      (static_cast<std::uint64_t>(files.end_ms) - static_cast<std::uint64_t>(files.start_ms)) /
      static_cast<std::uint64_t>(resolution_ms);
  if (windows > kWindowsMax) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("too many windows for a rollup: got {}, want at most {}", windows, kWindowsMax));
  }
  RollupWriter made;
  made.resolution_ms_ = resolution_ms;
  made.keeping_ = files.keeping;
  for (TimeMs end_ms = files.start_ms + resolution_ms; end_ms <= files.end_ms; end_ms += resolution_ms)
    made.grid_.push_back(end_ms);
  for (const Aggregate aggregate : kAggregates) {
    if (!files.aggregates.Has(aggregate)) continue;
    block::BlockMeta meta{.tenant = files.tenant,
                          .end_offset = files.end_offset,
                          .resolution_ms = resolution_ms,
                          .aggregate = std::string(AggregateName(aggregate)),
                          .sources = {}};
    for (const std::string& stem : files.replaced_stems)
      meta.sources.push_back(RollupFileName(stem, resolution_ms, aggregate));
    std::string name = RollupFileName(files.stem, resolution_ms, aggregate);
    TICKSCOPE_ASSIGN_OR_RETURN(block::BlockWriter writer,
                               block::BlockWriter::Create(fs, files.directory + "/" + name, std::move(meta)));
    TICKSCOPE_ASSIGN_OR_RETURN(const block::TimesId grid, writer.AddTimes(made.grid_));
    made.outputs_.push_back({aggregate, std::move(name), std::move(writer), grid});
  }
  return made;
}

Status RollupWriter::AddCoverage() {
  has_coverage_ = true;
  const std::vector<double> ones(grid_.size(), 1);
  for (Output& output : outputs_) {
    TICKSCOPE_RETURN_IF_ERROR(output.writer.AddSeries(CoverageLabels(), output.grid, ones));
  }
  return {};
}

Status RollupWriter::Add(const Labels& labels, AggregateSet kept, const RollupRows& rows) {
  if (rows.size() == 0) return {};
  if (!has_coverage_ && block::BlockOrder(CoverageLabels(), labels)) TICKSCOPE_RETURN_IF_ERROR(AddCoverage());
  const bool is_mixed = rows.holds_histograms();
  for (Output& output : outputs_) {
    if (!kept.Has(output.aggregate) || rows[output.aggregate].values.empty()) continue;
    TICKSCOPE_RETURN_IF_ERROR(is_mixed ? AddMixed(output, labels, rows) : AddFloats(output, labels, rows));
  }
  return {};
}

void RollupWriter::PickIncreases(const RollupRows& rows, SampleColumns& picked) const {
  picked.Clear();
  const RollupRows::Column& increase = rows[Aggregate::kIncrease];
  const RollupRows::Column& last = rows[Aggregate::kLast];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const HistogramPtr& histogram = increase.HistogramAt(i);
    const TimeMs before_ms = i == 0 ? grid_.front() - resolution_ms_ : rows.ends_ms[i - 1];
    const bool is_next = rows.ends_ms[i] - before_ms == resolution_ms_;
    const double before = rows.LastBefore(i, resolution_ms_);
    const double now = last.HistogramAt(i) == nullptr ? last.values[i] : NoValue();
    if (histogram == nullptr && is_next && SameBits(increase.values[i], StepOf(before, now))) continue;
    picked.times_ms.push_back(rows.ends_ms[i]);
    picked.values.push_back(increase.values[i]);
    if (!increase.histograms.empty()) picked.histograms.push_back(histogram);
  }
}

Status RollupWriter::AddFloats(Output& output, const Labels& labels, const RollupRows& rows) {
  if (output.aggregate != Aggregate::kIncrease || keeping_ == Keeping::kEverything)
    return AddColumn(output, labels, rows.ends_ms, rows[output.aggregate].values);
  PickIncreases(rows, picked_);
  if (picked_.size() == 0) return {};
  return AddColumn(output, labels, picked_.times_ms, picked_.values);
}

Status RollupWriter::AddMixed(Output& output, const Labels& labels, const RollupRows& rows) {
  const RollupRows::Column& column = rows[output.aggregate];
  switch (output.aggregate) {
    case Aggregate::kCount:
      return AddColumn(output, labels, rows.ends_ms, column.values);
    case Aggregate::kMin:
    case Aggregate::kMax: {
      picked_.Clear();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (IsNoValue(column.values[i])) continue;
        picked_.times_ms.push_back(rows.ends_ms[i]);
        picked_.values.push_back(column.values[i]);
      }
      if (picked_.size() == 0) return {};
      return AddColumn(output, labels, picked_.times_ms, picked_.values);
    }
    case Aggregate::kIncrease:
      if (keeping_ == Keeping::kEverything) break;
      PickIncreases(rows, picked_);
      return picked_.size() == 0 ? Status() : output.writer.AddMixedSeries(labels, picked_);
    case Aggregate::kSum:
    case Aggregate::kFirst:
    case Aggregate::kLast:
      break;
  }
  return output.writer.AddMixedSeries(labels, {rows.ends_ms, column.values, column.histograms, {}});
}

Status RollupWriter::AddColumn(Output& output, const Labels& labels, std::span<const TimeMs> ends_ms,
                               std::span<const double> values) {
  if (ends_ms.size() * kSharedShare < grid_.size()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const block::TimesId own, output.writer.AddTimes(ends_ms));
    return output.writer.AddSeries(labels, own, values);
  }
  if (ends_ms.size() == grid_.size()) return output.writer.AddSeries(labels, output.grid, values);
  aligned_.assign(grid_.size(), codec::MissingValue());
  for (std::size_t i = 0; i < ends_ms.size(); ++i)
    aligned_[static_cast<std::size_t>((ends_ms[i] - grid_.front()) / resolution_ms_)] = values[i];
  return output.writer.AddSeries(labels, output.grid, aligned_);
}

Result<std::vector<RollupFile>> RollupWriter::Finish() {
  if (!has_coverage_) TICKSCOPE_RETURN_IF_ERROR(AddCoverage());
  std::vector<RollupFile> files;
  for (Output& output : outputs_) {
    TICKSCOPE_ASSIGN_OR_RETURN(block::BlockSummary summary, output.writer.Finish());
    files.push_back({output.name, resolution_ms_, output.aggregate, std::move(summary)});
  }
  return files;
}

}  // namespace tickscope::rollup
