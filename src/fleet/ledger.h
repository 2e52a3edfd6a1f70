// Ledger: which samples a receiver has acknowledged, on a file that survives the run.
//
//   tickscope fleet ledger 1
//   run seed=1 servers=50 servers_per_request=10 points_per_request=1 cadence_ms=10000 start_ms=1767225600000
//   ack 0 0 1
//   ack 1 0 1
//
// A run line says how to recompute every value; an ack line names a group, its first tick and how many. A line is
// written after the acknowledgement, so a sample the ledger lacks may still be stored, never the reverse.
//
// Invariants   L1 runs of one ledger do not overlap in time: each begins after all that was acknowledged before.
//              L2 a last line without its end is not there; the next run cuts it off.
// Memory       A group's acknowledged ticks are kept as ranges: a run without gaps takes 16 bytes a group.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "fleet/run_plan.h"
#include "io/file_system.h"

namespace tickscope::fleet {

inline constexpr std::uint64_t kLedgerBytesMax = 256 * 1024 * 1024;
inline constexpr std::uint64_t kTickMax = std::uint64_t{1} << 32;

/// A set of ticks.
class TickSet {
 public:
  void Add(std::uint64_t first, std::uint64_t count);
  [[nodiscard]] bool Contains(std::uint64_t tick) const;
  /// One past the last tick, 0 when empty.
  [[nodiscard]] std::uint64_t end() const { return ranges_.empty() ? 0 : ranges_.rbegin()->second; }

 private:
  std::map<std::uint64_t, std::uint64_t>
      ranges_;  // First to one past the last; neither overlapping nor touching.
};

struct LedgerRun {
  RunPlan plan;
  std::map<std::uint32_t, TickSet> acknowledged;  ///< By group.

  /// One past the last tick that any group has acknowledged.
  [[nodiscard]] std::uint64_t TickEnd() const;
};

struct Ledger {
  std::vector<LedgerRun> runs;
  std::uint64_t whole_bytes = 0;  ///< Length up to the end of the last whole line.
};

/// Errors: kNotFound; kOutOfRange past kLedgerBytesMax; kCorruption naming the line.
[[nodiscard]] Result<Ledger> ReadLedger(io::FileSystem& fs, const std::string& path);
/// The same from text. Exposed for tests and fuzzing.
[[nodiscard]] Result<Ledger> ParseLedger(std::string_view text);

class LedgerWriter {
 public:
  /// Adds a run to the ledger, which is created if need be. The file system outlives the writer.
  /// Errors: as ReadLedger; kInvalidArgument when the run would break L1.
  [[nodiscard]] static Result<std::unique_ptr<LedgerWriter>> Open(io::FileSystem& fs, const std::string& path,
                                                                  const RunPlan& plan);

  /// Notes an acknowledgement, to be written by the next Flush. Thread-safe.
  void Acknowledge(std::uint32_t group, std::uint64_t first_tick, std::uint64_t tick_count)
      TICKSCOPE_EXCLUDES(mu_);
  /// Writes what was noted: from then on it survives the process. One thread at a time.
  [[nodiscard]] Status Flush() TICKSCOPE_EXCLUDES(mu_);
  /// Makes what was written durable. Left to the end of a run, for its fsyncs would compete with the receiver's.
  [[nodiscard]] Status Sync() { return file_->Sync(); }

 private:
  explicit LedgerWriter(std::unique_ptr<io::AppendFile> file) : file_(std::move(file)) {}

  const std::unique_ptr<io::AppendFile> file_;
  Mutex mu_;
  std::string noted_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::fleet
