// Start table: since when the counters of many series run, by series number; a part of segments and blocks.
//
// A start (start timestamp) belongs to a sample, but changes only when a process restarts. So a series has a list of
// changes: from this sample's time on, this start. A sample is at a millisecond of its own, so a late one whose start
// is another is a change at its time and a change back at the next sample's: its neighbours keep theirs. Series
// without starts are not in the table; consecutive series with the same list share a run.
//
// Layout, u32 little-endian
//
//   | groups: u32 n | n * (first series: u32, offset of its runs: u32) | runs |
//   run       | gap: varint | length: varint | changes: varint n, n * (time step: zz, start step: zz) |
//             `length` consecutive series with this list; the gap counts series between this run and the one before
//             (a group's first: 0). Steps count from the change before in the group, the first from 0.
//
// Worked example: series 3 and 4 have start 900 from time 1000 on.
//
//   n=1         series 3    offset 0    gap 0, length 2, changes 1, time +1000, start +900
//   01000000    03000000    00000000    00 02 01 d0 0f 88 0e
//
// Invariants   T1 series ascend; a list is never empty, its times ascend, neighbours differ, the first start is set.
//              T2 the bytes are a function of the lists.
// Memory       The reader borrows the bytes and keeps none.
// Cost         A look-up is a binary search over groups and at most 32 runs: some 0.2 us.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "model/queryable.h"

namespace tickscope::codec {

/// Samples from `from_ms` on have this start, 0 for none, until the next change.
struct StartChange {
  TimeMs from_ms = 0;
  TimeMs start_ms = 0;
  friend bool operator==(const StartChange&, const StartChange&) = default;
};

/// The list of changes that says what the samples' start_times_ms say. Empty when no start is set.
[[nodiscard]] std::vector<StartChange> StartChangesOf(const SampleColumns& samples);
/// Gives the samples from index `from` on, which ascend in time, the starts that `changes` say.
void ApplyStarts(std::span<const StartChange> changes, std::size_t from, SampleColumns& samples);

class StartTableWriter {
 public:
  /// Requires: ascending series. An empty list is none.
  void Add(std::uint32_t series, std::span<const StartChange> changes);
  [[nodiscard]] bool empty() const { return length_ == 0; }
  /// The table. Nothing may be added after.
  [[nodiscard]] Bytes Finish();

 private:
  void FlushRun();

  // The run that may go on.
  std::uint32_t first_ = 0;
  std::uint32_t length_ = 0;
  std::vector<StartChange> changes_;
  Bytes directory_;
  Bytes runs_;
  std::size_t run_count_ = 0;
  std::uint32_t next_series_ = 0;
  StartChange last_;
};

class StartTable {
 public:
  /// No bytes are a table of nothing. Nothing when the directory does not fit the bytes.
  [[nodiscard]] static std::optional<StartTable> Open(ByteView bytes);
  StartTable() = default;

  [[nodiscard]] bool empty() const { return group_count_ == 0; }
  /// Replaces `out` by the series' list. False when the bytes are damaged.
  [[nodiscard]] bool Find(std::uint32_t series, std::vector<StartChange>& out) const;

 private:
  std::uint32_t group_count_ = 0;
  ByteView directory_;
  ByteView runs_;
};

}  // namespace tickscope::codec
