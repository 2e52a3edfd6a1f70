// Value column: the bytes are the contract for the cases pinned here; a seeded sweep checks that every double
// comes back bit for bit; and no cut, stretched or hostile column is accepted.
#include "codec/value_column.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "model/sample.h"

namespace tickscope::codec {
namespace {

std::string Hex(ByteView bytes) {
  std::string out;
  for (const std::byte b : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    if (!out.empty()) out += ' ';
    out += kDigits[static_cast<unsigned>(b) >> 4];
    out += kDigits[static_cast<unsigned>(b) & 15];
  }
  return out;
}

Bytes Encode(const std::vector<double>& values) {
  Bytes out;
  EncodeValueColumn(values, out);
  return out;
}

void ExpectRoundTrip(const std::vector<double>& values) {
  std::array<double, kColumnValuesMax> out;
  const Bytes column = Encode(values);
  const auto count = DecodeValueColumn(column, out);
  ASSERT_TRUE(count.has_value()) << count.error().message;
  ASSERT_EQ(*count, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(out[i]), std::bit_cast<std::uint64_t>(values[i])) << "at " << i;
  }
}

TEST(ValueColumn, BytesAreStable) {
  struct Case {
    const char* name;
    std::vector<double> values;
    const char* hex;
  };
  const Case cases[] = {
      {"the header's worked example", {100, 103, 103, 109}, "02 04 00 00 c8 01 00 00 03 83 01"},
      {"empty", {}, "00 00"},
      {"one value", {7}, "02 01 00 00 0e 00 00 00"},
      {"constant", {7, 7, 7, 7, 7, 7, 7, 7}, "02 08 00 00 0e 00 00 00"},
      {"constant step", {0, 128, 256, 384}, "02 04 00 00 00 80 02 00 00"},
      {"two decimals", {0.25, 0.5, 0.75}, "02 03 02 00 32 32 00 00"},
      {"missing in the middle", {1, MissingValue(), 2}, "82 03 02 00 00 02 02 00 00"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Hex(Encode(c.values)), c.hex);
    ExpectRoundTrip(c.values);
  }
}

TEST(ValueColumn, EveryBitPatternSurvives) {
  const double nan_with_payload = std::bit_cast<double>(0x7ff8dead'beef0001ULL);
  ExpectRoundTrip({0.0, -0.0, 1, -1, StaleNan(), NormalNan(), nan_with_payload});
  ExpectRoundTrip({std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                   std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min(),
                   9007199254740992.0, 9007199254740993.0, -9007199254740991.0, 1e300, 0.1, 0.1 + 0.2});
  ExpectRoundTrip(std::vector<double>(kColumnValuesMax, StaleNan()));
  ExpectRoundTrip(std::vector<double>(kColumnValuesMax, MissingValue()));
}

TEST(ValueColumn, RandomSeriesRoundTrip) {
  SeededRandom random(20260301);
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> values(random.Below(kColumnValuesMax + 1));
    const std::uint64_t shape = random.Below(6);
    double counter = static_cast<double>(random.Below(1'000'000));
    for (double& v : values) {
      counter += static_cast<double>(random.Below(300));
      if (random.Below(60) == 0) counter = 0;
      switch (shape) {
        case 0:
          v = counter;
          break;
        case 1:
          v = static_cast<double>(random.Below(200)) - 100;
          break;
        case 2:
          v = static_cast<double>(random.Below(10'000)) / 100;
          break;
        case 3:
          v = random.Unit();
          break;
        case 4:
          v = std::bit_cast<double>(random.Next());
          break;
        default:
          v = counter * 1e6 + 0.5;
          break;
      }
      if (random.Below(40) == 0) v = MissingValue();
      if (random.Below(50) == 0) v = StaleNan();
    }
    ExpectRoundTrip(values);
  }
}

TEST(ValueColumn, ResetsDoNotWidenTheColumn) {
  std::vector<double> steady;
  std::vector<double> with_reset;
  SeededRandom random(7);
  double value = 1e9;
  double reset_value = 1e9;
  for (std::size_t i = 0; i < kColumnValuesMax; ++i) {
    const auto step = static_cast<double>(random.Below(8));
    value += step;
    reset_value = i == 64 ? step : reset_value + step;
    steady.push_back(value);
    with_reset.push_back(reset_value);
  }
  EXPECT_LE(Encode(with_reset).size(), Encode(steady).size() + 8);
}

TEST(ValueColumn, RefusesDamage) {
  struct Case {
    const char* name;
    std::vector<int> bytes;
    ErrorCode code;
  };
  const Case cases[] = {
      {"empty input", {}, ErrorCode::kCorruption},
      {"no count", {0x02}, ErrorCode::kCorruption},
      {"unknown kind", {0x05, 0x00}, ErrorCode::kCorruption},
      {"hostile count", {0x00, 0xff, 0xff, 0xff, 0x0f}, ErrorCode::kOutOfRange},
      {"raw values cut", {0x00, 0x01, 0x00}, ErrorCode::kCorruption},
      {"bytes left over", {0x00, 0x00, 0x00}, ErrorCode::kCorruption},
      {"patch beyond the column",
       {0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x05, 0x00, 0x00},
       ErrorCode::kCorruption},
      {"width past 64", {0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x41, 0x00}, ErrorCode::kCorruption},
      {"scale past the table", {0x02, 0x01, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00}, ErrorCode::kCorruption},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Bytes column;
    for (const int b : c.bytes)
      column.push_back(static_cast<std::byte>(b));
    std::array<double, kColumnValuesMax> out;
    const auto count = DecodeValueColumn(column, out);
    ASSERT_FALSE(count.has_value());
    EXPECT_EQ(count.error().code, c.code);
  }
}

TEST(ValueColumn, NoCutIsAccepted) {
  const Bytes column = Encode({1, 5, MissingValue(), 9.5, StaleNan(), 100});
  std::array<double, kColumnValuesMax> out;
  for (std::size_t size = 0; size < column.size(); ++size) {
    EXPECT_FALSE(DecodeValueColumn(ByteView(column).first(size), out).has_value()) << size;
  }
}

}  // namespace
}  // namespace tickscope::codec
