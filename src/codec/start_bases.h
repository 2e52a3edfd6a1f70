// Start bases: the start timestamps of a batch's samples as changes to the last start of each series in the stream's
// epoch.
//
// A start changes when a process restarts, so what most batches say about it is: nothing new. The order is that of
// arrival, not of time: a late sample with another start is a change, the next sample in order a change back. Who missed
// a record would give samples the starts of others; so sections are counted, and after a gap in the count every start
// is unset until it is told again. An unset start says less, never something else.
//
// Layout   | before: varint | floats: varint n, n * (gap: varint, start step: zz) | histograms: the same |
//
//   before    sections of this tenant in this epoch that came before and held a change
//   gap       samples of the batch between this change and the one before it (at first: samples before it)
//   start     of this sample and the following ones of its series, 0 for none; a step from the change before in the section,
//             the first from 0
//
// Worked example: the first section, three float samples, the second and third of series whose start is 900 now.
//
//   before 0   floats 2   gap 1, +900   gap 0, +0   histograms 0
//   00         02         01 88 0e      00 00       00
//
// Invariants   B1 encoder and decoder of one epoch that saw the same batches hold the same starts.
//              B2 once a start was told, every batch with samples has a section; before, none has.
// Threads      Externally locked.
// Memory       8 bytes a series number in use, in pages of 512; none while no start is told.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "codec/varint.h"
#include "model/series_ref.h"

namespace tickscope::codec {

class StartBases {
 public:
  /// Samples of one kind: their series, and their starts (as many, or none: all unset).
  struct Samples {
    std::span<const SeriesRef> refs;
    std::span<const TimeMs> starts_ms;
  };
  /// Appends a section's body and moves on; appends nothing when no section is needed.
  void Put(const Samples& floats, const Samples& histograms, Bytes& out);
  /// Takes the last Put back: its batch did not get to the readers.
  void Undo();

  /// Reads a body to the end of the reader. The starts come one a sample, or none when all are unset.
  /// Returns false when the bytes are damaged.
  [[nodiscard]] bool Take(FieldReader& reader, std::span<const SeriesRef> floats,
                          std::vector<TimeMs>& float_starts_ms, std::span<const SeriesRef> histograms,
                          std::vector<TimeMs>& histogram_starts_ms);
  /// A section cannot be read, because its samples cannot: every start is unset until told again.
  void Lose();
  /// Sections with changes so far.
  [[nodiscard]] std::uint64_t section_count() const { return section_count_; }

 private:
  static constexpr std::size_t kPageSize = 512;
  struct Page {
    TimeMs starts_ms[kPageSize]{};
  };
  struct Change {
    SeriesRef ref{};
    TimeMs start_ms = 0;
  };

  [[nodiscard]] TimeMs Get(SeriesRef ref) const {
    const std::size_t page = ToIndex(ref) / kPageSize;
    return page < pages_.size() && pages_[page] != nullptr ? pages_[page]->starts_ms[ToIndex(ref) % kPageSize]
                                                           : 0;
  }
  void Set(SeriesRef ref, TimeMs start_ms);
  void PutChanges(const Samples& samples, TimeMs& last_ms, Bytes& out);
  [[nodiscard]] bool TakeChanges(FieldReader& reader, std::span<const SeriesRef> refs, TimeMs& last_ms,
                                 std::vector<TimeMs>& starts_ms);

  std::vector<std::unique_ptr<Page>> pages_;
  std::uint64_t section_count_ = 0;
  bool is_counted_ = false;          // The last Put held a change.
  std::vector<Change> overwritten_;  // By the last Put, oldest first.
  Bytes body_;
};

}  // namespace tickscope::codec
