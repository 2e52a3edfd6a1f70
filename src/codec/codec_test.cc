// Varints, checksums and bit packing: published vectors, limits, and agreement between fast and plain
// versions.
#include <gtest/gtest.h>

#include "base/random.h"
#include "codec/bit_pack.h"
#include "codec/crc32c.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

TEST(Varint, RoundTripsAtEveryWidth) {
  for (unsigned bits = 0; bits <= 64; ++bits) {
    const std::uint64_t v = bits == 64 ? ~0ULL : (1ULL << bits) - 1;
    Bytes bytes;
    PutVarint(v, bytes);
    FieldReader reader(bytes);
    EXPECT_EQ(reader.Varint(), v);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.remaining(), 0U);
  }
  EXPECT_EQ(UnZigZag(ZigZag(-3)), -3);
  EXPECT_EQ(ZigZag(-1), 1U);
  EXPECT_EQ(ZigZag(1), 2U);
}

TEST(Varint, RefusesCutsAndOverflow) {
  const Bytes cut = {std::byte{0x80}};
  FieldReader cut_reader(cut);
  EXPECT_EQ(cut_reader.Varint(), 0U);
  EXPECT_FALSE(cut_reader.ok());

  Bytes too_long(9, std::byte{0xff});
  too_long.push_back(std::byte{0x02});
  FieldReader long_reader(too_long);
  EXPECT_EQ(long_reader.Varint(), 0U);
  EXPECT_FALSE(long_reader.ok());

  FieldReader text_reader(cut);
  EXPECT_EQ(text_reader.Take(2).size(), 0U);
  EXPECT_FALSE(text_reader.ok());
}

TEST(Crc32c, MatchesPublishedVectors) {
  // RFC 3720 appendix B.4.
  EXPECT_EQ(Crc32c(Bytes(32, std::byte{0})), 0x8a9136aaU);
  EXPECT_EQ(Crc32c(Bytes(32, std::byte{0xff})), 0x62a8ab43U);
  EXPECT_EQ(Crc32c(AsBytes("123456789")), 0xe3069283U);
}

TEST(Crc32c, HardwareAndTableAgreeAndChain) {
  SeededRandom random(1);
  Bytes bytes(1000);
  for (std::byte& b : bytes)
    b = static_cast<std::byte>(random.Next());
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    const ByteView view = ByteView(bytes).first(size);
    EXPECT_EQ(Crc32c(view), Crc32cPortable(view));
    const ByteView head = view.first(size / 3);
    EXPECT_EQ(Crc32c(view.subspan(head.size()), Crc32c(head)), Crc32c(view));
  }
}

TEST(BitPack, RoundTripsEveryWidthAndCount) {
  SeededRandom random(2);
  for (unsigned width = 0; width <= 64; ++width) {
    for (const std::size_t count : {0U, 1U, 2U, 7U, 8U, 31U, 128U}) {
      std::vector<std::uint64_t> values(count);
      for (std::uint64_t& v : values)
        v = width == 0 ? 0 : random.Next() >> (64 - width);
      Bytes packed;
      PackBits(values, width, packed);
      ASSERT_EQ(packed.size(), PackedBytes(count, width));
      std::vector<std::uint64_t> out(count);
      UnpackBits(packed, width, out);
      ASSERT_EQ(out, values) << "width " << width << " count " << count;
    }
  }
}

TEST(BitPack, BytesAreStable) {
  Bytes packed;
  PackBits(std::vector<std::uint64_t>{1, 2, 7}, 3, packed);
  EXPECT_EQ(packed, (Bytes{std::byte{0xd1}, std::byte{0x01}}));
}

}  // namespace
}  // namespace tickscope::codec
