// JSON writer: commas, escapes and times are pinned byte by byte; hostile text must come out as valid UTF-8.
#include "wire/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace tickscope::wire {
namespace {

TEST(JsonWriter, PlacesCommas) {
  std::string out;
  JsonWriter json(out, 1024);
  json.BeginObject();
  json.Key("a");
  json.BeginArray();
  json.EndArray();
  json.Key("b");
  json.BeginArray();
  json.Int(-1);
  json.Uint(std::numeric_limits<std::uint64_t>::max());
  json.BeginObject();
  json.EndObject();
  json.Bool(true);
  json.Null();
  json.Number(0.25);
  json.FloatString(1e-7);
  json.EndArray();
  json.Key("c");
  json.String("d");
  json.EndObject();
  EXPECT_EQ(out, R"({"a":[],"b":[-1,18446744073709551615,{},true,null,0.25,"1e-07"],"c":"d"})");
  EXPECT_FALSE(json.full());
}

TEST(JsonWriter, EscapesStrings) {
  struct Case {
    const char* name;
    std::string_view text;
    const char* want;
  };
  const Case cases[] = {
      {"empty", "", R"("")"},
      {"plain", "abc", R"("abc")"},
      {"quote and backslash", R"(a"b\c)", R"("a\"b\\c")"},
      {"named controls", "\n\r\t", R"("\n\r\t")"},
      {"other controls", std::string_view("\0\x01\x1f\x7f", 4), "\"\\u0000\\u0001\\u001f\x7f\""},
      {"two, three and four bytes", "é€😀", R"("é€😀")"},
      {"lone continuation", "a\x80z", R"("a\ufffdz")"},
      {"overlong slash", "\xc0\xaf", R"("\ufffd\ufffd")"},
      {"surrogate", "\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},
      {"past Unicode", "\xf4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},
      {"cut sequence", "a\xe2\x82", R"("a\ufffd\ufffd")"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string out;
    AppendJsonString(c.text, out);
    EXPECT_EQ(out, c.want);
  }
}

TEST(JsonWriter, WritesTimes) {
  struct Case {
    std::int64_t time_ms;
    const char* want;
  };
  const Case cases[] = {
      {0, "0"},
      {1, "0.001"},
      {1050, "1.050"},
      {1500, "1.500"},
      {-1500, "-1.500"},
      {-5, "-0.005"},
      {1700000600000, "1700000600"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854775.808"},
  };
  for (const Case& c : cases) {
    std::string out;
    JsonWriter(out, 64).SecondsFromMs(c.time_ms);
    EXPECT_EQ(out, c.want);
  }
}

TEST(JsonWriter, ReportsWhenItIsFull) {
  std::string out;
  JsonWriter json(out, 3);
  json.String("a");
  EXPECT_FALSE(json.full());
  json.String("b");
  EXPECT_TRUE(json.full());
}

}  // namespace
}  // namespace tickscope::wire
