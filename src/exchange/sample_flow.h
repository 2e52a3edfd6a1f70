// Samples on their way in or out: where they come from and where they go, whatever the format.
//
//   import   SampleSource ──► BlockImporter (exchange/block_importer.h) ──► block files
//   export   Queryable or remote read ──window by window──► SampleSink
//
// A new output format is a SampleSink. It is given one window of time after the other, ascending; in a window each series
// once, in label order; of a series its samples in time order. So what a sink keeps in memory is bounded by a window,
// or by one series where it writes as it goes.
//
// Threads   Neither is thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "model/labels.h"
#include "model/queryable.h"

namespace tickscope::exchange {

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  /// Replaces both by the next piece: some samples of a series, which may come again; false at the end. Pieces and their
  /// samples may have any order. Errors name the file and the place in it.
  [[nodiscard]] virtual Result<bool> Next(Labels& labels, SampleColumns& samples) = 0;
  /// What was skipped because it was bad and the caller said to go on.
  [[nodiscard]] virtual std::uint64_t skipped() const { return 0; }
};

/// A window of time, both ends inclusive.
struct TimeWindow {
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  friend bool operator==(const TimeWindow&, const TimeWindow&) = default;
};

class SampleSink {
 public:
  virtual ~SampleSink() = default;
  /// Longest window the sink takes; windows then begin at multiples of it. 0 for any.
  [[nodiscard]] virtual std::int64_t window_ms_max() const { return 0; }
  [[nodiscard]] virtual Status BeginWindow(const TimeWindow& window) = 0;
  /// Takes a series' samples; there is at least one.
  [[nodiscard]] virtual Status Add(const Labels& labels, const SampleColumns& samples) = 0;
  [[nodiscard]] virtual Status EndWindow() = 0;
  /// Ends the output. What was written counts only after it.
  [[nodiscard]] virtual Status Finish() = 0;
  /// Samples the format cannot hold and that were left out: native histograms in a text format.
  [[nodiscard]] virtual std::uint64_t left_out() const { return 0; }
};

}  // namespace tickscope::exchange
