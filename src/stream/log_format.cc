#include "stream/log_format.h"

#include <fmt/format.h>

#include <charconv>

#include "codec/crc32c.h"
#include "codec/fixed.h"

namespace tickscope::stream {
namespace {

constexpr std::string_view kMagic = "TSCPLOG1";
constexpr std::string_view kSuffix = ".log";
constexpr std::size_t kOffsetDigits = 20;
constexpr std::size_t kEpochDigits = 10;

using codec::Crc32c;
using codec::LoadFixed;
using codec::PutFixed;

std::optional<std::uint64_t> ParseDigits(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string FormatSegmentName(SegmentName name) {
  return fmt::format("{:020}-{:010}{}", name.first_offset, name.epoch, kSuffix);
}

std::optional<SegmentName> ParseSegmentName(std::string_view file_name) {
  if (!file_name.ends_with(kSuffix) ||
      file_name.size() != kOffsetDigits + 1 + kEpochDigits + kSuffix.size() ||
      file_name[kOffsetDigits] != '-') {
    return std::nullopt;
  }
  const auto first_offset = ParseDigits(file_name.substr(0, kOffsetDigits));
  const auto epoch = ParseDigits(file_name.substr(kOffsetDigits + 1, kEpochDigits));
  if (!first_offset || !epoch) return std::nullopt;
  return SegmentName{*first_offset, *epoch};
}

void PutSegmentHeader(SegmentName name, Bytes& out) {
  const std::size_t at = out.size();
  AppendBytes(AsBytes(kMagic), out);
  PutFixed(name.first_offset, out);
  PutFixed(name.epoch, out);
  PutFixed(Crc32c(ByteView(out).subspan(at)), out);
}

bool CheckSegmentHeader(ByteView bytes, SegmentName name) {
  Bytes want;
  PutSegmentHeader(name, want);
  return bytes.size() >= want.size() && AsText(bytes.first(want.size())) == AsText(want);
}

void PutFrameHeader(Offset offset, TimeMs appended_ms, ByteView payload, Bytes& out) {
  Bytes checked;
  PutFixed(static_cast<std::uint32_t>(payload.size()), checked);
  PutFixed(offset, checked);
  PutFixed(appended_ms, checked);
  PutFixed(static_cast<std::uint32_t>(payload.size()), out);
  PutFixed(Crc32c(payload, Crc32c(checked)), out);
  PutFixed(offset, out);
  PutFixed(appended_ms, out);
}

FrameClaim ReadFrameClaim(ByteView header) {
  return {LoadFixed<std::uint32_t>(header.data()), LoadFixed<Offset>(header.data() + 8)};
}

FrameResult ReadFrame(ByteView bytes) {
  if (bytes.size() < kFrameHeaderBytes) return {FrameState::kShort, {}, kFrameHeaderBytes};
  const auto size = LoadFixed<std::uint32_t>(bytes.data());
  if (size > kPayloadBytesMax) return {FrameState::kDamaged, {}, 0};
  const std::size_t whole = kFrameHeaderBytes + size;
  if (bytes.size() < whole) return {FrameState::kShort, {}, whole};
  // The checksum covers the size field and everything after the checksum field.
  const std::uint32_t header_crc = Crc32c(bytes.subspan(8, kFrameHeaderBytes - 8), Crc32c(bytes.first(4)));
  const ByteView payload = bytes.subspan(kFrameHeaderBytes, size);
  if (Crc32c(payload, header_crc) != LoadFixed<std::uint32_t>(bytes.data() + 4)) {
    return {FrameState::kDamaged, {}, 0};
  }
  return {FrameState::kWhole,
          {LoadFixed<Offset>(bytes.data() + 8), LoadFixed<TimeMs>(bytes.data() + 16), payload},
          whole};
}

}  // namespace tickscope::stream
