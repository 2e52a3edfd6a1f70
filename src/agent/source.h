// Source: something the agent reads on a schedule: a target that is scraped, or a directory of SDK pages.
//
// Threads   One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/write_batch.h"
#include "base/clock.h"

namespace tickscope::agent {

/// How late a read may start and still get the time it was due at: an even step stores far smaller.
inline constexpr TimeMs kScheduleToleranceMs = 2;

/// The time of samples that were due at `due_ms` and are read at `now_ms`.
[[nodiscard]] constexpr TimeMs SampleTimeMs(TimeMs due_ms, TimeMs now_ms) {
  const TimeMs late_ms = now_ms - due_ms;
  return late_ms >= 0 && late_ms <= kScheduleToleranceMs ? due_ms : now_ms;
}

/// The last read of a source.
struct SourceReport {
  std::string name;    ///< The target's URL without its query, or the directory.
  TimeMs read_ms = 0;  ///< When; 0 before the first.
  double seconds = 0;  ///< How long it took.
  std::size_t samples = 0;
  std::string error;  ///< Why there are none; empty when all is well.
};

class Source {
 public:
  virtual ~Source() = default;
  /// It is part of what is in force from now on. On the loop's thread, before the first Read.
  virtual void Begin() {}
  /// Reads once; may block. `due_ms` is when the schedule asked for it. Null when there is nothing to send.
  [[nodiscard]] virtual WriteBatchPtr Read(TimeMs due_ms) = 0;
  /// What was not read yet of a source that is sent to, and staleness markers for everything alive. Null when there is nothing.
  [[nodiscard]] virtual WriteBatchPtr End() = 0;

  [[nodiscard]] virtual std::int64_t interval_ms() const = 0;
  /// Stable for the life of the source's configuration; spreads sources over time and over shards.
  [[nodiscard]] virtual std::uint64_t hash() const = 0;
  [[nodiscard]] virtual std::size_t series_count() const = 0;
  [[nodiscard]] virtual SourceReport report() const = 0;
};

}  // namespace tickscope::agent
