#include "tsdb/head.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "codec/value_column.h"

namespace tickscope::tsdb {
namespace {

using codec::IsMissing;

// A row of a target that spans this many times the series that came would be mostly empty.
constexpr std::uint32_t kRowSpareMax = 8;
// Rows that stayed nearly empty before a target stops making rows for few series.
constexpr std::uint8_t kStrikesMax = 2;

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
      beside(metrics.AddCounter("tickscope_head_beside_samples_total",
                                "Samples kept beside the rows: late ones, times of their own, histograms.",
                                {})),
      duplicates(metrics.AddCounter("tickscope_head_duplicate_samples_total",
                                    "Samples dropped because they were there already.", {})),
      conflicts(metrics.AddCounter("tickscope_head_conflicting_samples_total",
                                   "Samples dropped because their time had another value.", {})),
      undefined(metrics.AddCounter("tickscope_head_undefined_samples_total",
                                   "Samples dropped because damage took their series' definition.", {})),
      rows(metrics.AddCounter("tickscope_head_rows_total", "Rows begun.", {})) {}

Head::Head(HeadMetrics& metrics, const SealedSamples& sealed, std::uint64_t first_generation)
    : metrics_(metrics), sealed_(sealed), catalog_(std::make_shared<Catalog>()) {
  stretches_.push_back({std::make_shared<Generation>(first_generation), catalog_});
}

Head::~Head() = default;

void Head::Apply(const codec::SampleBatch& batch, std::uint64_t epoch) {
  for (const codec::SeriesDefinition& definition : batch.series) {
    Define(definition.ref, definition.labels, epoch);
  }
  AppendFloats(batch.floats);
  for (const codec::HistogramEntry& entry : batch.histograms) {
    AppendHistogram(entry);
  }
  metrics_.samples->Add(batch.floats.size());
  metrics_.histograms->Add(batch.histograms.size());
  newest().NoteSamples(batch.floats.size() + batch.histograms.size());
}

void Head::Define(SeriesRef ref, std::span<const LabelView> labels, std::uint64_t epoch) {
  if (!catalog_->Define(ref, labels, epoch)) return;
  defined_.push_back(ref);
  metrics_.series->Add(1);
  metrics_.series_created->Add();
}

void Head::AppendFloats(const codec::FloatColumns& floats) {
  for (std::size_t at = 0; at < floats.size();) {
    const auto place = catalog_->PlaceOf(floats.refs[at]);
    if (!place) {
      metrics_.undefined->Add();
      ++at;
      continue;
    }
    const Run run = FindRun(floats, at, *place);
    for (std::size_t point = 0; point < run.points; ++point) {
      const TimeMs* const starts_ms = floats.starts_ms.empty() ? nullptr : &floats.starts_ms[at + point];
      AppendStretch(run.place, run.length, floats.times_ms[at + point],
                    {&floats.values[at + point], starts_ms, run.points});
    }
    at += run.length * run.points;
  }
}

Head::Run Head::FindRun(const codec::FloatColumns& floats, std::size_t at, SeriesPlace place) const {
  Run run{.place = place};
  const std::size_t size = floats.size();
  const SeriesRef first = floats.refs[at];
  while (at + run.points < size && floats.refs[at + run.points] == first)
    ++run.points;
  const TimeMs* const times = &floats.times_ms[at];
  const std::uint32_t length_max = catalog_->target(place.target).width - place.column;
  for (std::size_t next = at + run.points; run.length < length_max && next + run.points <= size;
       next += run.points, ++run.length) {
    const auto ref = static_cast<SeriesRef>(ToIndex(first) + run.length);
    bool follows = true;
    for (std::size_t i = 0; follows && i < run.points; ++i)
      follows = floats.refs[next + i] == ref && floats.times_ms[next + i] == times[i];
    // Were there more points of it, a run of one shape would split them.
    if (!follows || (next + run.points < size && floats.refs[next + run.points] == ref)) break;
  }
  return run;
}

bool Head::AllowsRow(const TargetState& target, std::uint32_t length) const {
  return target.strikes < kStrikesMax || target.width <= kRowSpareMax ||
         length >= target.width / kRowSpareMax;
}

Row* Head::FindRow(TargetId target, TimeMs time_ms, std::uint32_t column) const {
  // Rows go back in time; several may have the same one.
  for (Row* row = newest().NewestRowForWriting(target); row != nullptr && row->time_ms >= time_ms;
       row = const_cast<Row*>(row->older)) {
    if (row->time_ms == time_ms && row->Covers(column)) return row;
  }
  return nullptr;
}

void Head::AppendStretch(SeriesPlace place, std::uint32_t length, TimeMs time_ms, const Stride& samples) {
  TargetState& target = catalog_->target(place.target);
  const TimeMs known_ms = std::max({target.last_row_ms, target.last_beside_ms, target.unknown_until_ms});
  Row* row = nullptr;
  if (time_ms > known_ms) {
    if (AllowsRow(target, length)) {
      if (target.last_row_ms != INT64_MIN && target.width > kRowSpareMax) {
        const bool is_sparse = target.row_fill < target.width / kRowSpareMax;
        target.strikes =
            is_sparse ? static_cast<std::uint8_t>(std::min<int>(target.strikes + 1, kStrikesMax)) : 0;
      }
      row = newest().AddRow(place.target, target.first_ref, time_ms, 0, target.width);
      metrics_.rows->Add();
      target.last_row_ms = time_ms;
      target.row_fill = 0;
      FillRow(target, *row, place, length, samples);
      return;
    }
  }
  const auto first_ref = ToIndex(target.first_ref) + place.column;
  for (std::uint32_t i = 0; i < length; ++i) {
    const SeriesPlace each{place.target, place.column + i};
    AppendOne(each, static_cast<SeriesRef>(first_ref + i), time_ms, samples.value(i), samples.start_ms(i));
  }
}

void Head::FillRow(TargetState& target, Row& row, SeriesPlace place, std::uint32_t length,
                   const Stride& samples) {
  Generation& generation = newest();
  const bool has_starts = samples.starts_ms != nullptr || generation.has_starts();
  for (std::uint32_t i = 0; i < length; ++i) {
    const double value = samples.value(i);
    const auto ref = static_cast<SeriesRef>(ToIndex(target.first_ref) + place.column + i);
    if (IsMissing(value)) [[unlikely]] {
      PutBeside(target, ref, row.time_ms, value, nullptr, samples.start_ms(i));
      continue;
    }
    if (has_starts) {
      const RowStart* const known = generation.NewestStart(ref);
      if (samples.start_ms(i) != (known == nullptr ? 0 : known->start_ms))
        generation.AddStart(ref, row.time_ms, samples.start_ms(i));
    }
    Generation::Set(row, place.column + i, value);
  }
  target.row_fill += length;
}

bool Head::AllowStart(SeriesPlace place, SeriesRef ref, TimeMs time_ms, TimeMs start_ms) {
  Generation& generation = newest();
  const RowStart* known = generation.NewestStart(ref);
  while (known != nullptr && known->from_ms > time_ms)
    known = known->older;
  if (start_ms == (known == nullptr ? 0 : known->start_ms)) return true;
  for (const Row* row = generation.NewestRow(place.target); row != nullptr && row->time_ms > time_ms;
       row = row->older) {
    if (row->Covers(place.column) && !IsMissing(row->Get(place.column))) return false;
  }
  generation.AddStart(ref, time_ms, start_ms);
  return true;
}

void Head::AppendOne(SeriesPlace place, SeriesRef ref, TimeMs time_ms, double value, TimeMs start_ms) {
  TargetState& target = catalog_->target(place.target);
  const auto beside = last_beside_ms_.find(ToIndex(ref));
  const bool beside_is_older = beside == last_beside_ms_.end() || beside->second < time_ms;
  Row* const row = FindRow(place.target, time_ms, place.column);
  // A row of this time in the newest generation was made when the time was new to the target, so nothing of
  // it is in older rows.
  const bool is_new = beside_is_older && time_ms > target.unknown_until_ms &&
                      (row != nullptr ? IsMissing(row->Get(place.column)) : time_ms > target.last_row_ms);
  if (!is_new) {
    if (const auto stored = Find(place, ref, time_ms)) {
      CountRepeated(*stored, value, nullptr);
      return;
    }
  }
  if (row != nullptr && IsMissing(row->Get(place.column)) && !IsMissing(value) &&
      AllowStart(place, ref, time_ms, start_ms)) {
    Generation::Set(*row, place.column, value);
    ++target.row_fill;
    return;
  }
  // A second row for series the first one of this time was too narrow for, or made before a cut.
  if (row == nullptr && !IsMissing(value) && time_ms >= target.last_row_ms && AllowsRow(target, 1)) {
    const Row* const newest_row = newest().NewestRow(place.target);
    const bool is_continued =
        newest_row != nullptr && newest_row->time_ms == time_ms && !newest_row->Covers(place.column);
    const std::uint32_t first = is_continued && place.column > newest_row->first_column
                                    ? newest_row->first_column + newest_row->width
                                    : 0;
    Row* const added = newest().AddRow(place.target, target.first_ref, time_ms, first, target.width - first);
    metrics_.rows->Add();
    if (time_ms > target.last_row_ms) target.row_fill = 0;
    target.last_row_ms = time_ms;
    FillRow(target, *added, place, 1, {&value, &start_ms, 1});
    return;
  }
  PutBeside(target, ref, time_ms, value, nullptr, start_ms);
}

void Head::AppendHistogram(const codec::HistogramEntry& entry) {
  const SeriesRef ref = entry.ref;
  const TimeMs time_ms = entry.time_ms;
  const auto place = catalog_->PlaceOf(ref);
  if (!place) {
    metrics_.undefined->Add();
    return;
  }
  TargetState& target = catalog_->target(place->target);
  const auto beside = last_beside_ms_.find(ToIndex(ref));
  const bool beside_is_older = beside == last_beside_ms_.end() || beside->second < time_ms;
  const Row* const row = FindRow(place->target, time_ms, place->column);
  const bool is_new = beside_is_older && time_ms > target.unknown_until_ms &&
                      (row != nullptr ? IsMissing(row->Get(place->column)) : time_ms > target.last_row_ms);
  if (!is_new) {
    if (const auto stored = Find(*place, ref, time_ms)) {
      CountRepeated(*stored, 0, entry.histogram.get());
      return;
    }
  }
  PutBeside(target, ref, time_ms, 0, entry.histogram, entry.start_ms);
}

void Head::PutBeside(TargetState& target, SeriesRef ref, TimeMs time_ms, double value, HistogramPtr histogram,
                     TimeMs start_ms) {
  newest().AddBeside(ref, time_ms, value, std::move(histogram), start_ms);
  metrics_.beside->Add();
  target.last_beside_ms = std::max(target.last_beside_ms, time_ms);
  const auto [last, is_first] = last_beside_ms_.try_emplace(ToIndex(ref), time_ms);
  if (!is_first) last->second = std::max(last->second, time_ms);
}

void Head::NoteBeside(SeriesRef ref, TimeMs time_ms) {
  const auto place = catalog_->PlaceOf(ref);
  if (!place) return;
  TargetState& target = catalog_->target(place->target);
  target.last_beside_ms = std::max(target.last_beside_ms, time_ms);
  const auto [last, is_first] = last_beside_ms_.try_emplace(ToIndex(ref), time_ms);
  if (!is_first) last->second = std::max(last->second, time_ms);
}

std::optional<StoredSample> Head::Find(SeriesPlace place, SeriesRef ref, TimeMs time_ms) const {
  for (auto stretch = stretches_.rbegin(); stretch != stretches_.rend(); ++stretch) {
    if (const Beside* const beside = stretch->generation->FindBeside(ref, time_ms)) {
      return StoredSample{beside->value, beside->histogram == nullptr ? nullptr : *beside->histogram};
    }
    const auto then = stretch->catalog == catalog_ ? place : stretch->catalog->PlaceOf(ref);
    if (!then) continue;
    for (const Row* row = stretch->generation->NewestRow(then->target);
         row != nullptr && row->time_ms >= time_ms; row = row->older) {
      if (row->time_ms != time_ms || !row->Covers(then->column)) continue;
      if (const double value = row->Get(then->column); !IsMissing(value)) return StoredSample{value, nullptr};
    }
  }
  return sealed_.Find(ref, time_ms);
}

void Head::CountRepeated(const StoredSample& stored, double value, const Histogram* histogram) {
  const bool is_same = histogram == nullptr ? stored.histogram == nullptr && SameBits(stored.value, value)
                                            : stored.histogram != nullptr && *stored.histogram == *histogram;
  (is_same ? metrics_.duplicates : metrics_.conflicts)->Add();
}

Head::Frozen Head::Cut(std::uint64_t next_number) {
  Frozen frozen{stretches_.back(), std::exchange(defined_, {})};
  std::sort(frozen.defined.begin(), frozen.defined.end());
  stretches_.push_back({std::make_shared<Generation>(next_number), catalog_});
  return frozen;
}

void Head::DropSealed(std::uint64_t number) {
  std::erase_if(stretches_,
                [number](const Stretch& stretch) { return stretch.generation->number() <= number; });
  TICKSCOPE_CHECK(!stretches_.empty());
}

void Head::ReplaceCatalog(std::shared_ptr<Catalog> catalog) {
  // Rows are by target of the catalog they were written with, so the newest generation must not have any.
  TICKSCOPE_CHECK(newest().targets().empty());
  catalog_ = std::move(catalog);
  stretches_.back().catalog = catalog_;
  std::erase_if(last_beside_ms_, [this](const auto& entry) {
    return !catalog_->PlaceOf(static_cast<SeriesRef>(entry.first));
  });
}

}  // namespace tickscope::tsdb
