#include "tsdb/stretch_cursor.h"

#include <algorithm>

#include "codec/value_column.h"
#include "model/sample_columns.h"
#include "tsdb/catalog.h"
#include "tsdb/version.h"

namespace tickscope::tsdb {

void StretchCursor::ReadSamples(SeriesRef ref, SampleColumns& out) {
  const Generation& generation = *stretch_.generation;
  if (start_ms_ > generation.max_time_ms() || end_ms_ < generation.min_time_ms()) return;
  const auto place = stretch_.catalog->PlaceOf(ref);
  if (!place) return;
  if (target_ != place->target) FindRows(place->target);
  const std::size_t from = out.size();
  const bool with_histograms = !out.histograms.empty();
  for (const Row* const row : rows_) {
    if (!row->Covers(place->column)) continue;
    const double value = row->Get(place->column);
    if (codec::IsMissing(value)) continue;
    out.times_ms.push_back(row->time_ms);
    out.values.push_back(value);
    if (with_histograms) out.histograms.emplace_back();
  }
  const Beside* const beside = generation.NewestBeside(ref);
  if (beside == nullptr) return;
  ReadBeside(beside, start_ms_, end_ms_, Starts::kWithout, out);
  SortSamples(out, from);
}

void StretchCursor::FindRows(TargetId target) {
  target_ = target;
  rows_.clear();
  for (const Row* row = stretch_.generation->NewestRow(target); row != nullptr && row->time_ms >= start_ms_;
       row = row->older) {
    if (row->time_ms <= end_ms_) rows_.push_back(row);
  }
  std::ranges::reverse(rows_);
}

}  // namespace tickscope::tsdb
