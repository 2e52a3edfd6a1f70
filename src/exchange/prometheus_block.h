// Prometheus TSDB blocks: read as a source of samples, written as a sink.
//
//   01JD...ULID/meta.json        what the block covers; a block counts once it is there
//   01JD...ULID/index            exchange/prometheus_index.h
//   01JD...ULID/chunks/000001    | magic 85 bd 40 dd | version 1, 0, 0, 0 | chunk: bytes: varint | encoding: u8 | data |
//                                crc of encoding and data: u32 |, at most 512 MiB a file
//   01JD...ULID/tombstones       | magic 01 30 ba 30 | version 1 | series: varint, first, last time: zigzag | ... | crc of these |
//
// Read: what tombstones delete and what lies outside the block's time is left out; series come in label order. Encodings
// past float histograms are refused by number. Written: chunks as wire/prometheus_chunk.h makes them, so that
// Prometheus and promtool read them.
//
// Threads   Not thread-safe.
// Memory    Reading: the symbols, and the samples of one series. Writing: labels and places of chunks of one block.
// Source    Prometheus tsdb/docs/format.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "exchange/prometheus_index.h"
#include "exchange/sample_flow.h"
#include "io/file_system.h"

namespace tickscope::exchange {

struct PrometheusBlockMeta {
  std::string ulid;
  TimeMs min_time_ms = 0;
  TimeMs max_time_ms = 0;  ///< Exclusive.
  std::uint64_t series_count = 0;
  std::uint64_t sample_count = 0;
  std::uint64_t chunk_count = 0;
};

class PrometheusBlockReader final : public SampleSource {
 public:
  /// Opens the block in that directory. Errors: kNotFound when it is no block; kCorruption naming file, section and
  /// offset; kUnsupported for another version.
  [[nodiscard]] static Result<std::unique_ptr<PrometheusBlockReader>> Open(io::FileSystem& fs,
                                                                           const std::string& directory);

  [[nodiscard]] const PrometheusBlockMeta& meta() const { return meta_; }
  /// The next series with any samples, whole.
  [[nodiscard]] Result<bool> Next(Labels& labels, SampleColumns& samples) override;

 private:
  explicit PrometheusBlockReader(std::string directory) : directory_(std::move(directory)) {}
  [[nodiscard]] Status Load(io::FileSystem& fs);
  [[nodiscard]] Status LoadTombstones(io::FileSystem& fs);
  [[nodiscard]] Status LoadChunkFiles(io::FileSystem& fs);
  [[nodiscard]] Status ReadChunk(std::uint64_t ref, SampleColumns& out) const;

  struct ChunkFile {
    std::string path;
    std::unique_ptr<io::MappedFile> file;
  };

  const std::string directory_;
  PrometheusBlockMeta meta_;
  std::unique_ptr<io::MappedFile> index_file_;
  std::unique_ptr<PrometheusIndexReader> index_;
  std::vector<ChunkFile> chunk_files_;
  std::map<std::uint64_t, std::vector<TimeWindow>> deleted_;  // By series.
  PrometheusSeries series_;
};

/// Directories at or below `path` that hold a block, oldest first. Errors: kNotFound when there are none.
[[nodiscard]] Result<std::vector<std::string>> FindPrometheusBlocks(io::FileSystem& fs,
                                                                    const std::string& path);

/// A name for a block: the time and 80 random bits, 26 letters and digits that sort by time.
[[nodiscard]] std::string MakeUlid(TimeMs time_ms, Random& random);

/// Writes a block for each window of two hours that has samples.
class PrometheusBlockSink final : public SampleSink {
 public:
  static constexpr std::int64_t kWindowMs = 2 * 3'600'000;

  /// Blocks go below `directory`, which is made. Everything given outlives the sink.
  PrometheusBlockSink(io::FileSystem& fs, std::string directory, TimeMs now_ms, Random& random);
  ~PrometheusBlockSink() override;

  [[nodiscard]] std::int64_t window_ms_max() const override { return kWindowMs; }
  [[nodiscard]] Status BeginWindow(const TimeWindow& window) override;
  [[nodiscard]] Status Add(const Labels& labels, const SampleColumns& samples) override;
  [[nodiscard]] Status EndWindow() override;
  [[nodiscard]] Status Finish() override;

  /// Directories of the blocks written.
  [[nodiscard]] const std::vector<std::string>& blocks() const { return blocks_; }

 private:
  struct OpenBlock;
  [[nodiscard]] Status Open();

  io::FileSystem& fs_;
  const std::string directory_;
  const TimeMs now_ms_;
  Random& random_;
  TimeWindow window_;
  std::unique_ptr<OpenBlock> open_;
  std::vector<std::string> blocks_;
};

}  // namespace tickscope::exchange
