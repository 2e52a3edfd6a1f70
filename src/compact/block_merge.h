// Block merge: several blocks of one tenant become one, and what was deleted or is too old is left out.
//
// What compaction, retention by matcher and deletes are made of. Blocks may overlap in time as they like. Series are taken
// from all blocks in block order, one after the other; a series' chunks that meet no other in time are copied packed, the
// rest is decoded and merged (compact/times_plan.h).
//
// Invariants   M1 The result is a function of the blocks, their order, their names and the options but for callbacks and
//                 bounds: two who do the same merge write the same bytes.
//              M2 Of samples of one series at one time, that of the block given first is kept. Others that are equal to it
//                 are duplicates, those that are not are conflicts; both are counted.
//              M3 Nothing is left behind by a merge that fails, and nothing bears the name `path` before it is whole and
//                 durable. A power cut may leave `path`.tmp.
//              M4 Merging merged blocks gives the same samples as merging their sources at once.
//
// Copying   A column that is told from the next smaller bucket's is copied when that bucket is again before it, with the same
//           rows and values. Checksums of what is copied are checked, and its head; values are not decoded.
// Memory    The index of the block that is written, one series of each input and the times of targets in use; columns lie in
//           the inputs and leave memory behind the merge. Charged against MergeOptions::memory_bytes_max as it grows: a day
//           of 30,000 series came to 11 MiB, and to 132 MiB of RSS with the pages of its inputs.
// Threads   Runs on the caller's. Several merges may share inputs.
// Cost      block_merge_bench: 380 M samples a second of CPU where chunks are copied, 18 M where all blocks overlap and every
//           sample is decoded and encoded again (on a machine that had other work).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "block/block_reader.h"
#include "block/block_writer.h"
#include "io/file_system.h"
#include "model/matcher.h"

namespace tickscope::compact {

/// Samples to delete: of series that all matchers accept, with times in [start_ms, end_ms].
struct Tombstone {
  std::vector<Matcher> matchers;
  TimeMs start_ms = INT64_MIN;
  TimeMs end_ms = INT64_MAX;
};

/// How far a merge is, and what it met. Entries are series counted once for each block they are in.
struct MergeProgress {
  std::uint64_t entries_done = 0;
  std::uint64_t entries_total = 0;
  std::uint64_t series_written = 0;
  std::uint64_t samples_written = 0;
  std::uint64_t samples_dropped = 0;  ///< Out of range, too old or deleted.
  std::uint64_t duplicates = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t chunks_copied = 0;
  std::uint64_t chunks_encoded = 0;
  std::uint64_t memory_bytes = 0;  ///< The estimate that is held against the bound.
};

struct MergeOptions {
  TimeMs from_ms = INT64_MIN;   ///< Samples before it are left out.
  TimeMs until_ms = INT64_MAX;  ///< Samples at or after it are left out.
  std::vector<Tombstone> tombstones;
  /// The time from which a series' samples are kept, for retention by matcher; empty keeps all. A pure function.
  std::function<TimeMs(const Labels&)> keep_from;
  /// What the result says it replaces (BlockMeta::sources), instead of the names of all inputs and of their sources: for
  /// one of several results that replace the inputs together.
  std::optional<std::vector<std::string>> sources;
  /// Hears how far it is now and then, and once at the end.
  std::function<void(const MergeProgress&)> progress;
  /// Hears which input a kCorruption comes from (an index into `inputs`), before MergeBlocks returns it: put that one aside
  /// and merge the rest.
  std::function<void(std::size_t input, const Error& error)> on_damage;
  /// Looked at now and then; true ends the merge with kCancelled.
  const std::atomic<bool>* is_cancelled = nullptr;
  /// Most memory the merge may hold, but for pages of mapped files.
  std::uint64_t memory_bytes_max = 768ULL << 20;
  /// What an error says to raise when that is too little.
  std::string memory_setting = "MergeOptions::memory_bytes_max";
};

/// Merges the blocks into one at `path`, durably; none and no file when no sample is left.
/// Errors: kInvalidArgument when there are no inputs, or they differ in tenant, resolution or aggregate; kCorruption naming
///         the damaged block, see on_damage; kResourceExhausted when memory or disk do not suffice; kCancelled; what else
///         the file system or fetching a block says.
[[nodiscard]] Result<std::optional<block::BlockSummary>> MergeBlocks(
    io::FileSystem& fs, const std::string& path,
    const std::vector<std::shared_ptr<const block::BlockReader>>& inputs, const MergeOptions& options);

}  // namespace tickscope::compact
