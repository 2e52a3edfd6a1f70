#include <algorithm>

#include "block/block_format.h"
#include "block/block_reader.h"
#include "block/column_places.h"
#include "codec/block_column.h"
#include "codec/fixed.h"
#include "codec/histogram_column.h"
#include "codec/time_column.h"
#include "codec/value_column.h"
#include "codec/varint.h"

namespace tickscope::block {

namespace {

// Rows with times in [start, end]: mostly all, which is looked at first.
codec::RowRange RowsIn(std::span<const TimeMs> times_ms, TimeMs start_ms, TimeMs end_ms) {
  const auto before = [&](auto bound) { return static_cast<std::size_t>(bound - times_ms.begin()); };
  return {times_ms.front() >= start_ms ? 0 : before(std::ranges::lower_bound(times_ms, start_ms)),
          times_ms.back() <= end_ms ? times_ms.size() : before(std::ranges::upper_bound(times_ms, end_ms))};
}

}  // namespace

Result<const SeriesEntry*> Cursor::Entry(SeriesId id) {
  const auto number = static_cast<std::uint32_t>(id);
  const std::size_t group = number / kGroupSeries;
  if (group != group_) {
    group_ = ~std::size_t{0};
    TICKSCOPE_RETURN_IF_ERROR(block_.ReadGroup(group, entries_));
    group_ = group;
  }
  return &entries_[number % kGroupSeries];
}

Result<ColumnPlace> Cursor::Place(SeriesId id, std::uint32_t chunk) {
  if (known_ != nullptr) {
    if (const ColumnPlace* const place = known_->Find(id, chunk, known_near_)) return *place;
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
  return PlaceOf(*entry, chunk);
}

Result<Labels> Cursor::LabelsOf(SeriesId id) {
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
  return block_.LabelsOfEntry(*entry);
}

Result<const Cursor::TimesSlot*> Cursor::Times(TimesId id, std::uint32_t chunk) {
  if (times_.size() <= chunk) times_.resize(chunk + 1);
  TimesSlot& slot = times_[chunk];
  if (slot.version > 0 && slot.id == id) return &slot;
  slot.version = 0;
  // What stretches show stays where it is.
  slot.times_ms.reserve(kChunkRows);
  TICKSCOPE_RETURN_IF_ERROR(block_.ReadTimes(block_.ChunksOf(id)[chunk], slot.times_ms));
  slot.id = id;
  slot.version = ++times_version_;
  return &slot;
}

Result<std::span<const double>> Cursor::Column(SeriesId id, std::uint32_t chunk) {
  // Back to the first of the chain, then forward; what was decoded for a neighbour is still there.
  const auto number = static_cast<std::uint32_t>(id);
  std::uint32_t first = number;
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(static_cast<SeriesId>(first)));
    if (!entry->refers_to_previous) break;
    if (first == 0 || number - first >= kChainMax) {
      return std::unexpected(block_.sections_.Damage("series", number, "chain of references too long"));
    }
    --first;
  }
  if (chains_.size() <= chunk) chains_.resize(chunk + 1);
  Chain& chain = chains_[chunk];
  if (chain.count == 0 || chain.first != first) {
    chain.first = first;
    chain.count = 0;
  }
  for (std::uint32_t each = first + static_cast<std::uint32_t>(chain.count); each <= number; ++each) {
    TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(static_cast<SeriesId>(each)));
    if (entry->holds_histograms || chunk >= entry->column_bytes.size()) {
      return std::unexpected(block_.sections_.Damage("series", each, "refers to a series of another form"));
    }
    std::uint64_t at = entry->columns_at;
    for (std::uint32_t i = 0; i < chunk; ++i)
      at += entry->column_bytes[i];
    TICKSCOPE_ASSIGN_OR_RETURN(const ByteView bytes, block_.ColumnBytes(at, entry->column_bytes[chunk]));
    if (chain.columns.size() <= chain.count) chain.columns.emplace_back(kChunkRows);
    const std::uint32_t rows = block_.times_[static_cast<std::size_t>(entry->times)][chunk].rows;
    std::vector<double>& column = chain.columns[chain.count];
    std::span<const double> reference;
    if (chain.count > 0) {
      // What it refers to has as many rows, or it does not decode.
      reference = std::span<const double>(chain.columns[chain.count - 1]).first(chain.rows);
    }
    const auto count = codec::DecodeBlockColumn(bytes, reference, column);
    ++columns_read_;
    if (!count || *count != rows)
      return std::unexpected(block_.sections_.Damage("columns", at, "column does not decode"));
    chain.rows = rows;
    ++chain.count;
  }
  return std::span<const double>(chain.columns[number - first]).first(chain.rows);
}

Status Cursor::ReadSamples(SeriesId id, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) {
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
  const std::size_t before = out.size();
  if (entry->holds_histograms) {
    TICKSCOPE_RETURN_IF_ERROR(ReadMixed(*entry, start_ms, end_ms, out));
  } else {
    TICKSCOPE_RETURN_IF_ERROR(ReadFloats(id, entry->times, start_ms, end_ms, out));
  }
  TICKSCOPE_RETURN_IF_ERROR(block_.ReadStarts(id, starts_));
  codec::ApplyStarts(starts_, before, out);
  return {};
}

Result<bool> Cursor::ReadColumns(SeriesId id, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) {
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
  if (!entry->holds_histograms) return ReadFloats(id, entry->times, start_ms, end_ms, out);
  TICKSCOPE_RETURN_IF_ERROR(ReadMixed(*entry, start_ms, end_ms, out));
  return false;
}

Result<bool> Cursor::ReadFloats(SeriesId id, TimesId times_id, TimeMs start_ms, TimeMs end_ms,
                                SampleColumns& out) {
  const auto& chunks = block_.times_[static_cast<std::size_t>(times_id)];
  const std::size_t begin = out.size();
  bool rises = out.histograms.empty();
  for (std::uint32_t chunk = 0; chunk < chunks.size(); ++chunk) {
    if (chunks[chunk].last_ms < start_ms || chunks[chunk].first_ms > end_ms) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(const bool chunk_rises,
                               ReadFloatChunk(id, times_id, chunk, start_ms, end_ms, begin, out));
    rises = rises && chunk_rises;
  }
  if (!out.histograms.empty()) out.histograms.resize(out.size());
  return rises;
}

Result<bool> Cursor::ReadFloatChunk(SeriesId id, TimesId times_id, std::uint32_t chunk, TimeMs start_ms,
                                    TimeMs end_ms, std::size_t begin, SampleColumns& out) {
  TICKSCOPE_ASSIGN_OR_RETURN(const TimesSlot* const slot, Times(times_id, chunk));
  const std::vector<TimeMs>& times_ms = slot->times_ms;
  TICKSCOPE_ASSIGN_OR_RETURN(const std::span<const double> values, Column(id, chunk));
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
  const codec::ColumnStats& stats = entry->stats[chunk];
  const auto [from, to] = RowsIn(times_ms, start_ms, end_ms);
  if (from >= to) return true;
  if (stats.gaps > 0) {
    for (std::size_t row = from; row < to; ++row) {
      if (codec::IsMissing(values[row])) continue;
      out.times_ms.push_back(times_ms[row]);
      out.values.push_back(values[row]);
    }
    return false;
  }
  const bool rises = stats.stale == 0 && stats.resets == 0 && !stats.has_nan &&
                     (out.size() == begin || out.values.back() <= values[from]);
  const std::span<const TimeMs> part = std::span(times_ms).subspan(from, to - from);
  const std::span<const double> part_values = values.subspan(from, to - from);
  out.times_ms.insert(out.times_ms.end(), part.begin(), part.end());
  out.values.insert(out.values.end(), part_values.begin(), part_values.end());
  return rises;
}

Result<bool> Cursor::ReadParts(SeriesId id, TimeMs start_ms, TimeMs end_ms, std::span<const TimeMs> edges,
                               SampleParts& out) {
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const first_entry, Entry(id));
  if (first_entry->holds_histograms) return false;
  const TimesId times_id = first_entry->times;
  const auto& chunks = block_.times_[static_cast<std::size_t>(times_id)];
  for (std::uint32_t chunk = 0; chunk < chunks.size(); ++chunk) {
    const TimesChunk& times = chunks[chunk];
    if (times.last_ms < start_ms || times.first_ms > end_ms) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
    const codec::ColumnStats& stats = entry->stats[chunk];
    const bool is_parted =
        times.first_ms < start_ms || times.last_ms > end_ms ||
        std::ranges::lower_bound(edges, times.first_ms) != std::ranges::lower_bound(edges, times.last_ms);
    if (!is_parted && stats.gaps == 0 && stats.stale == 0 && !stats.has_nan && stats.count > 0) {
      out.summaries.push_back({out.samples.size(), times.first_ms, times.last_ms, stats.count, stats.resets,
                               stats.first, stats.last, stats.min, stats.max, stats.sum,
                               stats.sum_of_increases});
      continue;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const bool rises, ReadFloatChunk(id, times_id, chunk, start_ms, end_ms,
                                                                out.samples.size(), out.samples));
    static_cast<void>(rises);
  }
  return true;
}

Result<const Cursor::StepChain*> Cursor::Steps(SeriesId id, std::uint32_t chunk, codec::RowRange rows) {
  const auto number = static_cast<std::uint32_t>(id);
  if (step_chains_.size() <= chunk) step_chains_.resize(chunk + 1);
  StepChain& chain = step_chains_[chunk];
  const bool goes_on = chain.rows == rows;
  if (goes_on && chain.id == number) return &chain;
  // From the first of the chain, or from where it stands.
  std::uint32_t next = number;
  while (!goes_on || next != chain.id + 1) {
    TICKSCOPE_ASSIGN_OR_RETURN(const ColumnPlace place, Place(static_cast<SeriesId>(next), chunk));
    if (!place.refers_to_previous) break;
    if (next == 0 || number - next >= kChainMax)
      return std::unexpected(block_.sections_.Damage("series", number, "chain of references too long"));
    --next;
  }
  chain.rows = rows;
  for (; next <= number; ++next) {
    TICKSCOPE_ASSIGN_OR_RETURN(const ColumnPlace place, Place(static_cast<SeriesId>(next), chunk));
    if (!place.is_there)
      return std::unexpected(block_.sections_.Damage("series", next, "refers to a series of another form"));
    TICKSCOPE_ASSIGN_OR_RETURN(const ByteView bytes, block_.ColumnBytes(place.at, place.bytes));
    if (chain.steps.capacity() == 0) chain.steps.reserve(kChunkRows);
    chain.steps.resize(block_.times_[static_cast<std::size_t>(place.times)][chunk].rows);
    ++columns_read_;
    const bool needs_reference = codec::NeedsReference(bytes);
    chain.id = next;
    chain.is_counter = (!needs_reference || chain.is_counter) && rows.to <= chain.steps.size() &&
                       codec::DecodeColumnSteps(bytes, rows, chain.steps);
  }
  return &chain;
}

namespace {

// Compiled for what the CPU has.
#if defined(__x86_64__)
#define TICKSCOPE_FOR_THIS_CPU [[gnu::target_clones("avx2", "default")]]
#else
#define TICKSCOPE_FOR_THIS_CPU
#endif

TICKSCOPE_FOR_THIS_CPU
std::uint32_t SumModulo(const std::uint32_t* steps, std::size_t count) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    sum += steps[i];
  return sum;
}

// What values change by over these steps: by less than 2^32, or where they fall, by less than 2^31 either way.
double SumOf(std::span<const std::uint32_t> steps, bool falls) {
  const std::uint32_t sum = SumModulo(steps.data(), steps.size());
  return falls ? static_cast<double>(static_cast<std::int32_t>(sum)) : static_cast<double>(sum);
}

// The first of `count` that is negative, or more than that.
TICKSCOPE_FOR_THIS_CPU
std::size_t FindNegative(const std::uint32_t* steps, std::size_t from, std::size_t count) {
  constexpr std::size_t kAtOnce = 64;
  for (; from + kAtOnce <= count; from += kAtOnce) {
    std::uint32_t any = 0;
    for (std::size_t i = 0; i < kAtOnce; ++i)
      any |= steps[from + i];
    if (static_cast<std::int32_t>(any) < 0) break;
  }
  while (from < count && static_cast<std::int32_t>(steps[from]) >= 0)
    ++from;
  return from;
}

// Notes the falls of a stretch, at most `most`, and what they add to its growth.
void NoteFalls(std::uint32_t most, StepStretch& stretch, CounterSteps& out) {
  double value = stretch.first;
  std::size_t from = 0;
  for (std::uint32_t i = 0; i < most; ++i) {
    const std::size_t fall = FindNegative(stretch.steps.data(), from, stretch.steps.size());
    if (fall == stretch.steps.size()) break;
    const double before = value + SumOf(stretch.steps.subspan(from, fall - from), false);
    value = before + static_cast<std::int32_t>(stretch.steps[fall]);
    out.falls.push_back({static_cast<std::uint32_t>(fall + 1), before, value});
    stretch.grown += before;
    from = fall + 1;
  }
  stretch.falls_to = out.falls.size();
}

}  // namespace

Result<bool> Cursor::ReadSteps(SeriesId id, TimeMs start_ms, TimeMs end_ms, CounterSteps& out) {
  TICKSCOPE_ASSIGN_OR_RETURN(const ColumnPlace first_place, Place(id, 0));
  if (!first_place.is_there) return false;
  const TimesId times_id = first_place.times;
  const auto& chunks = block_.times_[static_cast<std::size_t>(times_id)];
  for (std::uint32_t chunk = 0; chunk < chunks.size(); ++chunk) {
    if (chunks[chunk].last_ms < start_ms || chunks[chunk].first_ms > end_ms) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(const ColumnPlace place, Place(id, chunk));
    if (!place.tells_steps) return false;
    TICKSCOPE_ASSIGN_OR_RETURN(const TimesSlot* const slot, Times(times_id, chunk));
    const std::span<const TimeMs> times_ms(slot->times_ms);
    const auto [from, to] = RowsIn(times_ms, start_ms, end_ms);
    if (from >= to) continue;
    // From the chunk's end that is nearer: the values there are known.
    const bool from_end = times_ms.size() - from <= to;
    TICKSCOPE_ASSIGN_OR_RETURN(
        const StepChain* const chain,
        Steps(id, chunk, from_end ? codec::RowRange{from, times_ms.size()} : codec::RowRange{0, to}));
    if (!chain->is_counter) return false;
    const std::span<const std::uint32_t> steps(chain->steps);
    const bool falls = place.resets > 0;
    StepStretch stretch{times_ms.subspan(from, to - from),
                        slot->version,
                        steps.subspan(from + 1, to - from - 1),
                        place.first,
                        place.last,
                        0,
                        out.falls.size(),
                        out.falls.size()};
    if (from > 0 && from_end) stretch.first = place.last - SumOf(steps.subspan(from + 1), falls);
    if (from > 0 && !from_end) stretch.first = place.first + SumOf(steps.subspan(1, from), falls);
    if (to < times_ms.size()) stretch.last = stretch.first + SumOf(stretch.steps, falls);
    stretch.grown = stretch.last - stretch.first;
    if (falls) NoteFalls(place.resets, stretch, out);
    out.stretches.push_back(stretch);
  }
  return true;
}

std::uint64_t Cursor::memory_bytes() const {
  std::uint64_t bytes = entries_.capacity() * sizeof(SeriesEntry);
  for (const TimesSlot& slot : times_)
    bytes += slot.times_ms.capacity() * sizeof(TimeMs);
  for (const SeriesEntry& entry : entries_)
    bytes += entry.pairs.capacity() * 4 + entry.column_bytes.capacity() * 4 +
             entry.stats.capacity() * sizeof(codec::ColumnStats);
  for (const Chain& chain : chains_)
    bytes += chain.columns.size() * kChunkRows * sizeof(double);
  return bytes;
}

Status Cursor::ReadMixed(const SeriesEntry& entry, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) {
  std::vector<TimeMs> times_ms;
  TICKSCOPE_RETURN_IF_ERROR(block_.ReadTimes(entry.times, times_ms));
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteView bytes,
                             block_.ColumnBytes(entry.columns_at, entry.column_bytes[0]));
  std::vector<double> values;
  std::vector<HistogramPtr> histograms;
  const Status decoded = codec::DecodeHistogramColumn(bytes, times_ms.size(), values, histograms);
  if (!decoded)
    return std::unexpected(block_.sections_.Damage("columns", entry.columns_at, decoded.error().message));
  out.histograms.resize(out.size());
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    if (times_ms[i] < start_ms || times_ms[i] > end_ms) continue;
    out.times_ms.push_back(times_ms[i]);
    out.values.push_back(values[i]);
    out.histograms.push_back(std::move(histograms[i]));
  }
  return {};
}

}  // namespace tickscope::block
