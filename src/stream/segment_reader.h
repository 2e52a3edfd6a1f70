// SegmentReader: walks the frames of one segment file, over damage if need be.
//
// Behind damage a frame is looked for byte by byte. Only one that fits the file, and whose offset the skipped bytes
// can account for, is read and checked: random bytes claim sizes of megabytes so often that a damaged megabyte
// would otherwise take hours.
//
// Threads   Not thread-safe; cheap to make. Memory: one buffer of kReadBytes, or of the largest frame met.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "io/file_system.h"
#include "stream/log_format.h"

namespace tickscope::stream {

class SegmentReader {
 public:
  /// Reads frames from `position` on, where the frame of `next_offset` is expected. `file` outlives the reader.
  SegmentReader(const io::ReadFile& file, std::uint64_t position, Offset next_offset)
      : file_(file), position_(position), next_offset_(next_offset) {}

  enum class Outcome : std::uint8_t {
    kFrame,    ///< frame() is set.
    kEnd,      ///< The file ends here, on a frame's edge.
    kTorn,     ///< The file ends inside a frame, or in bytes that are none with no frame behind them.
    kDamaged,  ///< Bytes that are no frame were skipped; frame() is the first whole one behind them.
  };

  /// Moves to the next frame. Its payload is valid until the next call.
  /// Errors: what the file says.
  [[nodiscard]] Result<Outcome> Next();

  [[nodiscard]] const Frame& frame() const { return frame_; }
  /// Where the current frame starts; after kEnd and kTorn, where the last whole frame ends.
  [[nodiscard]] std::uint64_t frame_position() const { return frame_position_; }
  /// Where the next frame is expected.
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  // Makes at least `size` bytes from position_ on visible, fewer only at the end of the file.
  [[nodiscard]] Result<ByteView> Peek(std::size_t size);
  // Whether the header at position_ may begin a frame `skipped_bytes` behind the last one.
  [[nodiscard]] bool MayFollowDamage(ByteView header, std::uint64_t skipped_bytes,
                                     std::uint64_t file_bytes) const;

  const io::ReadFile& file_;
  std::uint64_t position_;
  Offset next_offset_;
  std::uint64_t frame_position_ = 0;
  Frame frame_;
  Bytes buffer_;
  std::uint64_t buffer_position_ = 0;
};

}  // namespace tickscope::stream
