// EmbeddedLog: the stream of a single process, a segmented append-only log per partition.
//
// Commit. Appends queue; one writer thread takes all that wait, writes them with one call, syncs once and
// answers them all (group commit). While a sync runs the next group gathers, so a slow disk makes larger
// groups, not a longer line.
//
// Recovery. Opening reads every segment's frames. A torn tail of the last segment (a crash between write and
// sync; never acknowledged) is cut. Damage elsewhere is logged with file and position, counted, and skipped.
// Writing goes on in a new segment, so a crash while recovering leaves nothing worse behind.
//
// Faults. Disk full: the group is cut off again, its writers get kResourceExhausted, and the next append
// starts a new epoch. A failed sync: the state on disk is unknown, so the log refuses everything until it is
// opened anew; what was acknowledged is safe.
//
// Bounds    Waiting payload: queue_bytes_max, then kResourceExhausted. Disk: retention by bytes and age,
//           whole segments at a time, the newest never.
// Threads   Thread-safe; one writer thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/threads.h"
#include "io/file_system.h"
#include "stream/stream.h"

namespace tickscope::stream {

struct EmbeddedLogOptions {
  std::string directory;
  std::uint32_t partition_count = 1;
  std::uint64_t segment_bytes_max = 128U
                                    << 20;  ///< A segment is closed when the next record would pass this.
  std::uint64_t retention_bytes_max = 64ULL << 30;     ///< A partition's segments together.
  std::int64_t retention_age_ms = 24LL * 3600 * 1000;  ///< Counted from a segment's newest record.
  std::uint64_t queue_bytes_max = 128U << 20;          ///< Payload waiting for the disk, a partition.
  std::uint64_t disk_free_bytes_min = 64U << 20;  ///< Refuse appends rather than fill the disk to the brim.
  /// Runs once, on the writer's thread, when a sync failed: the process should end and start again. May be empty.
  std::function<void()> on_failure;
  Threads* threads = &SystemThreads();  ///< Run the writers. Outlive the log.
};

/// Opens the log, recovering what a crash left. `fs`, `clock` and `metrics` outlive it.
/// Errors: kUnavailable when another process holds the directory or files cannot be read.
[[nodiscard]] Result<std::unique_ptr<Stream>> OpenEmbeddedLog(io::FileSystem& fs, const Clock& clock,
                                                              MetricRegistry& metrics,
                                                              EmbeddedLogOptions options);

}  // namespace tickscope::stream
