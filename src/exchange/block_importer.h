// BlockImporter: makes Tickscope blocks of samples that come in any order, beside a server or without one.
//
//   Add, Add, ... ──memory full──► sorted runs on disk ──Finish: merge──► one block a window of time
//
// Recent windows are as long as the store's (two hours), older ones a day, so that a year is some 400 files. A window
// begins a millisecond after a multiple of its length. A window of more than block_samples_max samples becomes several
// blocks, cut between series. Files are named as the store's, with the import's id in the place of the cut:
// 1699999200001-1700006400001-i0123456789abcdef.block
//
// Invariants   I1 of samples of one series at one time the first added stays; the others are counted.
//              I2 the blocks are a function of what was added, its order where I1 asks for it, and the options.
//              I3 until Finish has returned well nothing counts: destruction takes all files away again.
// Threads      Not thread-safe.
// Memory       memory_bytes for what is not yet on disk; then a buffer for each of kMergeRuns runs, the samples of one
//              series in one window, and what block::BlockWriter needs.
// Disk         What was added, up to 16 bytes a sample, until Finish ends; twice that where runs are merged into longer
//              runs; and the blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "block/block_writer.h"
#include "exchange/sample_flow.h"
#include "exchange/spool_run.h"
#include "io/file_system.h"
#include "model/labels.h"
#include "model/queryable.h"
#include "model/tenant.h"

namespace tickscope::exchange {

inline constexpr std::size_t kMergeRuns = 64;

struct ImportOptions {
  TenantId tenant{kDefaultTenant};
  std::string directory;                             ///< For blocks and runs; made when it is not there.
  std::string id;                                    ///< Of this import, in names of files: [0-9a-z].
  std::size_t memory_bytes = 256U << 20;             ///< For samples that are not on disk yet.
  std::int64_t block_range_ms = 2 * 3'600'000;       ///< Of recent windows.
  std::int64_t old_block_range_ms = 24 * 3'600'000;  ///< Of windows that end at or before old_before_ms.
  TimeMs old_before_ms = INT64_MIN;
  std::uint64_t block_samples_max = 256U << 20;
  /// Hears how many more samples were taken in or written out: to hold an import back, or to tell how far it is.
  std::function<void(std::uint64_t samples)> pace;
};

struct ImportedBlock {
  std::string name;  ///< Within the directory.
  block::BlockSummary summary;
};

struct ImportSummary {
  std::uint64_t samples = 0;     ///< In the blocks.
  std::uint64_t duplicates = 0;  ///< Left out by I1.
  TimeMs min_time_ms = INT64_MAX;
  TimeMs max_time_ms = INT64_MIN;
  std::vector<ImportedBlock> blocks;  ///< By time.
};

class BlockImporter {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BlockImporter>> Create(io::FileSystem& fs,
                                                                     ImportOptions options);
  ~BlockImporter();
  BlockImporter(const BlockImporter&) = delete;
  BlockImporter& operator=(const BlockImporter&) = delete;

  /// Takes samples in any order. Errors: kInvalidArgument naming what is wrong with the series or a histogram, and
  /// nothing of it is taken; what the file system says.
  [[nodiscard]] Status Add(const Labels& labels, const SampleColumns& samples);
  [[nodiscard]] std::uint64_t added_samples() const { return added_; }

  /// Writes the blocks, durably with their names. Once.
  [[nodiscard]] Result<ImportSummary> Finish();

 private:
  struct Pending {
    Labels labels;
    SampleColumns samples;
  };
  class RunMerge;

  BlockImporter(io::FileSystem& fs, ImportOptions options) : fs_(fs), options_(std::move(options)) {}
  /// Start of the window a time is in, and its length.
  struct Window {
    TimeMs start_ms = 0;
    std::int64_t length_ms = 0;
  };
  [[nodiscard]] Window WindowOf(TimeMs time_ms) const;
  [[nodiscard]] Status Spill();
  [[nodiscard]] std::string NewRunPath();
  // Merges runs [0, kMergeRuns) into one until there are no more than that.
  [[nodiscard]] Status ShortenRuns();
  [[nodiscard]] Status WriteBlocks(ImportSummary& summary);
  void Pace(std::uint64_t samples) const {
    if (options_.pace) options_.pace(samples);
  }

  io::FileSystem& fs_;
  const ImportOptions options_;
  std::unordered_map<Labels, std::size_t> index_;  // Into pending_.
  std::vector<Pending> pending_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t added_ = 0;
  std::vector<std::string> runs_;  // In the order of what was added.
  std::size_t run_count_ = 0;
  std::vector<std::string> written_;  // Blocks, to be taken away unless all goes well.
  bool finished_ = false;
};

/// Checks that a store can hold the series: labels there, texts UTF-8, no empty name. Errors: kInvalidArgument.
[[nodiscard]] Status CheckImportLabels(const Labels& labels);

}  // namespace tickscope::exchange
