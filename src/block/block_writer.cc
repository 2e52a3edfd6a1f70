#include "block/block_writer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "block/block_format.h"
#include "codec/block_column.h"
#include "codec/column_stats.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/histogram_column.h"
#include "codec/time_column.h"
#include "codec/value_column.h"
#include "codec/varint.h"
#include "index/hyperloglog.h"
#include "index/postings.h"
#include "index/series_hash.h"

namespace tickscope::block {
namespace {

using codec::PutFixed;
using codec::PutText;
using codec::PutVarint;
using codec::PutZigZag;

// A label pair as the writer meets it; numbers in order of first sight until Finish sorts them.
using ProtoPair = std::uint32_t;

// Labels that can be told by one bit each.
constexpr std::size_t kMaskLabelsMax = 60;

}  // namespace

class BlockWriter::State {
 public:
  State(SectionWriter writer, BlockMeta meta) : writer_(std::move(writer)), meta_(std::move(meta)) {
    meta_.min_time_ms = INT64_MAX;
    meta_.max_time_ms = INT64_MIN;
    meta_.series_count = 0;
    meta_.sample_count = 0;
  }

  Result<TimesId> AddTimes(std::span<const TimeMs> times_ms) {
    TimesColumn column;
    for (std::size_t from = 0; from < times_ms.size(); from += kChunkRows) {
      const auto part = times_ms.subspan(from, std::min(kChunkRows, times_ms.size() - from));
      codec::EncodeTimes(part, column.bytes);
      column.chunks.push_back(
          {static_cast<std::uint32_t>(part.size()), column.bytes.size(), part.front(), part.back()});
    }
    return Intern(std::move(column));
  }

  TimesId AddPackedTimes(std::span<const PackedTimes> chunks) {
    TimesColumn column;
    for (const PackedTimes& chunk : chunks) {
      AppendBytes(chunk.column, column.bytes);
      column.chunks.push_back({chunk.rows, column.bytes.size(), chunk.first_ms, chunk.last_ms});
    }
    return Intern(std::move(column));
  }

  Status AddSeries(const Labels& labels, TimesId times, std::span<const double> values) {
    const TimesColumn& column = times_[static_cast<std::size_t>(times)];
    TICKSCOPE_CHECK(values.size() == column.rows());
    const bool is_next_bucket =
        MayRefer(times) && !previous_values_.empty() && IsSameFamily(previous_labels_, labels);
    Bytes columns;
    const std::span<const double> reference = is_next_bucket ? previous_values_ : std::span<const double>();
    const std::vector<std::uint32_t> sizes = EncodeChunks(values, reference, columns);
    const bool refers = NeedReference(columns, sizes);
    BeginSeries(labels);
    PutVarint(static_cast<std::uint32_t>(times), entry_);
    entry_.push_back(static_cast<std::byte>(refers ? kRefersToPrevious : 0));
    PutZigZag(OffsetStep(), entry_);
    for (std::size_t chunk = 0; chunk < sizes.size(); ++chunk) {
      PutVarint(sizes[chunk], entry_);
      const std::size_t from = chunk * kChunkRows;
      const auto part = values.subspan(from, std::min(kChunkRows, values.size() - from));
      const codec::ColumnStats stats = codec::ComputeColumnStats(part);
      codec::EncodeColumnStats(stats, entry_);
    }
    for (std::size_t chunk = 0; chunk < column.chunks.size(); ++chunk) {
      const auto part = values.subspan(chunk * kChunkRows, column.chunks[chunk].rows);
      codec::ColumnRows rows{part.size(), 0, part.size(), 0};
      for (std::size_t i = 0; i < part.size(); ++i) {
        if (codec::IsMissing(part[i])) continue;
        if (rows.present++ == 0) rows.first = i;
        rows.last = i;
      }
      TICKSCOPE_RETURN_IF_ERROR(NoteRows(column, chunk, rows));
    }
    chain_ = refers ? chain_ + 1 : 0;
    has_previous_ = true;
    previous_labels_ = labels;
    previous_times_ = times;
    previous_values_.assign(values.begin(), values.end());
    return EndSeries(columns);
  }

  Status AddPackedSeries(const Labels& labels, TimesId times, std::span<const PackedColumn> columns) {
    const TimesColumn& column = times_[static_cast<std::size_t>(times)];
    TICKSCOPE_CHECK(columns.size() == column.chunks.size());
    bool refers = false;
    rows_.clear();
    for (std::size_t chunk = 0; chunk < columns.size(); ++chunk) {
      TICKSCOPE_ASSIGN_OR_RETURN(const codec::ColumnRows rows, codec::ReadColumnRows(columns[chunk].column));
      const codec::ColumnStats& stats = columns[chunk].stats;
      if (rows.count != column.chunks[chunk].rows || rows.count - rows.present != stats.gaps ||
          rows.present != std::uint64_t{stats.count} + stats.stale) {
        return Fail(ErrorCode::kCorruption, "column has not the rows its times and stats say");
      }
      refers = refers || codec::NeedsReference(columns[chunk].column);
      rows_.push_back(rows);
    }
    TICKSCOPE_CHECK(!refers || MayRefer(times));
    for (std::size_t chunk = 0; chunk < columns.size(); ++chunk)
      TICKSCOPE_RETURN_IF_ERROR(NoteRows(column, chunk, rows_[chunk]));
    BeginSeries(labels);
    PutVarint(static_cast<std::uint32_t>(times), entry_);
    entry_.push_back(static_cast<std::byte>(refers ? kRefersToPrevious : 0));
    PutZigZag(OffsetStep(), entry_);
    for (const PackedColumn& packed : columns) {
      PutVarint(packed.column.size(), entry_);
      codec::EncodeColumnStats(packed.stats, entry_);
    }
    KeepEntry();
    for (const PackedColumn& packed : columns)
      TICKSCOPE_RETURN_IF_ERROR(PutColumns(packed.column));
    chain_ = refers ? chain_ + 1 : 0;
    has_previous_ = true;
    previous_times_ = times;
    // AddSeries cannot fold onto values it has not seen.
    previous_values_.clear();
    return {};
  }

  [[nodiscard]] bool MayRefer(TimesId times) const {
    return has_previous_ && chain_ < kChainMax && times == previous_times_;
  }

  [[nodiscard]] std::uint64_t memory_bytes() const {
    // Finish writes all entries anew, with their labels, and all postings.
    constexpr std::uint64_t kTextBytes = 96;  // A text's node, string and number.
    constexpr std::uint64_t kPairBytes = 192;
    const std::uint64_t series = series_pairs_.capacity() * sizeof(ProtoPair) +
                                 label_counts_.capacity() * sizeof(std::uint32_t) +
                                 entry_ends_.capacity() * sizeof(std::uint64_t) + entries_.capacity() * 2;
    return series + series_pairs_.size() * 4 + text_bytes_ + text_numbers_.size() * kTextBytes +
           pairs_.size() * kPairBytes + times_bytes_ * 2 + starts_bytes_ +
           page_crcs_.capacity() * sizeof(std::uint32_t);
  }

  Status AddMixedSeries(const Labels& labels, const SampleColumns& samples) {
    TICKSCOPE_ASSIGN_OR_RETURN(const TimesId times, AddTimes(samples.times_ms));
    for (const TimeMs time_ms : samples.times_ms)
      NoteSample(time_ms);
    std::vector<HistogramPtr> histograms = samples.histograms;
    histograms.resize(samples.size());
    Bytes bytes;
    codec::EncodeHistogramColumn(samples.values, histograms, bytes);
    BeginSeries(labels);
    PutVarint(static_cast<std::uint32_t>(times), entry_);
    entry_.push_back(static_cast<std::byte>(kHoldsHistograms));
    PutZigZag(OffsetStep(), entry_);
    PutVarint(bytes.size(), entry_);
    has_previous_ = false;
    chain_ = 0;
    return EndSeries(bytes);
  }

  void AddStarts(std::span<const codec::StartChange> changes) {
    TICKSCOPE_CHECK(meta_.series_count > 0);
    starts_.Add(static_cast<std::uint32_t>(meta_.series_count - 1), changes);
    if (!changes.empty()) starts_bytes_ += 12 + changes.size() * 10;
  }

  Result<BlockSummary> Finish() {
    TICKSCOPE_RETURN_IF_ERROR(FlushPage());
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kPagesTag, std::as_bytes(std::span(page_crcs_))));
    TICKSCOPE_RETURN_IF_ERROR(WriteTimes());
    TICKSCOPE_RETURN_IF_ERROR(WriteIndex());
    Bytes bytes;
    sketch_.Serialize(bytes);
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kSketchTag, bytes));
    if (!starts_.empty()) TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kStartsTag, starts_.Finish()));
    bytes.clear();
    PutText(meta_.tenant, bytes);
    PutZigZag(meta_.min_time_ms, bytes);
    PutZigZag(meta_.max_time_ms, bytes);
    PutVarint(meta_.end_offset, bytes);
    PutVarint(meta_.series_count, bytes);
    PutVarint(meta_.sample_count, bytes);
    if (meta_.resolution_ms > 0 || !meta_.sources.empty()) {
      PutVarint(static_cast<std::uint64_t>(meta_.resolution_ms), bytes);
      PutText(meta_.aggregate, bytes);
      PutVarint(meta_.sources.size(), bytes);
      for (const std::string& source : meta_.sources)
        PutText(source, bytes);
    }
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kMetaTag, bytes));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, writer_.Finish());
    return BlockSummary{meta_, size};
  }

 private:
  // A pair's text and who carries it.
  struct PairState {
    std::uint32_t name = 0;
    std::uint32_t value = 0;
    index::Postings series;
    // Of numbers one after the other, not yet in `series`: most pairs are carried by neighbours.
    std::uint32_t run_from = 0;
    std::uint32_t run_end = 0;

    void Add(std::uint32_t number) {
      if (number != run_end) {
        Flush();
        run_from = number;
      }
      run_end = number + 1;
    }
    void Flush() {
      if (run_from + 1 == run_end) series.Add(static_cast<SeriesRef>(run_from));
      if (run_from + 1 < run_end) series.AddRange(run_from, run_end);
      run_from = run_end;
    }
  };

  static std::vector<std::uint32_t> EncodeChunks(std::span<const double> values,
                                                 std::span<const double> reference, Bytes& out) {
    std::vector<std::uint32_t> sizes;
    for (std::size_t from = 0; from < values.size(); from += kChunkRows) {
      const std::size_t count = std::min(kChunkRows, values.size() - from);
      const std::size_t before = out.size();
      codec::EncodeBlockColumn(values.subspan(from, count),
                               reference.empty() ? reference : reference.subspan(from, count), out);
      sizes.push_back(static_cast<std::uint32_t>(out.size() - before));
    }
    return sizes;
  }

  // A time column, its chunks end to end.
  struct TimesColumn {
    struct Chunk {
      std::uint32_t rows = 0;
      std::size_t end = 0;  ///< Of its bytes.
      TimeMs first_ms = 0;
      TimeMs last_ms = 0;
      friend bool operator==(const Chunk&, const Chunk&) = default;
    };
    std::vector<Chunk> chunks;
    Bytes bytes;
    [[nodiscard]] std::size_t rows() const {
      std::size_t rows = 0;
      for (const Chunk& chunk : chunks)
        rows += chunk.rows;
      return rows;
    }
    [[nodiscard]] ByteView ChunkBytes(std::size_t chunk) const {
      const std::size_t begin = chunk == 0 ? 0 : chunks[chunk - 1].end;
      return ByteView(bytes).subspan(begin, chunks[chunk].end - begin);
    }
    friend bool operator==(const TimesColumn&, const TimesColumn&) = default;
  };

  TimesId Intern(TimesColumn column) {
    const std::uint64_t hash = XXH3_64bits(column.bytes.data(), column.bytes.size());
    const auto [first, last] = times_by_hash_.equal_range(hash);
    for (auto known = first; known != last; ++known) {
      if (times_[known->second] == column) return static_cast<TimesId>(known->second);
    }
    const auto id = static_cast<std::uint32_t>(times_.size());
    times_by_hash_.emplace(hash, id);
    column.bytes.shrink_to_fit();
    times_bytes_ += sizeof(TimesColumn) + column.bytes.size() +
                    column.chunks.capacity() * sizeof(TimesColumn::Chunk) + 64;
    times_.push_back(std::move(column));
    return static_cast<TimesId>(id);
  }

  // Times are unpacked only where a column's edge is a gap and might still be the block's first or last time.
  Status NoteRows(const TimesColumn& column, std::size_t chunk, const codec::ColumnRows& rows) {
    meta_.sample_count += rows.present;
    const TimesColumn::Chunk& times = column.chunks[chunk];
    if (rows.present == 0 || (times.first_ms >= meta_.min_time_ms && times.last_ms <= meta_.max_time_ms))
      return {};
    TimeMs first_ms = times.first_ms;
    TimeMs last_ms = times.last_ms;
    if (rows.first > 0 || rows.last + 1 < rows.count) {
      std::vector<TimeMs> times_ms;
      TICKSCOPE_RETURN_IF_ERROR(codec::DecodeTimes(column.ChunkBytes(chunk), times_ms));
      if (times_ms.size() != rows.count)
        return Fail(ErrorCode::kCorruption, "times of another number of rows");
      first_ms = times_ms[rows.first];
      last_ms = times_ms[rows.last];
    }
    meta_.min_time_ms = std::min(meta_.min_time_ms, first_ms);
    meta_.max_time_ms = std::max(meta_.max_time_ms, last_ms);
    return {};
  }

  void NoteSample(TimeMs time_ms) {
    meta_.min_time_ms = std::min(meta_.min_time_ms, time_ms);
    meta_.max_time_ms = std::max(meta_.max_time_ms, time_ms);
    ++meta_.sample_count;
  }

  std::uint32_t TextOf(std::string_view text) {
    const auto [found, is_new] =
        text_numbers_.try_emplace(std::string(text), static_cast<std::uint32_t>(text_numbers_.size()));
    if (is_new) text_bytes_ += text.size();
    return found->second;
  }

  // Whether any of the columns was encoded against the reference it was offered.
  static bool NeedReference(ByteView columns, std::span<const std::uint32_t> sizes) {
    for (const std::uint32_t size : sizes) {
      if (codec::NeedsReference(columns.first(size))) return true;
      columns = columns.subspan(size);
    }
    return false;
  }

  ProtoPair PairOf(const LabelView& label) {
    const std::uint64_t key = static_cast<std::uint64_t>(TextOf(label.name)) << 32 | TextOf(label.value);
    const auto [found, is_new] = pair_numbers_.try_emplace(key, static_cast<ProtoPair>(pairs_.size()));
    if (is_new)
      pairs_.push_back({static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key), {}});
    return found->second;
  }

  void BeginSeries(const Labels& labels) {
    const auto number = static_cast<std::uint32_t>(meta_.series_count++);
    label_views_.assign(labels.begin(), labels.end());
    sketch_.Add(index::SeriesHash(label_views_));
    // Most labels are those of the series before, at the same place: their numbers are known.
    auto before = begun_labels_.begin();
    const std::size_t before_at = series_pairs_.size() - (label_counts_.empty() ? 0 : label_counts_.back());
    for (std::size_t i = 0; i < label_views_.size(); ++i) {
      const bool is_known = before != begun_labels_.end() && *before == label_views_[i];
      const ProtoPair pair = is_known ? series_pairs_[before_at + i] : PairOf(label_views_[i]);
      if (before != begun_labels_.end()) ++before;
      pairs_[pair].Add(number);
      series_pairs_.push_back(pair);
    }
    label_counts_.push_back(static_cast<std::uint32_t>(label_views_.size()));
    begun_labels_ = labels;
    entry_.clear();
  }

  // A group's first entry has its place, the others follow on.
  [[nodiscard]] std::int64_t OffsetStep() const {
    return (meta_.series_count - 1) % kGroupSeries == 0 ? static_cast<std::int64_t>(columns_size_) : 0;
  }

  // Keeps the entry but for its labels, whose numbers are known at the end only.
  void KeepEntry() {
    entry_ends_.push_back(entries_.size() + entry_.size());
    AppendBytes(entry_, entries_);
  }

  Status EndSeries(ByteView columns) {
    KeepEntry();
    return PutColumns(columns);
  }

  Status PutColumns(ByteView columns) {
    columns_size_ += columns.size();
    while (!columns.empty()) {
      const std::size_t fits = std::min(columns.size(), kPageBytes - page_.size());
      AppendBytes(columns.first(fits), page_);
      columns = columns.subspan(fits);
      if (page_.size() == kPageBytes) TICKSCOPE_RETURN_IF_ERROR(FlushPage());
    }
    return {};
  }

  Status FlushPage() {
    if (page_.empty()) return {};
    page_crcs_.push_back(codec::Crc32c(page_));
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kColumnsTag, page_));
    page_.clear();
    return {};
  }

  Status WriteTimes() {
    Bytes heads;
    Bytes columns;
    PutVarint(times_.size(), heads);
    for (const TimesColumn& column : times_) {
      PutVarint(column.chunks.size(), heads);
      for (std::size_t i = 0; i < column.chunks.size(); ++i) {
        const TimesColumn::Chunk& chunk = column.chunks[i];
        PutVarint(chunk.rows, heads);
        PutVarint(column.ChunkBytes(i).size(), heads);
        PutZigZag(chunk.first_ms, heads);
        PutZigZag(chunk.last_ms - chunk.first_ms, heads);
      }
      AppendBytes(column.bytes, columns);
    }
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kTimesTag, heads));
    return writer_.Append(kTimesTag, columns);
  }

  Status WriteIndex() {
    // Texts in order, front-coded.
    std::vector<std::pair<std::string_view, std::uint32_t>> texts(text_numbers_.begin(), text_numbers_.end());
    std::sort(texts.begin(), texts.end());
    std::vector<std::uint32_t> symbol_of(texts.size());
    Bytes bytes;
    PutVarint(texts.size(), bytes);
    std::string_view before;
    for (std::uint32_t symbol = 0; symbol < texts.size(); ++symbol) {
      const auto& [text, number] = texts[symbol];
      symbol_of[number] = symbol;
      const auto shared = static_cast<std::size_t>(std::ranges::mismatch(before, text).in1 - before.begin());
      PutVarint(shared, bytes);
      PutText(text.substr(shared), bytes);
      before = text;
    }
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kSymbolsTag, bytes));

    // Pairs by name, then value.
    std::vector<ProtoPair> order(pairs_.size());
    for (ProtoPair pair = 0; pair < order.size(); ++pair)
      order[pair] = pair;
    const auto key_of = [&](ProtoPair pair) {
      return std::pair(symbol_of[pairs_[pair].name], symbol_of[pairs_[pair].value]);
    };
    std::sort(order.begin(), order.end(), [&](ProtoPair a, ProtoPair b) { return key_of(a) < key_of(b); });
    std::vector<std::uint32_t> final_of(order.size());
    bytes.clear();
    Bytes postings;
    std::size_t name_count = 0;
    Bytes names;
    for (std::size_t at = 0; at < order.size(); ++name_count) {
      const std::uint32_t name = symbol_of[pairs_[order[at]].name];
      std::size_t end = at;
      while (end < order.size() && symbol_of[pairs_[order[end]].name] == name)
        ++end;
      PutVarint(name, names);
      PutVarint(end - at, names);
      std::uint32_t last_value = 0;
      for (; at < end; ++at) {
        PairState& pair = pairs_[order[at]];
        pair.Flush();
        final_of[order[at]] = static_cast<std::uint32_t>(at);
        const std::size_t postings_at = postings.size();
        pair.series.Serialize(postings);
        PutVarint(symbol_of[pair.value] - last_value, names);
        PutVarint(postings.size() - postings_at, names);
        last_value = symbol_of[pair.value];
      }
    }
    PutVarint(name_count, bytes);
    AppendBytes(names, bytes);
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kLabelsTag, bytes));
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kPostingsTag, postings));
    return WriteSeries(final_of);
  }

  Status WriteSeries(const std::vector<std::uint32_t>& final_of) {
    Bytes bytes;
    std::vector<std::uint32_t> groups;
    std::size_t pairs_at = 0;
    std::size_t previous_at = 0;
    for (std::size_t series = 0; series < label_counts_.size(); ++series) {
      const bool begins_group = series % kGroupSeries == 0;
      if (begins_group) groups.push_back(static_cast<std::uint32_t>(bytes.size()));
      const std::uint32_t count = label_counts_[series];
      const bool is_alike = !begins_group && count <= kMaskLabelsMax && label_counts_[series - 1] == count;
      if (is_alike) {
        std::uint64_t mask = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
          if (series_pairs_[pairs_at + i] != series_pairs_[previous_at + i]) mask |= std::uint64_t{1} << i;
        }
        PutVarint(1 + 2 * mask, bytes);
        for (std::uint32_t i = 0; i < count; ++i) {
          if ((mask >> i & 1) != 0) PutVarint(final_of[series_pairs_[pairs_at + i]], bytes);
        }
      } else {
        PutVarint(0, bytes);
        PutVarint(count, bytes);
        for (std::uint32_t i = 0; i < count; ++i)
          PutVarint(final_of[series_pairs_[pairs_at + i]], bytes);
      }
      const std::size_t entry_at = series == 0 ? 0 : entry_ends_[series - 1];
      AppendBytes(ByteView(entries_).subspan(entry_at, entry_ends_[series] - entry_at), bytes);
      previous_at = pairs_at;
      pairs_at += count;
    }
    TICKSCOPE_RETURN_IF_ERROR(writer_.Append(kSeriesTag, bytes));
    return writer_.Append(kGroupsTag, std::as_bytes(std::span(groups)));
  }

  SectionWriter writer_;
  BlockMeta meta_;
  index::HyperLogLog sketch_;
  codec::StartTableWriter starts_;
  std::vector<LabelView> label_views_;
  Labels begun_labels_;  // Of the series that was begun last.
  std::unordered_map<std::string, std::uint32_t> text_numbers_;
  std::unordered_map<std::uint64_t, ProtoPair> pair_numbers_;
  std::vector<PairState> pairs_;
  std::vector<ProtoPair> series_pairs_;
  std::vector<std::uint32_t> label_counts_;
  Bytes entry_;
  Bytes entries_;
  std::vector<std::uint64_t> entry_ends_;
  std::uint64_t columns_size_ = 0;
  Bytes page_;
  std::vector<std::uint32_t> page_crcs_;
  std::vector<TimesColumn> times_;
  std::uint64_t times_bytes_ = 0;
  std::uint64_t starts_bytes_ = 0;
  std::uint64_t text_bytes_ = 0;
  std::vector<codec::ColumnRows> rows_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> times_by_hash_;
  // The series before, when the next may refer to it.
  bool has_previous_ = false;
  std::size_t chain_ = 0;
  Labels previous_labels_;
  TimesId previous_times_{};
  std::vector<double> previous_values_;
};

BlockWriter::BlockWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlockWriter::~BlockWriter() = default;
BlockWriter::BlockWriter(BlockWriter&&) noexcept = default;
BlockWriter& BlockWriter::operator=(BlockWriter&&) noexcept = default;

Result<BlockWriter> BlockWriter::Create(io::FileSystem& fs, const std::string& path, BlockMeta meta) {
  TICKSCOPE_ASSIGN_OR_RETURN(SectionWriter writer, SectionWriter::Create(fs, path, kBlockMagic));
  return BlockWriter(std::make_unique<State>(std::move(writer), std::move(meta)));
}

Result<TimesId> BlockWriter::AddTimes(std::span<const TimeMs> times_ms) {
  return state_->AddTimes(times_ms);
}
Status BlockWriter::AddSeries(const Labels& labels, TimesId times, std::span<const double> values) {
  return state_->AddSeries(labels, times, values);
}
Result<TimesId> BlockWriter::AddPackedTimes(std::span<const PackedTimes> chunks) {
  return state_->AddPackedTimes(chunks);
}
Status BlockWriter::AddPackedSeries(const Labels& labels, TimesId times,
                                    std::span<const PackedColumn> columns) {
  return state_->AddPackedSeries(labels, times, columns);
}
bool BlockWriter::MayRefer(TimesId times) const {
  return state_->MayRefer(times);
}
std::uint64_t BlockWriter::memory_bytes() const {
  return state_->memory_bytes();
}
Status BlockWriter::AddMixedSeries(const Labels& labels, const SampleColumns& samples) {
  return state_->AddMixedSeries(labels, samples);
}
void BlockWriter::AddStarts(std::span<const codec::StartChange> changes) {
  state_->AddStarts(changes);
}
Result<BlockSummary> BlockWriter::Finish() {
  return state_->Finish();
}

}  // namespace tickscope::block
