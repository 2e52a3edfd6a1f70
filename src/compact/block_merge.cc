#include "compact/block_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "block/block_format.h"
#include "block/block_order.h"
#include "codec/block_column.h"
#include "codec/start_table.h"
#include "codec/value_column.h"
#include "compact/sample_merge.h"
#include "compact/times_plan.h"

namespace tickscope::compact {
namespace {

using block::BlockReader;
using block::BlockWriter;
using block::SeriesId;

// Series between looks at bounds and flags, and between reports and releases of what was read.
constexpr std::uint64_t kCheckEvery = 256;
constexpr std::uint64_t kReportEvery = 4096;
// Columns this far behind leave memory; a chain of buckets may still reach back over less.
constexpr std::uint64_t kReleaseLag = 1ULL << 20;
// Blocks that are not here are fetched in requests of this size.
constexpr std::uint64_t kReadAhead = 4ULL << 20;
// Columns of all inputs that were read and are still in memory.
constexpr std::uint64_t kReadPagesMax = 64ULL << 20;
// Plans kept for series to come. A fleet's targets: 1,000 of 24 h in order are 2 MiB, of overlapping blocks 130 MiB.
constexpr std::uint64_t kPlanBytesMax = 160ULL << 20;
// As when blocks are built: a series with samples in fewer than one of so many rows has times of its own.
constexpr std::uint64_t kSharedShare = 2;

std::string BaseName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// One block, and the series of it that comes next.
struct Input {
  const BlockReader* block = nullptr;
  block::Cursor cursor;
  std::uint64_t next = 0;
  Labels labels;               // Of `next`.
  std::uint64_t fetched = 0;   // Columns before it are present.
  std::uint64_t released = 0;  // And have left memory again.

  explicit Input(const BlockReader& reader) : block(&reader), cursor(reader) {}
  [[nodiscard]] bool at_end() const { return next == block->meta().series_count; }
  [[nodiscard]] SeriesId id() const { return static_cast<SeriesId>(next); }
};

// A series as one block has it.
struct Part {
  std::uint32_t input = 0;
  block::TimesId times{};
  bool holds_histograms = false;
  std::vector<block::PackedColumn> columns;  // One a chunk; the bytes lie in the block.
  std::vector<codec::StartChange> starts;
};

// The start timestamp of a sample at that time.
TimeMs StartAt(const Part& part, TimeMs time_ms) {
  const auto after = std::ranges::upper_bound(part.starts, time_ms, {}, &codec::StartChange::from_ms);
  return after == part.starts.begin() ? 0 : std::prev(after)->start_ms;
}

struct TimeRange {
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;  // Inclusive.
};

// What became of a piece of the series at hand, for the next larger bucket to refer to.
struct PieceState {
  bool is_copied = false;
  bool is_verbatim = false;    // Rows and values are those of the one source.
  std::vector<double> values;  // Empty when it was copied.
  std::vector<std::uint32_t>
      winners;  // Of each row the source it is from; only of rows of several, with starts.
};

class Merge {
 public:
  Merge(const std::vector<std::shared_ptr<const BlockReader>>& readers, const MergeOptions& options)
      : options_(options) {
    inputs_.reserve(readers.size());
    for (const auto& reader : readers) {
      inputs_.emplace_back(*reader);
      progress_.entries_total += reader->meta().series_count;
    }
    previous_ids_.assign(inputs_.size(), kNoId);
  }

  [[nodiscard]] Status Run(BlockWriter& writer) {
    writer_ = &writer;
    for (std::uint32_t i = 0; i < inputs_.size(); ++i)
      TICKSCOPE_RETURN_IF_ERROR(LoadLabels(i));
    for (std::uint64_t series = 0; FindNext(); ++series) {
      if (series % kCheckEvery == 0) TICKSCOPE_RETURN_IF_ERROR(CheckBounds(0));
      if (series % kReportEvery == 0) Report();
      TICKSCOPE_RETURN_IF_ERROR(MergeSeries());
      for (const std::uint32_t input : at_hand_) {
        ++inputs_[input].next;
        TICKSCOPE_RETURN_IF_ERROR(LoadLabels(input));
      }
      progress_.entries_done += at_hand_.size();
    }
    return CheckBounds(0);
  }

  void Report() {
    if (options_.progress) options_.progress(progress_);
  }
  [[nodiscard]] const MergeProgress& progress() const { return progress_; }
  /// The input read last.
  [[nodiscard]] std::size_t reading() const { return reading_; }

 private:
  static constexpr std::uint64_t kNoId = UINT64_MAX;
  // A plan follows from whose times, and from when on.
  struct PlanKey {
    TimeMs from_ms = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> times;  // Input and number.
    friend auto operator<=>(const PlanKey&, const PlanKey&) = default;
  };

  // Reads the labels of the input's next series.
  [[nodiscard]] Status LoadLabels(std::uint32_t number) {
    Input& input = inputs_[number];
    if (input.at_end()) return {};
    reading_ = number;
    TICKSCOPE_ASSIGN_OR_RETURN(Labels labels, input.cursor.LabelsOf(input.id()));
    if (input.next > 0 && !block::BlockOrder(input.labels, labels)) {
      return Fail(ErrorCode::kCorruption, fmt::format("{}: section series: series {} is out of order",
                                                      input.block->path(), input.next));
    }
    input.labels = std::move(labels);
    return {};
  }

  // Finds the first series of all inputs, and those that have it; false at the end.
  [[nodiscard]] bool FindNext() {
    at_hand_.clear();
    for (std::uint32_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].at_end()) continue;
      if (!at_hand_.empty()) {
        const Labels& first = inputs_[at_hand_.front()].labels;
        if (inputs_[i].labels != first) {
          if (!block::BlockOrder(inputs_[i].labels, first)) continue;
          at_hand_.clear();
        }
      }
      at_hand_.push_back(i);
    }
    return !at_hand_.empty();
  }

  [[nodiscard]] Status CheckBounds(std::uint64_t at_hand_bytes) {
    if (options_.is_cancelled != nullptr && *options_.is_cancelled) {
      return Fail(ErrorCode::kCancelled, "merge: cancelled");
    }
    std::uint64_t bytes = writer_->memory_bytes() + plan_bytes_ + at_hand_bytes;
    for (const Input& input : inputs_)
      bytes += input.block->memory_bytes() + input.cursor.memory_bytes();
    progress_.memory_bytes = std::max(progress_.memory_bytes, bytes);
    if (bytes > options_.memory_bytes_max) {
      return Fail(
          ErrorCode::kResourceExhausted,
          fmt::format("merge: needs more memory than allowed: merge fewer blocks at once or raise {}: "
                      "blocks={} got={} max={}",
                      options_.memory_setting, inputs_.size(), bytes, options_.memory_bytes_max));
    }
    return {};
  }

  [[nodiscard]] Status MergeSeries() {
    const Labels& labels = inputs_[at_hand_.front()].labels;
    TICKSCOPE_RETURN_IF_ERROR(GatherParts());
    from_ms_ = options_.from_ms;
    if (options_.keep_from) from_ms_ = std::max(from_ms_, options_.keep_from(labels));
    deleted_.clear();
    for (const Tombstone& tombstone : options_.tombstones) {
      if (MatchesAll(tombstone.matchers, labels)) deleted_.push_back({tombstone.start_ms, tombstone.end_ms});
    }
    const std::span<const Part> parts(parts_.data(), at_hand_.size());
    if (IsDeletedWhole() && std::ranges::none_of(parts, &Part::holds_histograms)) {
      for (const Part& part : parts) {
        for (const block::PackedColumn& column : part.columns)
          progress_.samples_dropped += SamplesOf(column);
      }
      return {};
    }
    const bool is_mixed = std::ranges::any_of(parts, [](const Part& part) { return part.holds_histograms; });
    return is_mixed ? MergeMixed(labels) : MergeFloats(labels);
  }

  // Looks up the columns of the series at hand, checking their bytes.
  [[nodiscard]] Status GatherParts() {
    if (parts_.size() < at_hand_.size()) parts_.resize(at_hand_.size());
    has_starts_ = false;
    for (std::size_t i = 0; i < at_hand_.size(); ++i) {
      reading_ = at_hand_[i];
      Input& input = inputs_[reading_];
      TICKSCOPE_ASSIGN_OR_RETURN(const block::SeriesEntry* const entry, input.cursor.Entry(input.id()));
      Part& part = parts_[i];
      part.input = at_hand_[i];
      part.times = entry->times;
      part.holds_histograms = entry->holds_histograms;
      part.columns.clear();
      TICKSCOPE_RETURN_IF_ERROR(input.block->ReadStarts(input.id(), part.starts));
      has_starts_ = has_starts_ || !part.starts.empty();
      std::uint64_t at = entry->columns_at;
      if (at > input.released + kReadPagesMax / inputs_.size() + kReleaseLag) {
        input.block->ReleaseColumns(input.released, at - kReleaseLag);
        input.released = at - kReleaseLag;
      }
      const std::uint64_t end = std::accumulate(entry->column_bytes.begin(), entry->column_bytes.end(), at);
      if (end > input.fetched) {
        TICKSCOPE_RETURN_IF_ERROR(input.block->PrefetchColumns(input.fetched, end + kReadAhead));
        input.fetched = end + kReadAhead;
      }
      for (std::size_t chunk = 0; chunk < entry->stats.size(); ++chunk) {
        TICKSCOPE_ASSIGN_OR_RETURN(const ByteView column,
                                   input.block->ColumnBytes(at, entry->column_bytes[chunk]));
        part.columns.push_back({column, entry->stats[chunk]});
        at += column.size();
      }
    }
    return {};
  }

  [[nodiscard]] bool IsDeleted(TimeMs time_ms) const {
    return std::ranges::any_of(deleted_, [time_ms](const TimeRange& range) {
      return range.start_ms <= time_ms && time_ms <= range.end_ms;
    });
  }
  [[nodiscard]] bool IsHit(TimeMs first_ms, TimeMs last_ms) const {
    return std::ranges::any_of(deleted_, [&](const TimeRange& range) {
      return range.start_ms <= last_ms && first_ms <= range.end_ms;
    });
  }

  // Whether nothing is left of the series at hand, which saves decoding it.
  [[nodiscard]] bool IsDeletedWhole() const {
    return std::ranges::any_of(deleted_, [this](const TimeRange& range) {
      return std::ranges::all_of(at_hand_, [&](std::uint32_t input) {
        const block::BlockMeta& meta = inputs_[input].block->meta();
        return range.start_ms <= meta.min_time_ms && meta.max_time_ms <= range.end_ms;
      });
    });
  }

  [[nodiscard]] static std::uint64_t SamplesOf(const block::PackedColumn& column) {
    return std::uint64_t{column.stats.count} + column.stats.stale;
  }

  // The plan of the series at hand.
  [[nodiscard]] Result<std::shared_ptr<TimesPlan>> FindPlan() {
    PlanKey key;
    key.from_ms = from_ms_;
    sources_.clear();
    for (std::size_t i = 0; i < at_hand_.size(); ++i) {
      const Part& part = parts_[i];
      sources_.push_back({inputs_[part.input].block, part.times});
      key.times.emplace_back(part.input, static_cast<std::uint32_t>(part.times));
    }
    if (const auto known = plans_.find(key); known != plans_.end()) return known->second;
    std::size_t damaged = 0;
    auto plan = MakeTimesPlan(sources_, from_ms_, options_.until_ms, damaged);
    if (!plan) {
      reading_ = at_hand_[damaged];
      return std::unexpected(std::move(plan).error());
    }
    plan->bytes += sizeof(PlanKey) + key.times.size() * sizeof(key.times[0]) + 128;
    if (plan_bytes_ + plan->bytes > kPlanBytesMax) {
      plans_.clear();
      plan_bytes_ = 0;
    }
    plan_bytes_ += plan->bytes;
    auto shared = std::make_shared<TimesPlan>(std::move(*plan));
    plans_.emplace(std::move(key), shared);
    return shared;
  }

  // Whether a packed column that is told from another's values finds them in the series written last.
  [[nodiscard]] bool FindsReference(const TimesPlan& plan, std::size_t piece, std::uint32_t input) const {
    return plan.id && writer_->MayRefer(*plan.id) && previous_plan_.get() == &plan &&
           previous_ids_[input] + 1 == inputs_[input].next && previous_states_[piece].is_verbatim;
  }

  [[nodiscard]] Status MergeFloats(const Labels& labels) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::shared_ptr<TimesPlan> plan, FindPlan());
    for (const SourceChunk& at : plan->dropped)
      progress_.samples_dropped += SamplesOf(parts_[at.source].columns[at.chunk]);
    states_.resize(plan->pieces.size());
    std::uint64_t present = 0;
    for (std::size_t i = 0; i < plan->pieces.size(); ++i) {
      const Piece& piece = plan->pieces[i];
      PieceState& state = states_[i];
      const Part& part = parts_[piece.sources.front().source];
      state.is_verbatim = piece.keeps_rows() && !IsHit(piece.first_ms, piece.last_ms);
      state.is_copied = false;
      state.values.clear();
      if (state.is_verbatim) {
        const block::PackedColumn& column = part.columns[piece.sources.front().chunk];
        state.is_copied = !codec::NeedsReference(column.column) || FindsReference(*plan, i, part.input);
        present += SamplesOf(column);
      }
      if (state.is_copied) continue;
      TICKSCOPE_RETURN_IF_ERROR(DecodePiece(piece, state));
      if (!state.is_verbatim) present += CountPresent(state.values);
    }
    if (present == 0) return {};
    if (present * kSharedShare < plan->rows) return WriteApart(labels, *plan);
    return WriteShared(labels, plan, present);
  }

  [[nodiscard]] static std::uint64_t CountPresent(std::span<const double> values) {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(values, [](double value) { return !codec::IsMissing(value); }));
  }

  // Values of the piece's rows, as the inputs have them and less what is deleted.
  [[nodiscard]] Status DecodePiece(const Piece& piece, PieceState& state) {
    std::vector<double>& values = state.values;
    if (!piece.keeps_rows()) {
      values.assign(piece.times_ms.size(), codec::MissingValue());
      if (has_starts_) state.winners.assign(values.size(), 0);
    }
    for (std::size_t i = 0; i < piece.sources.size(); ++i) {
      const SourceChunk& at = piece.sources[i];
      reading_ = parts_[at.source].input;
      Input& input = inputs_[reading_];
      TICKSCOPE_ASSIGN_OR_RETURN(const std::span<const double> column,
                                 input.cursor.Column(input.id(), at.chunk));
      if (piece.keeps_rows()) {
        values.assign(column.begin(), column.end());
        continue;
      }
      const std::vector<std::uint32_t>& row_of = piece.row_of[i];
      for (std::size_t k = 0; k < column.size(); ++k) {
        if (codec::IsMissing(column[k])) continue;
        if (row_of[k] == kNoRow) {
          ++progress_.samples_dropped;
          continue;
        }
        double& value = values[row_of[k]];
        if (codec::IsMissing(value)) {
          value = column[k];
          if (has_starts_) state.winners[row_of[k]] = at.source;
          continue;
        }
        bool is_same = SameBits(value, column[k]);
        if (has_starts_) {
          const TimeMs time_ms = piece.times_ms[row_of[k]];
          is_same = is_same &&
                    StartAt(parts_[at.source], time_ms) == StartAt(parts_[state.winners[row_of[k]]], time_ms);
        }
        ++(is_same ? progress_.duplicates : progress_.conflicts);
      }
    }
    if (!IsHit(piece.first_ms, piece.last_ms)) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<TimeMs>* const times_ms, TimesOf(piece));
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (codec::IsMissing(values[row]) || !IsDeleted((*times_ms)[row])) continue;
      values[row] = codec::MissingValue();
      ++progress_.samples_dropped;
    }
    return {};
  }

  [[nodiscard]] Result<const std::vector<TimeMs>*> TimesOf(const Piece& piece) {
    if (!piece.keeps_rows()) return &piece.times_ms;
    const SourceChunk& at = piece.sources.front();
    const SourceTimes& source = sources_[at.source];
    reading_ = parts_[at.source].input;
    TICKSCOPE_RETURN_IF_ERROR(
        source.block->ReadTimes(source.block->ChunksOf(source.id)[at.chunk], times_ms_));
    return &times_ms_;
  }

  // Writes the series at the plan's times, which it shares with others.
  [[nodiscard]] Status WriteShared(const Labels& labels, const std::shared_ptr<TimesPlan>& plan,
                                   std::uint64_t present) {
    if (!plan->id) {
      TICKSCOPE_ASSIGN_OR_RETURN(plan->id, AddPlannedTimes(*plan, sources_, *writer_));
    }
    const bool may_fold = writer_->MayRefer(*plan->id) && previous_plan_ == plan &&
                          block::IsSameFamily(previous_labels_, labels);
    columns_.clear();
    encoded_.clear();
    encoded_sizes_.clear();
    for (std::size_t i = 0; i < plan->pieces.size(); ++i) {
      const Piece& piece = plan->pieces[i];
      const PieceState& state = states_[i];
      if (state.is_copied) {
        columns_.push_back(parts_[piece.sources.front().source].columns[piece.sources.front().chunk]);
        ++progress_.chunks_copied;
        continue;
      }
      std::size_t from = 0;
      for (const std::uint32_t rows : piece.chunk_rows) {
        const auto part = std::span<const double>(state.values).subspan(from, rows);
        const bool has_reference = may_fold && !previous_states_[i].values.empty();
        const auto reference = has_reference
                                   ? std::span<const double>(previous_states_[i].values).subspan(from, rows)
                                   : std::span<const double>();
        const std::size_t before = encoded_.size();
        codec::EncodeBlockColumn(part, reference, encoded_);
        encoded_sizes_.emplace_back(columns_.size(), encoded_.size() - before);
        columns_.push_back({{}, codec::ComputeColumnStats(part)});
        from += rows;
        ++progress_.chunks_encoded;
      }
    }
    std::size_t at = 0;
    for (const auto& [column, size] : encoded_sizes_) {
      columns_[column].column = ByteView(encoded_).subspan(at, size);
      at += size;
    }
    if (Status added = writer_->AddPackedSeries(labels, *plan->id, columns_); !added)
      return BlameInput(*plan, std::move(added).error());
    AddStarts(*plan);
    NoteWritten(labels, present);
    previous_plan_ = plan;
    previous_states_.swap(states_);
    return {};
  }

  // Writes a series that has samples at few of the plan's times, at its own.
  [[nodiscard]] Status WriteApart(const Labels& labels, const TimesPlan& plan) {
    SampleColumns own;
    for (std::size_t i = 0; i < plan.pieces.size(); ++i) {
      PieceState& state = states_[i];
      if (state.is_copied) TICKSCOPE_RETURN_IF_ERROR(DecodePiece(plan.pieces[i], state));
      TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<TimeMs>* const times_ms, TimesOf(plan.pieces[i]));
      for (std::size_t row = 0; row < state.values.size(); ++row) {
        if (codec::IsMissing(state.values[row])) continue;
        own.times_ms.push_back((*times_ms)[row]);
        own.values.push_back(state.values[row]);
      }
    }
    TICKSCOPE_RETURN_IF_ERROR(WriteOwn(labels, own));
    AddStarts(plan);
    return {};
  }

  // Says which starts the samples of the series just written have: those they had where they came from.
  void AddStarts(const TimesPlan& plan) {
    if (!has_starts_) return;
    starts_.clear();
    const auto note = [this](TimeMs from_ms, TimeMs start_ms) {
      if (start_ms != (starts_.empty() ? 0 : starts_.back().start_ms)) starts_.push_back({from_ms, start_ms});
    };
    for (std::size_t i = 0; i < plan.pieces.size(); ++i) {
      const Piece& piece = plan.pieces[i];
      const PieceState& state = states_[i];
      if (!piece.keeps_rows()) {
        for (std::size_t row = 0; row < state.values.size(); ++row) {
          if (codec::IsMissing(state.values[row])) continue;
          note(piece.times_ms[row], StartAt(parts_[state.winners[row]], piece.times_ms[row]));
        }
        continue;
      }
      const Part& part = parts_[piece.sources.front().source];
      note(piece.first_ms, StartAt(part, piece.first_ms));
      for (const codec::StartChange& change : part.starts) {
        if (change.from_ms > piece.first_ms && change.from_ms <= piece.last_ms)
          note(change.from_ms, change.start_ms);
      }
    }
    writer_->AddStarts(starts_);
  }

  [[nodiscard]] Status WriteOwn(const Labels& labels, const SampleColumns& own) {
    TICKSCOPE_ASSIGN_OR_RETURN(const block::TimesId times, writer_->AddTimes(own.times_ms));
    TICKSCOPE_RETURN_IF_ERROR(writer_->AddSeries(labels, times, own.values));
    progress_.chunks_encoded += (own.size() + block::kChunkRows - 1) / block::kChunkRows;
    NoteWritten(labels, own.size());
    previous_plan_.reset();
    return {};
  }

  // Series that hold native histograms in some block are merged decoded.
  [[nodiscard]] Status MergeMixed(const Labels& labels) {
    std::vector<SampleColumns> columns(at_hand_.size());
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < at_hand_.size(); ++i) {
      reading_ = at_hand_[i];
      Input& input = inputs_[reading_];
      TICKSCOPE_RETURN_IF_ERROR(input.cursor.ReadSamples(input.id(), INT64_MIN, INT64_MAX, columns[i]));
      progress_.samples_dropped += FilterSamples(columns[i], [this](TimeMs time_ms) {
        return time_ms >= from_ms_ && time_ms < options_.until_ms && !IsDeleted(time_ms);
      });
      bytes += MemoryOf(columns[i]);
      // Twice: decoded and about to be encoded.
      TICKSCOPE_RETURN_IF_ERROR(CheckBounds(bytes * 2));
    }
    SampleConflicts counts;
    const SampleColumns merged = MergeSamples(columns, counts);
    progress_.duplicates += counts.duplicates;
    progress_.conflicts += counts.conflicts;
    if (merged.size() == 0) return {};
    const bool has_histogram =
        std::ranges::any_of(merged.histograms, [](const HistogramPtr& each) { return each != nullptr; });
    if (has_histogram) {
      TICKSCOPE_RETURN_IF_ERROR(writer_->AddMixedSeries(labels, merged));
      ++progress_.chunks_encoded;
      NoteWritten(labels, merged.size());
      previous_plan_.reset();
    } else {
      TICKSCOPE_RETURN_IF_ERROR(WriteOwn(labels, merged));
    }
    writer_->AddStarts(codec::StartChangesOf(merged));
    return {};
  }

  [[nodiscard]] static std::uint64_t MemoryOf(const SampleColumns& samples) {
    constexpr std::uint64_t kSampleBytes = 48;
    std::uint64_t bytes = samples.size() * kSampleBytes;
    for (const HistogramPtr& histogram : samples.histograms) {
      if (histogram == nullptr) continue;
      bytes += sizeof(Histogram) + 64 +
               sizeof(double) * (histogram->positive_buckets.size() + histogram->negative_buckets.size() +
                                 histogram->custom_bounds.size() + histogram->positive_spans.size() +
                                 histogram->negative_spans.size());
    }
    return bytes;
  }

  void NoteWritten(const Labels& labels, std::uint64_t samples) {
    ++progress_.series_written;
    progress_.samples_written += samples;
    previous_labels_ = labels;
    std::ranges::fill(previous_ids_, kNoId);
    for (const std::uint32_t input : at_hand_)
      previous_ids_[input] = inputs_[input].next;
  }

  // The writer refused a column that was copied: says whose it is.
  [[nodiscard]] Status BlameInput(const TimesPlan& plan, Error error) {
    for (const Piece& piece : plan.pieces) {
      if (!piece.keeps_rows()) continue;
      const SourceChunk& at = piece.sources.front();
      const block::PackedColumn& column = parts_[at.source].columns[at.chunk];
      const auto rows = codec::ReadColumnRows(column.column);
      if (rows && rows->count == piece.chunk_rows.front() && rows->present == SamplesOf(column)) continue;
      reading_ = parts_[at.source].input;
      break;
    }
    return FailWith(inputs_[reading_].block->path() + ": section columns", std::move(error));
  }

  const MergeOptions& options_;
  std::vector<Input> inputs_;
  BlockWriter* writer_ = nullptr;
  MergeProgress progress_;
  std::size_t reading_ = 0;

  // The series at hand: inputs that have it, its columns there, and what is to be left out of it.
  std::vector<std::uint32_t> at_hand_;
  std::vector<Part> parts_;
  std::vector<SourceTimes> sources_;
  TimeMs from_ms_ = 0;
  std::vector<TimeRange> deleted_;
  bool has_starts_ = false;
  std::vector<codec::StartChange> starts_;
  std::vector<PieceState> states_;
  std::vector<TimeMs> times_ms_;
  std::vector<block::PackedColumn> columns_;
  Bytes encoded_;
  std::vector<std::pair<std::size_t, std::size_t>> encoded_sizes_;  // Which column, and its bytes.

  std::map<PlanKey, std::shared_ptr<TimesPlan>> plans_;
  std::uint64_t plan_bytes_ = 0;

  // The series written last, to which a column may refer.
  Labels previous_labels_;
  std::vector<std::uint64_t> previous_ids_;  // By input.
  std::shared_ptr<TimesPlan> previous_plan_;
  std::vector<PieceState> previous_states_;
};

Result<block::BlockMeta> MetaOf(const std::vector<std::shared_ptr<const BlockReader>>& inputs,
                                const std::optional<std::vector<std::string>>& named_sources) {
  if (inputs.empty()) return Fail(ErrorCode::kInvalidArgument, "merge: no blocks given");
  const block::BlockMeta& first = inputs.front()->meta();
  block::BlockMeta meta;
  meta.tenant = first.tenant;
  meta.resolution_ms = first.resolution_ms;
  meta.aggregate = first.aggregate;
  for (const auto& input : inputs) {
    const block::BlockMeta& each = input->meta();
    if (each.tenant != meta.tenant || each.resolution_ms != meta.resolution_ms ||
        each.aggregate != meta.aggregate) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("merge: blocks differ in tenant, resolution or aggregate: {} and {}",
                              inputs.front()->path(), input->path()));
    }
    meta.end_offset = std::max(meta.end_offset, each.end_offset);
    if (named_sources) continue;
    meta.sources.push_back(BaseName(input->path()));
    meta.sources.insert(meta.sources.end(), each.sources.begin(), each.sources.end());
  }
  if (named_sources) meta.sources = *named_sources;
  std::ranges::sort(meta.sources);
  meta.sources.erase(std::unique(meta.sources.begin(), meta.sources.end()), meta.sources.end());
  return meta;
}

Result<std::optional<block::BlockSummary>> MergeInto(io::FileSystem& fs, const std::string& path,
                                                     Merge& merge, block::BlockMeta meta) {
  TICKSCOPE_ASSIGN_OR_RETURN(BlockWriter writer, BlockWriter::Create(fs, path, std::move(meta)));
  TICKSCOPE_RETURN_IF_ERROR(merge.Run(writer));
  if (merge.progress().series_written == 0) return std::nullopt;
  TICKSCOPE_ASSIGN_OR_RETURN(block::BlockSummary summary, writer.Finish());
  return summary;
}

}  // namespace

Result<std::optional<block::BlockSummary>> MergeBlocks(
    io::FileSystem& fs, const std::string& path,
    const std::vector<std::shared_ptr<const BlockReader>>& inputs, const MergeOptions& options) {
  TICKSCOPE_ASSIGN_OR_RETURN(block::BlockMeta meta, MetaOf(inputs, options.sources));
  Merge merge(inputs, options);
  const std::string written = path + ".tmp";
  auto summary = MergeInto(fs, written, merge, std::move(meta));
  if (!summary || !*summary) {
    // The first error is the one to tell.
    static_cast<void>(fs.Remove(written));
    if (!summary && summary.error().code == ErrorCode::kCorruption && options.on_damage)
      options.on_damage(merge.reading(), summary.error());
    if (summary) merge.Report();
    return summary;
  }
  if (const Status renamed = fs.Rename(written, path); !renamed) {
    static_cast<void>(fs.Remove(written));
    return std::unexpected(renamed.error());
  }
  if (const Status synced = fs.SyncDirectory(io::ParentDirectory(path)); !synced) {
    static_cast<void>(fs.Remove(path));
    return std::unexpected(synced.error());
  }
  merge.Report();
  return summary;
}

}  // namespace tickscope::compact
