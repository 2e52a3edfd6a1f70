// Segment: what one tenant got between two cuts of the stream, as a file; read in place.
//
// Segments are the step between memory and blocks: written every minute or two, so that a restart maps them
// and replays only what came after. They go by series number; the labels of numbers first seen in the stretch
// are in the segment too, those of older ones in segments before it or in the catalog file.
//
// Layout: a section file (block/section_file.h), magic "TKSSEG02", integers little-endian
//
//   1 info        | tenant: text | number: varint | offsets: varint first, varint end | min, max time: zz |
//                 | samples: varint | next ref: varint |
//   2 series      | symbols: varint n, n * text | pairs: varint n, n * (name: varint, value: varint) |
//                 | varint n, n * (ref step: zz, epoch: varint, labels: varint k, k * pair: varint) |
//   3 metadata    | varint n, n * (metric, type, help, unit: text) |
//   4 targets     n * (first ref u32, width u32, rows u32, page bytes u32, page offset u64, min i64, max i64)
//   5 beside      n * (ref u32, samples u32, bytes u32, crc32c u32, offset u64, min i64, max i64)
//   6 starts      a table by series number (codec/start_table.h); only when a sample has a start timestamp
//   132 pages     of 4: | crc32c of the rest: u32 | times: rows * zz step | length: u16 a column | columns |
//                 column: codec/value_column.h, or with more than 32 rows codec/block_column.h; empty when the
//                 series has no value in these rows
//   133 samples   of 5: a series' samples by time: | time steps: n * zz | codec/histogram_column.h |
//
// A page holds up to 1024 rows; a target with more has several entries. Entries are sorted by first ref, then
// time. A catalog file is the same with info, series and metadata only.
//
// Threads   Readers are immutable but for "page checked" marks, which are atomic.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "block/section_file.h"
#include "codec/fixed.h"
#include "codec/sample_batch.h"
#include "codec/start_table.h"
#include "io/file_system.h"
#include "model/queryable.h"
#include "tsdb/catalog.h"
#include "tsdb/generation.h"
#include "tsdb/stored_sample.h"

namespace tickscope::tsdb {

using block::SectionReader;
using block::SectionWriter;

using MetadataMap = std::map<std::string, MetricMetadata>;

struct SegmentInfo {
  std::string tenant;
  std::uint64_t number = 0;        ///< Of the cut that ended it.
  std::uint64_t first_offset = 0;  ///< In the stream.
  std::uint64_t end_offset = 0;
  TimeMs min_time_ms = INT64_MAX;
  TimeMs max_time_ms = INT64_MIN;
  std::uint64_t sample_count = 0;
  std::uint32_t next_ref = 0;
};

/// Writes a frozen generation and the definitions of `defined`. Returns the file's size. Durable but for the name.
/// Times and the sample count of `info` are filled in here.
[[nodiscard]] Result<std::uint64_t> WriteSegment(io::FileSystem& fs, const std::string& path,
                                                 SegmentInfo info, const Generation& generation,
                                                 const Catalog& catalog,
                                                 const std::vector<SeriesRef>& defined,
                                                 const MetadataMap& metadata);

/// Writes a catalog file: definitions of `defined` and metadata. Durable but for the name.
[[nodiscard]] Result<std::uint64_t> WriteCatalog(io::FileSystem& fs, const std::string& path,
                                                 const SegmentInfo& info, const Catalog& catalog,
                                                 const std::vector<SeriesRef>& defined,
                                                 const MetadataMap& metadata);

class SegmentReader {
 public:
  /// Errors: kNotFound; kCorruption naming file, section and offset.
  [[nodiscard]] static Result<std::shared_ptr<const SegmentReader>> Open(io::FileSystem& fs,
                                                                         const std::string& path);

  [[nodiscard]] const SegmentInfo& info() const { return info_; }
  [[nodiscard]] const std::string& path() const { return sections_.name(); }

  /// Appends the series' samples in [start, end], in time order.
  [[nodiscard]] Status ReadSamples(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const;
  /// The sample at that time.
  [[nodiscard]] Result<std::optional<StoredSample>> Find(SeriesRef ref, TimeMs time_ms) const;

  /// Calls for every definition, in order of reference. Labels live as long as the reader.
  using DefinitionSink = std::function<void(SeriesRef, std::uint64_t epoch, std::span<const LabelView>)>;
  [[nodiscard]] Status ReadDefinitions(const DefinitionSink& sink) const;
  [[nodiscard]] Result<MetadataMap> ReadMetadata() const;
  /// Calls for every series that has samples; for one of several targets more than once.
  [[nodiscard]] Status ForEachSeries(const std::function<void(SeriesRef)>& sink) const;
  /// Newest times: of rows by (first ref, width), of samples beside by series.
  void ForEachTargetTime(
      const std::function<void(SeriesRef first, std::uint32_t width, TimeMs newest)>& sink) const;
  void ForEachBesideTime(const std::function<void(SeriesRef, TimeMs newest)>& sink) const;
  /// Times of all samples: of rows by the numbers [first, first + width) they may belong to, of samples beside
  /// by series.
  [[nodiscard]] Status ForEachTimes(
      const std::function<void(SeriesRef first, std::uint32_t width, std::span<const TimeMs>)>& sink) const;
  /// Checks every page's checksum. Errors: kCorruption.
  [[nodiscard]] Status CheckPages() const;
  /// Checks and decodes everything.
  [[nodiscard]] Status Verify() const;

 private:
  friend class SegmentCursor;
  struct TargetEntry {
    std::uint32_t first_ref, width, rows, page_bytes;
    std::uint64_t page_offset;
    std::int64_t min_ms, max_ms;
  };
  struct BesideEntry {
    std::uint32_t ref, samples, bytes, crc;
    std::uint64_t offset;
    std::int64_t min_ms, max_ms;
  };
  static_assert(sizeof(TargetEntry) == 40 && sizeof(BesideEntry) == 40, "entries are file layout");
  // A target's page, taken apart.
  struct Page {
    std::vector<TimeMs> times_ms;
    const std::byte* lengths = nullptr;
    ByteView columns;

    [[nodiscard]] std::uint16_t LengthOf(std::uint32_t column) const {
      return codec::LoadFixed<std::uint16_t>(lengths + column * sizeof(std::uint16_t));
    }
    // Bytes of the columns [from, to).
    [[nodiscard]] std::uint64_t LengthOf(std::uint32_t from, std::uint32_t to) const {
      std::uint32_t bytes = 0;
      for (std::uint32_t column = from; column < to; ++column)
        bytes += LengthOf(column);
      return bytes;
    }
  };

  explicit SegmentReader(SectionReader sections) : sections_(std::move(sections)) {}
  [[nodiscard]] Status Load();
  // Those of the target that the series may be of.
  [[nodiscard]] std::span<const TargetEntry> EntriesOf(std::uint32_t number) const;
  // Takes a page apart, into memory it may have from another.
  [[nodiscard]] Status OpenPage(std::size_t entry, Page& page) const;
  [[nodiscard]] Status CheckPage(std::size_t entry) const;
  // Appends samples of a column whose bytes are at `offset` of the columns.
  [[nodiscard]] Status ReadColumnAt(const Page& page, const TargetEntry& entry, std::uint32_t column,
                                    std::uint64_t offset, TimeMs start_ms, TimeMs end_ms,
                                    SampleColumns& out) const;
  [[nodiscard]] Status ReadRows(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const;
  [[nodiscard]] Status ReadBeside(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const;
  friend class SegmentEncoder;

  std::unique_ptr<io::MappedFile> file_;
  SectionReader sections_;
  SegmentInfo info_;
  std::vector<TargetEntry> targets_;
  std::vector<BesideEntry> beside_;
  ByteView pages_;
  ByteView samples_;
  codec::StartTable starts_;
  mutable std::vector<std::atomic<bool>> is_checked_;  // Pages.
};

/// Reads series of one segment one after the other: a target's pages are taken apart once for all its series.
///
/// Threads   One thread; the segment outlives it.
class SegmentCursor {
 public:
  /// Of samples in [start, end].
  SegmentCursor(const SegmentReader& segment, TimeMs start_ms, TimeMs end_ms)
      : segment_(segment), start_ms_(start_ms), end_ms_(end_ms) {}
  /// Appends the series' samples, in time order, without start timestamps.
  [[nodiscard]] Status ReadSamples(SeriesRef ref, SampleColumns& out);

 private:
  struct OpenedPage {
    std::size_t entry = 0;
    SegmentReader::Page page;
    // Series are asked for in order, so lengths are added up from the last one's on.
    std::uint32_t column = 0;
    std::uint64_t offset = 0;
  };
  [[nodiscard]] Status OpenTarget(std::uint32_t number);

  const SegmentReader& segment_;
  TimeMs start_ms_;
  TimeMs end_ms_;
  std::uint32_t first_ref_ = 0;
  std::uint32_t width_ = 0;  // 0: none is open.
  std::size_t page_count_ = 0;
  std::vector<OpenedPage> pages_;  // The first page_count_; others keep their memory.
};

/// Leaves the first `size` samples.
void Truncate(SampleColumns& samples, std::size_t size);

}  // namespace tickscope::tsdb
