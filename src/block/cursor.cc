#include <algorithm>
#include <numeric>

#include "block/block_format.h"
#include "block/block_reader.h"
#include "codec/block_column.h"
#include "codec/fixed.h"
#include "codec/histogram_column.h"
#include "codec/time_column.h"
#include "codec/value_column.h"
#include "codec/varint.h"

namespace tickscope::block {

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

Result<Labels> Cursor::LabelsOf(SeriesId id) {
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
  return block_.LabelsOfEntry(*entry);
}

Result<const std::vector<TimeMs>*> Cursor::Times(TimesId id, std::uint32_t chunk) {
  if (times_chunk_ == chunk && times_id_ == id) return &times_;
  times_chunk_ = ~std::uint32_t{0};
  TICKSCOPE_RETURN_IF_ERROR(block_.ReadTimes(block_.ChunksOf(id)[chunk], times_));
  times_id_ = id;
  times_chunk_ = chunk;
  return &times_;
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
    TICKSCOPE_ASSIGN_OR_RETURN(const auto* const times_ms, Times(times_id, chunk));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::span<const double> values, Column(id, chunk));
    TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
    const codec::ColumnStats& stats = entry->stats[chunk];
    const auto from = std::lower_bound(times_ms->begin(), times_ms->end(), start_ms) - times_ms->begin();
    const auto to = std::upper_bound(times_ms->begin(), times_ms->end(), end_ms) - times_ms->begin();
    if (from >= to) continue;
    if (stats.gaps > 0) {
      rises = false;
      for (auto row = static_cast<std::size_t>(from); row < static_cast<std::size_t>(to); ++row) {
        if (codec::IsMissing(values[row])) continue;
        out.times_ms.push_back((*times_ms)[row]);
        out.values.push_back(values[row]);
      }
      continue;
    }
    rises = rises && stats.stale == 0 && stats.resets == 0 && !stats.has_nan &&
            (out.size() == begin || out.values.back() <= values[static_cast<std::size_t>(from)]);
    out.times_ms.insert(out.times_ms.end(), times_ms->begin() + from, times_ms->begin() + to);
    out.values.insert(out.values.end(), values.begin() + from, values.begin() + to);
  }
  if (!out.histograms.empty()) out.histograms.resize(out.size());
  return rises;
}

Result<const Cursor::StepChain*> Cursor::Steps(SeriesId id, std::uint32_t chunk) {
  const auto number = static_cast<std::uint32_t>(id);
  if (step_chains_.size() <= chunk) step_chains_.resize(chunk + 1);
  StepChain& chain = step_chains_[chunk];
  if (chain.id == number) return &chain;
  // From the first of the chain, or from where it stands.
  std::uint32_t next = number;
  while (next != chain.id + 1) {
    TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(static_cast<SeriesId>(next)));
    if (!entry->refers_to_previous) break;
    if (next == 0 || number - next >= kChainMax)
      return std::unexpected(block_.sections_.Damage("series", number, "chain of references too long"));
    --next;
  }
  for (; next <= number; ++next) {
    TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(static_cast<SeriesId>(next)));
    if (entry->holds_histograms || chunk >= entry->column_bytes.size())
      return std::unexpected(block_.sections_.Damage("series", next, "refers to a series of another form"));
    std::uint64_t at = entry->columns_at;
    for (std::uint32_t i = 0; i < chunk; ++i)
      at += entry->column_bytes[i];
    TICKSCOPE_ASSIGN_OR_RETURN(const ByteView bytes, block_.ColumnBytes(at, entry->column_bytes[chunk]));
    chain.steps.resize(block_.times_[static_cast<std::size_t>(entry->times)][chunk].rows);
    const bool needs_reference = codec::NeedsReference(bytes);
    chain.is_counter = (!needs_reference || chain.is_counter) && codec::DecodeColumnSteps(bytes, chain.steps);
    chain.id = next;
  }
  return &chain;
}

namespace {

// Whether steps modulo 2^32 tell such a column's steps.
bool TellsSteps(const codec::ColumnStats& stats) {
  if (stats.gaps > 0 || stats.stale > 0 || stats.has_nan || stats.count == 0 || stats.min < 0) return false;
  return stats.resets == 0 ? stats.last - stats.first < 0x1p32 : stats.max < 0x1p31;
}

// Appends the rows after the first of a stretch with falls, whose values are below 2^31.
void AppendFalling(std::span<const std::uint32_t> steps, CounterSteps& out) {
  while (true) {
    const auto fall =
        std::ranges::find_if(steps, [](std::uint32_t step) { return static_cast<std::int32_t>(step) < 0; });
    const auto risen = static_cast<double>(std::accumulate(steps.begin(), fall, std::uint64_t{0}));
    out.steps.insert(out.steps.end(), steps.begin(), fall);
    out.last += risen;
    out.grown += risen;
    if (fall == steps.end()) return;
    // A reset: the step is the whole new value.
    out.last += static_cast<std::int32_t>(*fall);
    out.grown += out.last;
    out.anchors.push_back({static_cast<std::uint32_t>(out.steps.size()), out.last, out.grown});
    out.steps.push_back(static_cast<std::uint32_t>(out.last));
    steps = steps.subspan(static_cast<std::size_t>(fall - steps.begin()) + 1);
  }
}

}  // namespace

Result<bool> Cursor::ReadSteps(SeriesId id, TimeMs start_ms, TimeMs end_ms, CounterSteps& out) {
  TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const first_entry, Entry(id));
  if (first_entry->holds_histograms) return false;
  const TimesId times_id = first_entry->times;
  const auto& chunks = block_.times_[static_cast<std::size_t>(times_id)];
  for (std::uint32_t chunk = 0; chunk < chunks.size(); ++chunk) {
    if (chunks[chunk].last_ms < start_ms || chunks[chunk].first_ms > end_ms) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, Entry(id));
    const codec::ColumnStats stats = entry->stats[chunk];
    if (!TellsSteps(stats)) return false;
    TICKSCOPE_ASSIGN_OR_RETURN(const StepChain* const chain, Steps(id, chunk));
    if (!chain->is_counter) return false;
    TICKSCOPE_ASSIGN_OR_RETURN(const auto* const times_ms, Times(times_id, chunk));
    const auto from = static_cast<std::size_t>(
        std::lower_bound(times_ms->begin(), times_ms->end(), start_ms) - times_ms->begin());
    const auto to = static_cast<std::size_t>(std::upper_bound(times_ms->begin(), times_ms->end(), end_ms) -
                                             times_ms->begin());
    if (from >= to) continue;
    const std::span<const std::uint32_t> steps(chain->steps);
    // Falls of less than 2^31 come out as the negative numbers they are.
    double first = stats.first;
    for (const std::uint32_t step : steps.subspan(0, from + 1))
      first += stats.resets == 0 ? static_cast<double>(step) : static_cast<std::int32_t>(step);
    if (!out.BeginStretch((*times_ms)[from], first)) return false;
    out.times_ms.insert(out.times_ms.end(), times_ms->begin() + static_cast<std::ptrdiff_t>(from) + 1,
                        times_ms->begin() + static_cast<std::ptrdiff_t>(to));
    const std::span<const std::uint32_t> rest = steps.subspan(from + 1, to - from - 1);
    if (stats.resets > 0) {
      AppendFalling(rest, out);
      continue;
    }
    out.steps.insert(out.steps.end(), rest.begin(), rest.end());
    const double last =
        to == steps.size()
            ? stats.last
            : first + static_cast<double>(std::accumulate(rest.begin(), rest.end(), std::uint64_t{0}));
    out.grown += last - first;
    out.last = last;
  }
  return true;
}

std::uint64_t Cursor::memory_bytes() const {
  std::uint64_t bytes = entries_.capacity() * sizeof(SeriesEntry) + times_.capacity() * sizeof(TimeMs);
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
