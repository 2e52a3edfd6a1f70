// The embedded log on disk: one directory a partition, segments of framed records. docs/formats/stream-log.md
// is the page for people; this header is the truth for code.
//
//   file     <first offset, 20 digits>-<epoch, 10 digits>.log
//   segment  | magic "TSCPLOG1" | first offset: u64 | epoch: u64 | crc32c of the above: u32 | frame... |
//   frame    | payload size: u32 | crc32c: u32 | offset: u64 | appended: i64 ms | payload |
//
// All integers little-endian. A frame's checksum covers its size, offset, time and payload, so a frame found
// anywhere proves itself: that is how a reader finds its way again after damage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "stream/stream.h"

namespace tickscope::stream {

inline constexpr std::size_t kSegmentHeaderBytes = 28;
inline constexpr std::size_t kFrameHeaderBytes = 24;
/// Largest payload. Bounds what a damaged size can make a reader allocate.
inline constexpr std::size_t kPayloadBytesMax = 64U << 20;

struct SegmentName {
  Offset first_offset = 0;
  Epoch epoch = 0;
};

[[nodiscard]] std::string FormatSegmentName(SegmentName name);
/// Nullopt for files that are no segments.
[[nodiscard]] std::optional<SegmentName> ParseSegmentName(std::string_view file_name);

void PutSegmentHeader(SegmentName name, Bytes& out);
/// True when the bytes start with an undamaged header for `name`.
[[nodiscard]] bool CheckSegmentHeader(ByteView bytes, SegmentName name);

/// Appends the header of the frame for `payload`; the payload follows it in the file.
void PutFrameHeader(Offset offset, TimeMs appended_ms, ByteView payload, Bytes& out);

struct Frame {
  Offset offset = 0;
  TimeMs appended_ms = 0;
  ByteView payload;
};

enum class FrameState : std::uint8_t {
  kWhole,    ///< `frame` is set and its checksum holds.
  kShort,    ///< More bytes are needed: `needed` from the frame's start.
  kDamaged,  ///< These bytes are no frame.
};

struct FrameResult {
  FrameState state = FrameState::kDamaged;
  Frame frame;
  std::size_t needed = 0;
};

/// What the first kFrameHeaderBytes of a frame say, unchecked.
struct FrameClaim {
  std::uint64_t payload_bytes = 0;
  Offset offset = 0;
};
/// Requires: `header` has kFrameHeaderBytes.
[[nodiscard]] FrameClaim ReadFrameClaim(ByteView header);

/// Reads the frame at the front of `bytes`.
[[nodiscard]] FrameResult ReadFrame(ByteView bytes);

}  // namespace tickscope::stream
