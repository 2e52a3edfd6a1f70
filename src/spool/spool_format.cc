#include "spool/spool_format.h"

#include <charconv>

#include <fmt/format.h>

#include "base/check.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"

namespace tickscope::spool {
namespace {

constexpr std::string_view kSegmentMagic = "TSSPOOL1";
constexpr std::uint32_t kRecordMagic = 0x63725354;  // "TSrc"
constexpr std::string_view kExtension = ".spool";
constexpr std::size_t kOrdinalDigits = 20;
constexpr std::size_t kSegmentCrcAt = 24;
constexpr std::size_t kRecordCrcAt = 28;

std::uint32_t RecordCrc(ByteView header, ByteView payload) {
  return codec::Crc32c(payload, codec::Crc32c(header.first(kRecordCrcAt)));
}

}  // namespace

std::string SegmentName(std::uint64_t ordinal) {
  return fmt::format("{:020}{}", ordinal, kExtension);
}

std::optional<std::uint64_t> ParseSegmentName(std::string_view file_name) {
  if (file_name.size() != kOrdinalDigits + kExtension.size() || !file_name.ends_with(kExtension))
    return std::nullopt;
  std::uint64_t ordinal = 0;
  const char* const end = file_name.data() + kOrdinalDigits;
  const auto parsed = std::from_chars(file_name.data(), end, ordinal);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return ordinal;
}

void PutSegmentHeader(const SegmentHeader& header, Bytes& out) {
  const std::size_t begin = out.size();
  for (const char c : kSegmentMagic)
    out.push_back(static_cast<std::byte>(c));
  codec::PutFixed(header.epoch, out);
  codec::PutFixed(header.first_number, out);
  codec::PutFixed(codec::Crc32c(ByteView(out).subspan(begin, kSegmentCrcAt)), out);
  codec::PutFixed(std::uint32_t{0}, out);
}

std::optional<SegmentHeader> ReadSegmentHeader(ByteView bytes) {
  if (bytes.size() < kSegmentHeaderBytes || AsText(bytes.first(kSegmentMagic.size())) != kSegmentMagic ||
      codec::LoadFixed<std::uint32_t>(&bytes[kSegmentCrcAt]) != codec::Crc32c(bytes.first(kSegmentCrcAt))) {
    return std::nullopt;
  }
  return SegmentHeader{codec::LoadFixed<std::uint64_t>(&bytes[8]),
                       codec::LoadFixed<std::uint64_t>(&bytes[16])};
}

void PutRecordHeader(const RecordHeader& header, ByteView payload, Bytes& out) {
  TICKSCOPE_CHECK(payload.size() <= kPayloadBytesMax);
  const std::size_t begin = out.size();
  codec::PutFixed(kRecordMagic, out);
  codec::PutFixed(static_cast<std::uint32_t>(payload.size()), out);
  codec::PutFixed(header.number, out);
  codec::PutFixed(header.made_ms, out);
  codec::PutFixed(header.items, out);
  codec::PutFixed(RecordCrc(ByteView(out).subspan(begin), payload), out);
}

std::optional<RecordHeader> ReadRecordClaim(ByteView bytes) {
  if (bytes.size() < kRecordHeaderBytes || codec::LoadFixed<std::uint32_t>(bytes.data()) != kRecordMagic)
    return std::nullopt;
  RecordHeader claim;
  claim.payload_bytes = codec::LoadFixed<std::uint32_t>(&bytes[4]);
  claim.number = codec::LoadFixed<std::uint64_t>(&bytes[8]);
  claim.made_ms = codec::LoadFixed<TimeMs>(&bytes[16]);
  claim.items = codec::LoadFixed<std::uint32_t>(&bytes[24]);
  claim.crc = codec::LoadFixed<std::uint32_t>(&bytes[kRecordCrcAt]);
  if (claim.payload_bytes > kPayloadBytesMax) return std::nullopt;
  return claim;
}

bool CheckRecord(const RecordHeader& claim, ByteView header_and_payload) {
  return header_and_payload.size() == kRecordHeaderBytes + claim.payload_bytes &&
         RecordCrc(header_and_payload, header_and_payload.subspan(kRecordHeaderBytes)) == claim.crc;
}

}  // namespace tickscope::spool
