#include "stream/segment_reader.h"

#include <algorithm>

namespace tickscope::stream {
namespace {

// Large enough that a read costs more than its system call, small enough to stay in cache.
constexpr std::size_t kReadBytes = 256U << 10;

}  // namespace

Result<ByteView> SegmentReader::Peek(std::size_t size) {
  const std::uint64_t buffer_end = buffer_position_ + buffer_.size();
  if (position_ < buffer_position_ || position_ + size > buffer_end) {
    const std::size_t want = std::max(size, kReadBytes);
    buffer_.resize(want);
    buffer_position_ = position_;
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got, file_.ReadAt(position_, buffer_));
    buffer_.resize(got);
  }
  return ByteView(buffer_).subspan(position_ - buffer_position_);
}

bool SegmentReader::MayFollowDamage(ByteView header, std::uint64_t skipped_bytes,
                                    std::uint64_t file_bytes) const {
  const FrameClaim claim = ReadFrameClaim(header);
  return position_ + kFrameHeaderBytes + claim.payload_bytes <= file_bytes && claim.offset >= next_offset_ &&
         claim.offset - next_offset_ <= skipped_bytes / kFrameHeaderBytes;
}

Result<SegmentReader::Outcome> SegmentReader::Next() {
  const std::uint64_t start = position_;
  frame_position_ = start;
  bool skipping = false;
  std::uint64_t file_bytes = 0;  // Asked for when it is needed, once damage is met.
  std::size_t size = kFrameHeaderBytes;
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(ByteView bytes, Peek(size));
    if (bytes.empty() && !skipping) return Outcome::kEnd;
    if (skipping && bytes.size() >= kFrameHeaderBytes &&
        !MayFollowDamage(bytes, position_ - start, file_bytes)) {
      ++position_;
      continue;
    }
    const FrameResult result = ReadFrame(bytes);
    if (result.state == FrameState::kWhole) {
      frame_ = result.frame;
      frame_position_ = position_;
      position_ += result.needed;
      next_offset_ = std::max(next_offset_, frame_.offset + 1);
      return skipping ? Outcome::kDamaged : Outcome::kFrame;
    }
    if (result.state == FrameState::kShort && bytes.size() < kFrameHeaderBytes) {
      // Nothing whole can follow: the tail is torn from `start` on.
      position_ = start;
      frame_position_ = start;
      return Outcome::kTorn;
    }
    if (result.state == FrameState::kShort && size < result.needed) {
      size = result.needed;
      continue;
    }
    // Not a frame here, or one that claims more than the file holds: look for one a byte further.
    if (!skipping) {
      TICKSCOPE_ASSIGN_OR_RETURN(file_bytes, file_.Size());
      skipping = true;
    }
    ++position_;
    size = kFrameHeaderBytes;
  }
}

}  // namespace tickscope::stream
