// TenantVersion: everything a query of one tenant reads, fixed at one moment.
//
// Sealing, block cuts and quarantine make a new version; who reads holds the old one, and with it the memory
// and files it lists, until done. That is the whole of reclamation: nothing a version lists is freed or
// unmapped before the last reader lets go.
//
// A sample is in exactly one of blocks, segments and stretches of a version. A segment's samples before its
// `from_ms` do not count: they are in blocks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "block/block_reader.h"
#include "tsdb/head.h"
#include "tsdb/segment.h"

namespace tickscope::tsdb {

struct SegmentEntry {
  std::uint64_t cut = 0;
  std::string name;
  std::shared_ptr<const SegmentReader> reader;
  TimeMs from_ms = INT64_MIN;
};

struct BlockEntry {
  std::uint64_t cut = 0;
  std::string name;
  std::shared_ptr<const block::BlockReader> reader;
};

struct TenantVersion {
  std::shared_ptr<Catalog> catalog;
  std::vector<Head::Stretch> stretches;  ///< Not yet sealed, oldest first.
  std::vector<SegmentEntry> segments;    ///< By cut.
  std::vector<BlockEntry> blocks;        ///< By cut.

  /// Whether a series of the catalog can have a sample in [start, end].
  [[nodiscard]] bool RecentMayHold(TimeMs start_ms, TimeMs end_ms) const;
  /// Appends the samples of a series of the catalog in [start, end], in time order, but for blocks.
  /// Damaged segments are left out and added to `damage`.
  struct Damage {
    std::string path;
    Error error;
  };
  void ReadRecent(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out,
                  std::vector<Damage>& damage) const;
};

enum class Starts : std::uint8_t { kWithout, kWith };

/// Appends samples of the chain in [start, end], in no order, with their start timestamps when those of the others are there.
void ReadBeside(const Beside* newest, TimeMs start_ms, TimeMs end_ms, Starts starts, SampleColumns& out);
/// Appends a generation's samples of one series in [start, end], in time order. `catalog` is its own.
void ReadGeneration(const Generation& generation, const Catalog& catalog, SeriesRef ref, TimeMs start_ms,
                    TimeMs end_ms, SampleColumns& out);
/// The same for a stretch.
void ReadStretch(const Head::Stretch& stretch, SeriesRef ref, TimeMs start_ms, TimeMs end_ms,
                 SampleColumns& out);

}  // namespace tickscope::tsdb
