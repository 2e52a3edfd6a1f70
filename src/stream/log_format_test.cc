// The log's bytes are a contract with files written by other releases: docs/formats/stream-log.md has the same
// example. Then: what is no frame is never taken for one.
#include "stream/log_format.h"

#include <gtest/gtest.h>

#include <string>

namespace tickscope::stream {
namespace {

constexpr TimeMs kAppendedMs = 1'700'000'000'000;

std::string Hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::byte b : bytes) {
    out += kDigits[std::to_integer<unsigned>(b) >> 4U];
    out += kDigits[std::to_integer<unsigned>(b) & 15U];
  }
  return out;
}

Bytes OneFrame(std::string_view payload) {
  Bytes bytes;
  PutFrameHeader(42, kAppendedMs, AsBytes(payload), bytes);
  AppendBytes(AsBytes(payload), bytes);
  return bytes;
}

TEST(LogFormat, BytesAreStable) {
  Bytes header;
  PutSegmentHeader({42, 7}, header);
  EXPECT_EQ(Hex(header),
            "54534350"
            "4c4f4731"
            "2a00000000000000"
            "0700000000000000"
            "2d7f2f94");
  EXPECT_EQ(Hex(OneFrame("abc")),
            "03000000"
            "ed9965eb"
            "2a00000000000000"
            "0068e5cf8b010000"
            "616263");
  EXPECT_EQ(FormatSegmentName({42, 7}), "00000000000000000042-0000000007.log");
}

TEST(LogFormat, NamesReadBackAndOthersAreNoSegments) {
  const auto name = ParseSegmentName("00000000000000000042-0000000007.log");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->first_offset, 42U);
  EXPECT_EQ(name->epoch, 7U);
  for (const char* other :
       {"", "lock", "42-7.log", "00000000000000000042-0000000007.tmp", "0000000000000000004x-0000000007.log",
        "00000000000000000042_0000000007.log", "99999999999999999999-0000000007.log"}) {
    SCOPED_TRACE(other);
    EXPECT_FALSE(ParseSegmentName(other).has_value());
  }
}

TEST(LogFormat, EveryFlippedBitIsSeen) {
  const Bytes good = OneFrame("some payload");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    SCOPED_TRACE(bit);
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_NE(ReadFrame(bad).state, FrameState::kWhole);
  }
}

TEST(LogFormat, EveryCutAsksForTheRest) {
  const Bytes good = OneFrame("some payload");
  for (std::size_t size = 0; size < good.size(); ++size) {
    SCOPED_TRACE(size);
    const FrameResult result = ReadFrame(ByteView(good).first(size));
    EXPECT_EQ(result.state, FrameState::kShort);
    EXPECT_EQ(result.needed, size < kFrameHeaderBytes ? kFrameHeaderBytes : good.size());
  }
}

TEST(LogFormat, AHostileSizeIsDamage) {
  Bytes bytes = OneFrame("abc");
  bytes[3] = std::byte{0xff};
  EXPECT_EQ(ReadFrame(bytes).state, FrameState::kDamaged);
}

TEST(LogFormat, AHeaderIsHeldToItsName) {
  Bytes header;
  PutSegmentHeader({42, 7}, header);
  EXPECT_TRUE(CheckSegmentHeader(header, {42, 7}));
  EXPECT_FALSE(CheckSegmentHeader(header, {42, 8}));
  EXPECT_FALSE(CheckSegmentHeader(ByteView(header).first(kSegmentHeaderBytes - 1), {42, 7}));
}

}  // namespace
}  // namespace tickscope::stream
