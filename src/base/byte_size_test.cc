// Byte sizes: what is accepted, what is refused, and that printing reads back.
#include "base/byte_size.h"

#include <gtest/gtest.h>

#include <limits>

namespace tickscope {
namespace {

TEST(ByteSize, Parses) {
  struct Case {
    const char* text;
    std::uint64_t bytes;
  };
  const Case cases[] = {{"0", 0},
                        {"0MiB", 0},
                        {"512", 512},
                        {"512B", 512},
                        {"64KiB", 65'536},
                        {"64MiB", 67'108'864},
                        {"2GiB", 2'147'483'648},
                        {"1TiB", 1'099'511'627'776},
                        {"20GB", 20'000'000'000},
                        {"3kB", 3'000},
                        {"18446744073709551615", 18'446'744'073'709'551'615ULL}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto bytes = ParseByteSize(c.text);
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(*bytes, c.bytes);
  }
}

TEST(ByteSize, Refuses) {
  struct Case {
    const char* text;
    ErrorCode code;
  };
  const Case cases[] = {{"", ErrorCode::kInvalidArgument},
                        {"MiB", ErrorCode::kInvalidArgument},
                        {"-1", ErrorCode::kInvalidArgument},
                        {"+1", ErrorCode::kInvalidArgument},
                        {"1.5GiB", ErrorCode::kInvalidArgument},
                        {"64 MiB", ErrorCode::kInvalidArgument},
                        {"64mib", ErrorCode::kInvalidArgument},
                        {"64M", ErrorCode::kInvalidArgument},
                        {"18446744073709551616", ErrorCode::kOutOfRange},
                        {"16777216TiB", ErrorCode::kOutOfRange}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto bytes = ParseByteSize(c.text);
    ASSERT_FALSE(bytes.has_value());
    EXPECT_EQ(bytes.error().code, c.code);
  }
}

TEST(ByteSize, FormatsShortestExact) {
  EXPECT_EQ(FormatByteSize(0), "0B");
  EXPECT_EQ(FormatByteSize(1000), "1000B");
  EXPECT_EQ(FormatByteSize(1024), "1KiB");
  EXPECT_EQ(FormatByteSize(67'108'864), "64MiB");
  EXPECT_EQ(FormatByteSize(1'610'612'736), "1536MiB");
  EXPECT_EQ(FormatByteSize(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615B");
}

}  // namespace
}  // namespace tickscope
