// Literals: values of numbers, content of strings, and that what is printed reads back.
#include "promql/literal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tickscope::promql {
namespace {

TEST(Literal, NumberValues) {
  struct Case {
    const char* text;
    double want;
  };
  const Case cases[] = {{"1", 1},      {"1.5", 1.5},   {"5.", 5},         {".5", 0.5},
                        {"1e3", 1000}, {"1E-2", 0.01}, {"1_000", 1000},   {"1_000.5", 1000.5},
                        {"0x1F", 31},  {"0x_F", 15},   {"017", 15},       {"08", 8},
                        {"-2", -2},    {"+2", 2},      {"inf", INFINITY}, {"-Inf", -INFINITY},
                        {"1e-400", 0}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto value = ParseNumber(c.text);
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(*value, c.want);
  }
  EXPECT_TRUE(std::isnan(ParseNumber("NaN").value()));
}

TEST(Literal, RefusesWhatIsNoNumber) {
  for (const char* text : {"", "x", "1e400", "0x", "0xG", "1 ", "--1", "1e", "0x-5", "nan(1)", "+-inf"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(ParseNumber(text).has_value());
  }
}

TEST(Literal, NumbersPrintWithoutExponent) {
  EXPECT_EQ(FormatNumber(0.1), "0.1");
  EXPECT_EQ(FormatNumber(-0.0), "-0");
  EXPECT_EQ(FormatNumber(1e22), "10000000000000000000000");
  EXPECT_EQ(FormatNumber(-1.5e16), "-15000000000000000");
  EXPECT_EQ(FormatNumber(9999999999999999999999999999999999.0), "10000000000000000000000000000000000");
  EXPECT_EQ(FormatNumber(123456789012345678.0), "123456789012345680");
  EXPECT_EQ(FormatNumber(std::numeric_limits<double>::infinity()), "+Inf");
  for (const double value :
       {5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1.0 / 3, 9007199254740993.0}) {
    EXPECT_EQ(ParseNumber(FormatNumber(value)).value(), value);
  }
}

TEST(Literal, StringContent) {
  EXPECT_EQ(Unquote("\"a\\tb\""), "a\tb");
  EXPECT_EQ(Unquote("'it\\'s'"), "it's");
  EXPECT_EQ(Unquote("`a\\b`"), "a\\b");
  EXPECT_EQ(Unquote("\"\\u00e9\\U0001F600\""), "\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(Unquote("\"\\xff\\101\""),
            "\xff"
            "A");
}

TEST(Literal, QuotedStringsReadBack) {
  for (const char* text : {"", "plain", "a\"b\\c", "\n\t\x01\x7f", "\xc3\xa9", "\xff\xfe", "`'"}) {
    EXPECT_EQ(Unquote(Quote(text)), text);
    EXPECT_EQ(ScanString(Quote(text)).value(), Quote(text).size());
  }
}

}  // namespace
}  // namespace tickscope::promql
