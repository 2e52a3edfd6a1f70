// The index file of a Prometheus block, version 2: which series it has, with their labels and where their chunks are.
//
//   | magic ba aa d7 00 | version 2 | symbols | series, each at a multiple of 16 | postings | label offsets | postings
//   offsets | table of contents: 6 * u64, crc |
//
//   symbols          | bytes: u32 | count: u32 | count * (length: varint, text), ascending | crc |
//   series           | bytes: varint | labels: varint n, n * (name, value: varint) | chunks: varint m, m * chunk | crc |
//   postings         | bytes: u32 | count: u32 | count * series / 16: u32, ascending | crc |
//   postings offsets | bytes: u32 | count: u32 | count * (2: u8, name, value: text, offset: varint) | crc |
//
// Integers are big-endian, checksums CRC32C of what the length counts. The postings of the empty name are all series. Label
// indices are no longer used; what we write has none.
//
// Worked example: the empty table of label offsets is 00 00 00 04 | 00 00 00 00 | crc.
//
// Threads   Reading: immutable. Writing: not thread-safe.
// Memory    Reader: 16 bytes a symbol. Writer: all labels and places of chunks of the block.
// Source    Prometheus tsdb/docs/format/index.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "exchange/big_endian.h"
#include "io/file_system.h"
#include "model/labels.h"

namespace tickscope::exchange {

/// A chunk as the index has it.
struct PrometheusChunkPlace {
  TimeMs min_time_ms = 0;
  TimeMs max_time_ms = 0;
  std::uint64_t ref = 0;  ///< File number from 0 in the upper half, offset in the lower.
};

struct PrometheusSeries {
  std::uint64_t ref = 0;  ///< As tombstones name it.
  Labels labels;
  std::vector<PrometheusChunkPlace> chunks;
};

class PrometheusIndexReader {
 public:
  /// Checks everything but the series. `bytes` outlives the reader; `name` is for messages.
  /// Errors: kCorruption naming section and offset; kUnsupported for another version.
  [[nodiscard]] static Result<PrometheusIndexReader> Open(ByteView bytes, std::string name);

  /// Replaces `series` by the one after that read before, in the file's order; false at the end. Errors: kCorruption.
  [[nodiscard]] Result<bool> Next(PrometheusSeries& series);

 private:
  PrometheusIndexReader(ByteView bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}
  [[nodiscard]] Status Load();
  [[nodiscard]] Status LoadSymbols(std::uint64_t at);
  // Learns from the postings of all series where each is.
  [[nodiscard]] Status LoadPostings(std::uint64_t table_at);
  // What a section's length counts, checked.
  [[nodiscard]] Result<ByteView> Section(std::string_view what, std::uint64_t at) const;
  [[nodiscard]] std::unexpected<Error> Damaged(std::string_view section, std::uint64_t at,
                                               std::string_view what) const;

  ByteView bytes_;
  std::string name_;
  std::vector<std::string_view> symbols_;
  ByteView all_series_;  // Their numbers, four bytes each.
  std::size_t next_ = 0;
};

class PrometheusIndexWriter {
 public:
  /// Adds the series after those before it in label order.
  void Add(const Labels& labels, std::vector<PrometheusChunkPlace> chunks);
  /// Writes the file, durably but for its name. Errors: kOutOfRange when the index outgrows the format; what the file
  /// system says.
  [[nodiscard]] Status Write(io::FileSystem& fs, const std::string& path) const;

  [[nodiscard]] std::size_t series_count() const { return series_.size(); }

 private:
  struct Series {
    std::size_t first_label = 0;  // In labels_, as many as follow until the next series'.
    std::vector<PrometheusChunkPlace> chunks;
  };
  [[nodiscard]] std::uint32_t Number(std::string_view text);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> numbers_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> labels_;  // Of all series, as numbers.
  std::vector<Series> series_;
};

}  // namespace tickscope::exchange
