#include "tsdb/version.h"

#include <algorithm>

#include "codec/value_column.h"
#include "model/sample_columns.h"

namespace tickscope::tsdb {
namespace {

// Gives the samples of rows at [from, to), which descend in time, their starts.
void FillStarts(const RowStart* start, std::size_t from, std::size_t to, std::vector<TimeMs>& starts_ms,
                const std::vector<TimeMs>& times_ms) {
  for (std::size_t i = from; i < to; ++i) {
    while (start != nullptr && start->from_ms > times_ms[i])
      start = start->older;
    starts_ms[i] = start == nullptr ? 0 : start->start_ms;
  }
}

void Push(TimeMs time_ms, double value, const HistogramPtr* histogram, SampleColumns& out) {
  if (histogram != nullptr) out.histograms.resize(out.size());
  out.times_ms.push_back(time_ms);
  out.values.push_back(value);
  if (histogram != nullptr) {
    out.histograms.push_back(*histogram);
  } else if (!out.histograms.empty()) {
    out.histograms.emplace_back();
  }
}

}  // namespace

void ReadBeside(const Beside* newest, TimeMs start_ms, TimeMs end_ms, Starts starts, SampleColumns& out) {
  for (const Beside* beside = newest; beside != nullptr && beside->newest_ms >= start_ms;
       beside = beside->older) {
    if (beside->time_ms < start_ms || beside->time_ms > end_ms) continue;
    Push(beside->time_ms, beside->value, beside->histogram, out);
    if (starts == Starts::kWith) out.start_times_ms.push_back(beside->start_ms);
  }
}

void ReadGeneration(const Generation& generation, const Catalog& catalog, SeriesRef ref, TimeMs start_ms,
                    TimeMs end_ms, SampleColumns& out) {
  const auto place = catalog.PlaceOf(ref);
  if (!place) return;
  if (start_ms > generation.max_time_ms() || end_ms < generation.min_time_ms()) return;
  const std::size_t from = out.size();
  for (const Row* row = generation.NewestRow(place->target); row != nullptr && row->time_ms >= start_ms;
       row = row->older) {
    if (row->time_ms > end_ms || !row->Covers(place->column)) continue;
    if (const double value = row->Get(place->column); !codec::IsMissing(value)) {
      Push(row->time_ms, value, nullptr, out);
    }
  }
  const std::size_t rows_end = out.size();
  const Beside* const beside = generation.NewestBeside(ref);
  const bool has_beside = beside != nullptr;
  const RowStart* const start = generation.NewestStart(ref);
  std::vector<TimeMs>& starts_ms = out.start_times_ms;
  const bool has_starts = start != nullptr || !starts_ms.empty();
  if (has_starts) {
    starts_ms.resize(out.size());
    FillStarts(start, from, rows_end, starts_ms, out.times_ms);
  }
  ReadBeside(beside, start_ms, end_ms, has_starts ? Starts::kWith : Starts::kWithout, out);
  if (has_beside) {
    SortSamples(out, from);
    return;
  }
  // Rows were walked from the newest.
  std::reverse(out.times_ms.begin() + static_cast<std::ptrdiff_t>(from), out.times_ms.end());
  std::reverse(out.values.begin() + static_cast<std::ptrdiff_t>(from), out.values.end());
  if (has_starts) std::reverse(starts_ms.begin() + static_cast<std::ptrdiff_t>(from), starts_ms.end());
}

void ReadStretch(const Head::Stretch& stretch, SeriesRef ref, TimeMs start_ms, TimeMs end_ms,
                 SampleColumns& out) {
  ReadGeneration(*stretch.generation, *stretch.catalog, ref, start_ms, end_ms, out);
}

bool TenantVersion::RecentMayHold(TimeMs start_ms, TimeMs end_ms) const {
  for (const Head::Stretch& stretch : stretches) {
    if (start_ms <= stretch.generation->max_time_ms() && end_ms >= stretch.generation->min_time_ms())
      return true;
  }
  for (const SegmentEntry& segment : segments) {
    const SegmentInfo& info = segment.reader->info();
    if (start_ms <= info.max_time_ms && end_ms >= std::max(info.min_time_ms, segment.from_ms)) return true;
  }
  return false;
}

void TenantVersion::ReadRecent(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out,
                               std::vector<Damage>& damage) const {
  const std::size_t from = out.size();
  for (const SegmentEntry& segment : segments) {
    const std::size_t before = out.size();
    const Status read = segment.reader->ReadSamples(ref, std::max(start_ms, segment.from_ms), end_ms, out);
    if (read) continue;
    damage.push_back({segment.reader->path(), read.error()});
    Truncate(out, before);
  }
  for (const Head::Stretch& stretch : stretches)
    ReadStretch(stretch, ref, start_ms, end_ms, out);
  SortSamples(out, from);
}

}  // namespace tickscope::tsdb
