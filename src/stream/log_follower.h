// LogFollower: reads a partition's records from its directory, changing nothing, whether or not a process writes there.
//
//   LogFollower follower(fs, "data/stream/p0000");
//   while (follower.Next(record).value()) ...        false: nothing more for now; ask again later
//
// Sees what was written, which may be a moment before it is durable. Damage is passed over, as the log itself does.
//
// Threads   Not thread-safe. Memory: a segment reader's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/file_system.h"
#include "stream/log_format.h"
#include "stream/segment_reader.h"
#include "stream/stream.h"

namespace tickscope::stream {

class LogFollower {
 public:
  /// Begins at the oldest record. `fs` outlives the follower.
  LogFollower(io::FileSystem& fs, std::string directory) : fs_(fs), directory_(std::move(directory)) {}

  /// The segments there are, oldest first. Errors: kNotFound when there is no such directory.
  [[nodiscard]] Result<std::vector<SegmentName>> Segments() const;
  /// The record at `offset`, or the next one that is there, will be next.
  void Seek(Offset offset);

  /// Moves to the next record; false when there is none for now. Its payload is a copy.
  /// Errors: what files say.
  [[nodiscard]] Result<bool> Next(Record& record);

 private:
  // Opens the segment that holds next_, or the next one that is there; false when that is the one that is open.
  [[nodiscard]] Result<bool> OpenSegment();

  io::FileSystem& fs_;
  const std::string directory_;
  Offset next_ = 0;
  SegmentName segment_;
  std::unique_ptr<io::ReadFile> file_;
  std::optional<SegmentReader> reader_;
  std::uint64_t position_ = kSegmentHeaderBytes;  // Of the frame after the last one read.
  bool is_end_checked_ = false;                   // Of the open segment, after there was one behind it.
};

}  // namespace tickscope::stream
