// BlockReader: a block file, read in place.
//
// Opening checks label texts and times; series, postings and the pages of columns are checked when they are first
// touched. So hundreds of blocks of a gigabyte open in a second, and no byte is believed before its checksum.
//
// A block need not be here (block/block_bytes.h): opening fetches its end and then its index but for series and postings,
// in two or three ranges; these two are fetched whole when first touched; Prefetch fetches the columns a query will read
// in few ranges; what else is touched is fetched page by page.
//
// Threads   Immutable but for "page checked" marks, which are atomic. A Cursor belongs to one thread.
// Memory    Label texts and pair numbers; the rest stays in the file.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "block/block_bytes.h"
#include "block/block_writer.h"
#include "block/section_file.h"
#include "codec/column_stats.h"
#include "codec/column_steps.h"
#include "codec/start_table.h"
#include "index/hyperloglog.h"
#include "index/postings.h"
#include "io/file_system.h"
#include "model/column_scan.h"
#include "model/matcher.h"
#include "model/queryable.h"

namespace tickscope::block {

/// Number of a series within a block, in block order.
enum class SeriesId : std::uint32_t {};

/// A chunk of a time column.
struct TimesChunk {
  std::uint32_t rows = 0;
  std::uint32_t bytes = 0;
  std::uint64_t offset = 0;  ///< Among the time columns.
  TimeMs first_ms = 0;
  TimeMs last_ms = 0;
};

class ColumnPlaces;
struct ColumnPlace;

/// A series' entry.
struct SeriesEntry {
  std::vector<std::uint32_t> pairs;
  TimesId times{};
  bool refers_to_previous = false;
  bool holds_histograms = false;
  std::uint64_t columns_at = 0;  ///< Offset of the first column.
  std::vector<std::uint32_t> column_bytes;
  std::vector<codec::ColumnStats> stats;
};

class BlockReader {
 public:
  /// Errors: kNotFound; kCorruption naming file, section and offset; kUnsupported for a later version.
  [[nodiscard]] static Result<std::shared_ptr<const BlockReader>> Open(io::FileSystem& fs,
                                                                       const std::string& path);
  /// Opens a block that may have to be fetched; `name` is what errors call it. Errors: as above, and what fetching says.
  [[nodiscard]] static Result<std::shared_ptr<const BlockReader>> Open(
      std::unique_ptr<const BlockBytes> bytes, std::string name);

  [[nodiscard]] const BlockMeta& meta() const { return meta_; }
  [[nodiscard]] const std::string& path() const { return sections_.name(); }
  [[nodiscard]] std::uint64_t file_bytes() const { return bytes_->bytes().size(); }
  /// Bytes of a section.
  [[nodiscard]] std::uint64_t SectionBytes(std::uint8_t tag) const { return sections_.Find(tag).size(); }
  /// Bytes of memory held.
  [[nodiscard]] std::uint64_t memory_bytes() const;

  /// Series every matcher accepts, ascending. Errors: kCorruption.
  [[nodiscard]] Result<std::vector<SeriesId>> Select(const std::vector<Matcher>& matchers) const;
  /// The series with exactly these labels.
  [[nodiscard]] Result<std::optional<SeriesId>> FindSeries(const Labels& labels) const;
  [[nodiscard]] Result<Labels> LabelsOf(SeriesId id) const;
  /// Label pairs are numbered from 0, by name, then value. The text lives as long as the block.
  [[nodiscard]] std::uint32_t pair_count() const { return static_cast<std::uint32_t>(pairs_.size()); }
  [[nodiscard]] LabelView PairText(std::uint32_t pair) const {
    return {TextOf(pairs_[pair].name), TextOf(pairs_[pair].value)};
  }
  /// Names, and values of a name, on the series that match; sorted.
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const std::vector<Matcher>& matchers) const;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(std::string_view name,
                                                             const std::vector<Matcher>& matchers) const;

  /// Appends the series' samples in [start, end], in time order. For many series of a block use a Cursor.
  [[nodiscard]] Status ReadSamples(SeriesId id, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const;

  /// Whether any sample has a start timestamp.
  [[nodiscard]] bool has_starts() const;
  /// Replaces `out` by the changes of start of a series; empty when it has none. Errors: kCorruption.
  [[nodiscard]] Status ReadStarts(SeriesId id, std::vector<codec::StartChange>& out) const;
  /// Makes the columns of these series that have times in [start, end] present, and those they refer to, in as few
  /// ranges as they lie in. Worth it for blocks that are not here; harmless else. Errors: kCorruption; what fetching says.
  [[nodiscard]] Status Prefetch(std::span<const SeriesId> ids, TimeMs start_ms, TimeMs end_ms) const;

  /// A sketch of the block's series by index::SeriesHash. Errors: kCorruption; kNotFound in a block that has none.
  [[nodiscard]] Result<index::HyperLogLog> Sketch() const;

  /// Checks every checksum and decodes everything. `progress` hears how many series are done.
  [[nodiscard]] Status Verify(const std::function<void(std::uint64_t done)>& progress) const;

  /// Reads pages of columns from the disk again and checks them, whether they were checked before or not; for
  /// scrubbing. Errors: kCorruption naming the page.
  [[nodiscard]] Status CheckPages(std::uint64_t first, std::uint64_t count) const;
  /// The same for everything but columns.
  [[nodiscard]] Status CheckIndex() const;
  [[nodiscard]] std::uint64_t page_count() const { return is_checked_.size(); }

  // For scans that stay on packed columns.
  [[nodiscard]] std::size_t times_count() const { return times_.size(); }
  /// Chunks of the series that has the most.
  [[nodiscard]] std::uint32_t chunk_count_max() const { return chunk_count_max_; }
  /// Chunks of a time column, ascending.
  [[nodiscard]] std::span<const TimesChunk> ChunksOf(TimesId id) const {
    return times_[static_cast<std::size_t>(id)];
  }
  /// The packed times of a chunk.
  [[nodiscard]] ByteView TimesColumn(const TimesChunk& chunk) const {
    return time_columns_.subspan(chunk.offset, chunk.bytes);
  }
  /// Replaces `out` by the times of a chunk.
  [[nodiscard]] Status ReadTimes(const TimesChunk& chunk, std::vector<TimeMs>& out) const;
  /// All times of a time column.
  [[nodiscard]] Status ReadTimes(TimesId id, std::vector<TimeMs>& out) const;
  /// Bytes of a series' columns, checked. Errors: kCorruption.
  [[nodiscard]] Result<ByteView> ColumnBytes(std::uint64_t offset, std::uint64_t size) const;
  /// Makes columns in [from, to), as far as there are any, present at once: for who reads all of them in order.
  [[nodiscard]] Status PrefetchColumns(std::uint64_t from, std::uint64_t to) const;
  /// Columns in [from, to) will not be read soon (BlockBytes::Release).
  void ReleaseColumns(std::uint64_t from, std::uint64_t to) const;

 private:
  friend class Cursor;
  struct Pair {
    std::uint32_t name = 0;
    std::uint32_t value = 0;
    std::uint64_t postings_at = 0;
    std::uint32_t postings_bytes = 0;
  };
  struct Name {
    std::uint32_t symbol = 0;
    std::uint32_t first_pair = 0;
    std::uint32_t end_pair = 0;
  };

  BlockReader(std::unique_ptr<const BlockBytes> bytes, SectionReader sections)
      : bytes_(std::move(bytes)), sections_(std::move(sections)) {}
  [[nodiscard]] Status Load();
  [[nodiscard]] Status LoadMeta();
  [[nodiscard]] Status LoadSymbols();
  [[nodiscard]] Status LoadLabels();
  [[nodiscard]] Status LoadTimes();
  [[nodiscard]] const std::string& TextOf(std::uint32_t symbol) const { return symbols_[symbol]; }
  [[nodiscard]] const Name* FindName(std::string_view name) const;
  [[nodiscard]] Result<index::Postings> PostingsOf(std::uint32_t pair) const;
  // Whether the pair is on any of these series, which ascend.
  [[nodiscard]] Result<bool> IsOnAny(std::uint32_t pair, std::span<const SeriesRef> chosen) const;
  [[nodiscard]] Status AddPostings(std::uint32_t pair, index::Postings& to) const;
  [[nodiscard]] Result<index::Postings> SelectPositive(const Matcher& matcher) const;
  [[nodiscard]] Result<index::Postings> SelectPostings(const std::vector<Matcher>& matchers) const;
  // Entries of the group, from its first series.
  // Whose memory is used again.
  [[nodiscard]] Status ReadGroup(std::size_t group, std::vector<SeriesEntry>& entries) const;
  [[nodiscard]] Status CheckPage(std::uint64_t page) const;
  [[nodiscard]] ByteRange PageRange(std::uint64_t first, std::uint64_t end) const;
  [[nodiscard]] Labels LabelsOfEntry(const SeriesEntry& entry) const;

  std::unique_ptr<const BlockBytes> bytes_;
  SectionReader sections_;
  BlockMeta meta_;
  std::vector<std::string> symbols_;
  std::vector<Name> names_;
  std::vector<Pair> pairs_;
  std::vector<std::vector<TimesChunk>> times_;
  std::uint32_t chunk_count_max_ = 0;
  ByteView time_columns_;
  ByteView postings_;
  ByteView series_;
  ByteView groups_;
  ByteView columns_;
  ByteView page_crcs_;
  // Fetches and checks a section that opening left for later.
  [[nodiscard]] Status CheckOnce(std::uint8_t tag, std::atomic<bool>& is_checked) const;

  mutable std::vector<std::atomic<bool>> is_checked_;  // Pages.
  mutable std::atomic<bool> series_are_checked_{false};
  mutable std::atomic<bool> postings_are_checked_{false};
  mutable std::atomic<bool> starts_are_checked_{false};
};

/// Reads series of one block one after the other, keeping what the next is likely to need: the group of entries,
/// the times, and the columns of a histogram's buckets.
class Cursor {
 public:
  /// `block` outlives the cursor, as does what is known of places, if anything is: ReadSteps then need not look for them.
  explicit Cursor(const BlockReader& block, const ColumnPlaces* known = nullptr)
      : block_(block), known_(known) {}

  [[nodiscard]] Result<Labels> LabelsOf(SeriesId id);
  /// Appends the series' samples in [start, end], in time order.
  [[nodiscard]] Status ReadSamples(SeriesId id, TimeMs start_ms, TimeMs end_ms, SampleColumns& out);
  /// The same without start timestamps; true when all that was appended is known to be floats, none of them NaN or a
  /// staleness marker, that never fall.
  [[nodiscard]] Result<bool> ReadColumns(SeriesId id, TimeMs start_ms, TimeMs end_ms, SampleColumns& out);
  /// Appends the series' samples in [start, end] as steps, without decoding a value. False, with `out` of no use, when they
  /// are no counter of whole numbers. What `out` shows lives until the next call.
  [[nodiscard]] Result<bool> ReadSteps(SeriesId id, TimeMs start_ms, TimeMs end_ms, CounterSteps& out);
  /// Appends the series' samples in [start, end]; chunks that no edge parts (ColumnReader::AppendParts) by their stats, without
  /// their columns being read. False when the series holds histograms.
  [[nodiscard]] Result<bool> ReadParts(SeriesId id, TimeMs start_ms, TimeMs end_ms,
                                       std::span<const TimeMs> edges, SampleParts& out);
  /// Columns that were decoded, in whole or in part.
  [[nodiscard]] std::uint64_t columns_read() const { return columns_read_; }
  /// Values of one chunk of a series of floats, gaps as MissingValue(). Live until the next call.
  [[nodiscard]] Result<std::span<const double>> Column(SeriesId id, std::uint32_t chunk);
  /// The series' entry. Lives until the next call.
  [[nodiscard]] Result<const SeriesEntry*> Entry(SeriesId id);
  /// Bytes of memory held.
  [[nodiscard]] std::uint64_t memory_bytes() const;

 private:
  // One chunk of a chain of series of which each refers to the one before.
  struct Chain {
    std::uint32_t first = 0;
    std::uint32_t chunk = 0;
    std::size_t count = 0;                     // Of columns that are of this chain.
    std::uint32_t rows = 0;                    // Of each.
    std::vector<std::vector<double>> columns;  // Kept for the next chain.
  };

  [[nodiscard]] Result<bool> ReadFloats(SeriesId id, TimesId times_id, TimeMs start_ms, TimeMs end_ms,
                                        SampleColumns& out);
  // One chunk of them. The same, of what this chunk adds to samples from row `begin` on.
  [[nodiscard]] Result<bool> ReadFloatChunk(SeriesId id, TimesId times_id, std::uint32_t chunk,
                                            TimeMs start_ms, TimeMs end_ms, std::size_t begin,
                                            SampleColumns& out);
  [[nodiscard]] Status ReadMixed(const SeriesEntry& entry, TimeMs start_ms, TimeMs end_ms,
                                 SampleColumns& out);
  // The times of one chunk of the series that was read last.
  struct TimesSlot {
    TimesId id{};
    std::uint64_t version = 0;  // 0 before the first; else of these times.
    std::vector<TimeMs> times_ms;
  };
  // Steps of some rows of one chunk of a series, which those of the next in its chain begin from.
  struct StepChain {
    std::uint32_t id = ~std::uint32_t{0};
    codec::RowRange rows;
    bool is_counter = false;  // Else there is no telling, for what follows in the chain neither.
    std::vector<std::uint32_t> steps;
  };
  [[nodiscard]] Result<ColumnPlace> Place(SeriesId id, std::uint32_t chunk);
  [[nodiscard]] Result<const StepChain*> Steps(SeriesId id, std::uint32_t chunk, codec::RowRange rows);
  [[nodiscard]] Result<const TimesSlot*> Times(TimesId id, std::uint32_t chunk);

  const BlockReader& block_;
  const ColumnPlaces* const known_;
  std::size_t known_near_ = 0;
  std::size_t group_ = ~std::size_t{0};
  std::vector<SeriesEntry> entries_;
  std::vector<Chain> chains_;           // One a chunk number.
  std::vector<StepChain> step_chains_;  // Likewise.
  std::vector<double> column_;
  std::vector<codec::StartChange> starts_;
  std::vector<TimesSlot> times_;  // One a chunk number.
  std::uint64_t times_version_ = 0;
  std::uint64_t columns_read_ = 0;
};

}  // namespace tickscope::block
