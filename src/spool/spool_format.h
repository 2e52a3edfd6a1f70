// A spool's segments: files of framed records. docs/formats/spool.md is the page for people; this header is the truth for code.
//
//   file     <ordinal, 20 digits>.spool
//   segment  | magic "TSSPOOL1" | epoch: u64 | first number: u64 | crc32c of the above: u32 | 0: u32 | record... |
//   record   | magic "TSrc" | payload bytes: u32 | number: u64 | made: i64 ms | items: u32 | crc32c: u32 | payload | 0 to a multiple of 8 |
//
// All integers little-endian. A record's checksum covers its header and its payload, so that a record found anywhere proves itself:
// that is how a reader finds its way again behind a damaged one. Records begin at multiples of 8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace tickscope::spool {

inline constexpr std::size_t kSegmentHeaderBytes = 32;
inline constexpr std::size_t kRecordHeaderBytes = 32;
inline constexpr std::size_t kAlignment = 8;
/// Largest payload. Bounds what a damaged size can make a reader allocate.
inline constexpr std::size_t kPayloadBytesMax = 16U << 20;

[[nodiscard]] std::string SegmentName(std::uint64_t ordinal);
/// Nullopt for files that are no segments.
[[nodiscard]] std::optional<std::uint64_t> ParseSegmentName(std::string_view file_name);

struct SegmentHeader {
  std::uint64_t epoch = 0;         ///< Drawn when the spool was opened: numbers begin anew with it.
  std::uint64_t first_number = 0;  ///< Of the segment's first record.
};
void PutSegmentHeader(const SegmentHeader& header, Bytes& out);
/// Nullopt when the bytes do not begin with an undamaged header.
[[nodiscard]] std::optional<SegmentHeader> ReadSegmentHeader(ByteView bytes);

struct RecordHeader {
  std::uint32_t payload_bytes = 0;
  std::uint64_t number = 0;
  TimeMs made_ms = 0;
  std::uint32_t items = 0;  ///< What it counts as when it is lost: samples, lines.
  std::uint32_t crc = 0;
};
/// Bytes from a record's begin to the next one's.
[[nodiscard]] constexpr std::uint64_t RecordBytes(std::uint64_t payload_bytes) {
  return (kRecordHeaderBytes + payload_bytes + kAlignment - 1) / kAlignment * kAlignment;
}
/// Appends the header of a record with this payload; `header.crc` and `header.payload_bytes` are worked out.
void PutRecordHeader(const RecordHeader& header, ByteView payload, Bytes& out);
/// What kRecordHeaderBytes claim, unchecked; nullopt without the magic, or with a size no record has.
[[nodiscard]] std::optional<RecordHeader> ReadRecordClaim(ByteView bytes);
/// Whether the bytes, a header and its payload, are what was written.
[[nodiscard]] bool CheckRecord(const RecordHeader& claim, ByteView header_and_payload);

}  // namespace tickscope::spool
