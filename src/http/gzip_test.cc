// Gzip: that what we write reads back, and that no stream, however it was made, costs more than its bound.
#include "http/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace tickscope::http {
namespace {

std::string FromBytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes)
    text += static_cast<char>(byte);
  return text;
}

// "hello\n" by the gzip program.
const std::string kHello =
    FromBytes({0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd,
               0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00, 0x00});

TEST(Gzip, ReadsAForeignStream) {
  EXPECT_EQ(Gunzip(kHello, 100).value(), "hello\n");
}

TEST(Gzip, ReadsBackWhatItWrites) {
  SeededRandom random(5);
  for (const std::size_t size : {0, 1, 100, 65'535, 65'536, 65'537, 1'000'000}) {
    SCOPED_TRACE(size);
    std::string noise;
    for (std::size_t i = 0; i < size; ++i)
      noise += static_cast<char>(random.Next());
    EXPECT_EQ(Gunzip(Gzip(noise), size).value(), noise);
    const std::string plain(size, 'a');
    EXPECT_EQ(Gunzip(Gzip(plain), size).value(), plain);
  }
}

TEST(Gzip, EndsWhenNobodyWantsIt) {
  const std::string content(5 << 20, 'x');
  int asked = 0;
  EXPECT_FALSE(GzipWhile([&asked] { return ++asked < 3; }, content));
  EXPECT_EQ(asked, 3);
  const auto whole = GzipWhile([] { return true; }, content);
  ASSERT_TRUE(whole);
  EXPECT_EQ(Gunzip(*whole, content.size()).value(), content);
}

TEST(Gzip, ReadsSeveralMembers) {
  EXPECT_EQ(Gunzip(kHello + kHello, 12).value(), "hello\nhello\n");
}

TEST(Gzip, HoldsItsBound) {
  EXPECT_EQ(Gunzip(kHello, 6).value(), "hello\n");
  EXPECT_EQ(Gunzip(kHello, 5).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(Gunzip(kHello + kHello, 11).error().code, ErrorCode::kOutOfRange);
  const std::string bomb = Gzip(std::string(50'000'000, '\0'));
  ASSERT_LT(bomb.size(), 300'000U);
  EXPECT_EQ(Gunzip(bomb, 1'000'000).error().code, ErrorCode::kOutOfRange);
  // The same, announcing six bytes only: what it inflates to counts.
  const std::string liar = bomb.substr(0, bomb.size() - 4) + FromBytes({6, 0, 0, 0});
  EXPECT_EQ(Gunzip(liar, 1'000'000).error().code, ErrorCode::kOutOfRange);
}

TEST(Gzip, RefusesDamage) {
  for (std::size_t cut = 0; cut < kHello.size(); ++cut) {
    SCOPED_TRACE(cut);
    const auto content = Gunzip(kHello.substr(0, cut), 1 << 20);
    ASSERT_FALSE(content.has_value());
    EXPECT_THAT(content.error().code, ::testing::AnyOf(ErrorCode::kCorruption, ErrorCode::kOutOfRange));
  }
  for (const std::size_t flipped : {0, 1, 2, 10, 12, 18, 22}) {
    SCOPED_TRACE(flipped);
    std::string damaged = kHello;
    damaged[flipped] = static_cast<char>(damaged[flipped] ^ 0x41);
    EXPECT_EQ(Gunzip(damaged, 100).error().code, ErrorCode::kCorruption);
  }
  EXPECT_EQ(Gunzip(kHello + std::string(8, '\0'), 100).error().code, ErrorCode::kCorruption);
}

TEST(Gzip, ReadsAcceptEncoding) {
  struct Case {
    const char* value;
    bool accepts;
  };
  const Case cases[] = {{"", false},
                        {"gzip", true},
                        {"GZIP", true},
                        {"x-gzip", true},
                        {"deflate, gzip;q=0.5, br", true},
                        {"gzip;q=0", false},
                        {"gzip; q=0.000", false},
                        {"gzip;q=0.001", true},
                        {"*", true},
                        {"*;q=0", false},
                        {"*, gzip;q=0", false},
                        {"identity", false},
                        {"gzipped", false},
                        {" , gzip ,", true},
                        {"identity;q=0, *;q=0.1", true}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.value);
    EXPECT_EQ(AcceptsGzip(c.value), c.accepts);
  }
}

}  // namespace
}  // namespace tickscope::http
