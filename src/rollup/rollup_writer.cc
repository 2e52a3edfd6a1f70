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
// Of minima and maxima only those windows are kept that do not follow from others, when they are one in this many or
// fewer.
constexpr std::size_t kSparseShare = 8;

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool SameSample(const RollupRows::Column& a, const RollupRows::Column& b, std::size_t i) {
  const HistogramPtr& x = a.HistogramAt(i);
  const HistogramPtr& y = b.HistogramAt(i);
  if (x == nullptr || y == nullptr) return x == y && SameBits(a.values[i], b.values[i]);
  return x == y || *x == *y;
}

// What a reader makes of others where a column of floats leaves a window out. Requires: not of what is never left out.
double FollowingFromOthers(const RollupRows& rows, Aggregate aggregate, std::size_t i) {
  if (aggregate == Aggregate::kSum)
    return SumOfEqual(rows[Aggregate::kCount].values[i], rows[Aggregate::kFirst].values[i]);
  return rows[aggregate == Aggregate::kMax ? Aggregate::kLast : Aggregate::kFirst].values[i];
}

bool IsNeverLeftOut(Aggregate aggregate) {
  return aggregate == Aggregate::kCount || aggregate == Aggregate::kFirst ||
         aggregate == Aggregate::kIncrease;
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

Status RollupWriter::Add(const Labels& labels, const RollupRows& rows) {
  if (rows.size() == 0) return {};
  if (!has_coverage_ && block::BlockOrder(CoverageLabels(), labels)) TICKSCOPE_RETURN_IF_ERROR(AddCoverage());
  return rows.holds_histograms() ? AddMixed(labels, rows) : AddFloats(labels, rows);
}

Status RollupWriter::AddFloats(const Labels& labels, const RollupRows& rows) {
  for (Output& output : outputs_) {
    const std::vector<double>& values = rows[output.aggregate].values;
    if (IsNeverLeftOut(output.aggregate)) {
      TICKSCOPE_RETURN_IF_ERROR(AddColumn(output, labels, rows.ends_ms, values));
      continue;
    }
    // A counter's extremes are its ends but in the windows of a reset, which are those of the whole process. Where the
    // others change, each series does at times of its own, which would cost what is saved.
    const bool may_be_sparse = output.aggregate == Aggregate::kMin || output.aggregate == Aggregate::kMax;
    const std::size_t sparse_max = may_be_sparse ? values.size() / kSparseShare : 0;
    sparse_ends_ms_.clear();
    sparse_.clear();
    for (std::size_t i = 0; i < values.size() && sparse_.size() <= sparse_max; ++i) {
      if (SameBits(values[i], FollowingFromOthers(rows, output.aggregate, i))) continue;
      sparse_ends_ms_.push_back(rows.ends_ms[i]);
      sparse_.push_back(values[i]);
    }
    if (sparse_.empty()) continue;
    const bool is_sparse = sparse_.size() <= sparse_max;
    TICKSCOPE_RETURN_IF_ERROR(is_sparse ? AddColumn(output, labels, sparse_ends_ms_, sparse_)
                                        : AddColumn(output, labels, rows.ends_ms, values));
  }
  return {};
}

Status RollupWriter::AddMixed(const Labels& labels, const RollupRows& rows) {
  for (Output& output : outputs_) {
    const RollupRows::Column& column = rows[output.aggregate];
    switch (output.aggregate) {
      case Aggregate::kCount:
        TICKSCOPE_RETURN_IF_ERROR(AddColumn(output, labels, rows.ends_ms, column.values));
        continue;
      case Aggregate::kMin:
      case Aggregate::kMax: {
        std::vector<TimeMs> ends_ms;
        std::vector<double> values;
        for (std::size_t i = 0; i < rows.size(); ++i) {
          if (IsNoValue(column.values[i])) continue;
          ends_ms.push_back(rows.ends_ms[i]);
          values.push_back(column.values[i]);
        }
        if (!values.empty()) TICKSCOPE_RETURN_IF_ERROR(AddColumn(output, labels, ends_ms, values));
        continue;
      }
      case Aggregate::kLast: {
        bool is_first = true;
        for (std::size_t i = 0; i < rows.size() && is_first; ++i)
          is_first = SameSample(column, rows[Aggregate::kFirst], i);
        if (is_first) continue;
        break;
      }
      case Aggregate::kSum:
      case Aggregate::kFirst:
      case Aggregate::kIncrease:
        break;
    }
    TICKSCOPE_RETURN_IF_ERROR(
        output.writer.AddMixedSeries(labels, {rows.ends_ms, column.values, column.histograms, {}}));
  }
  return {};
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
