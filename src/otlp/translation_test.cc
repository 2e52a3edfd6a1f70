// Names of metrics and labels in all four strategies. Every expected name was measured on Prometheus 3.16, which got
// the same metric over OTLP.
#include "otlp/translation.h"

#include <gtest/gtest.h>

namespace tickscope::otlp {
namespace {

using enum NameStrategy;

struct NameCase {
  const char* name;
  const char* unit;
  NameKind kind;
  const char* escaped;
  const char* escaped_bare;
  const char* suffixed;
};

TEST(MetricName, AsPrometheusWritesIt) {
  constexpr NameKind kGauge = NameKind::kGauge;
  constexpr NameKind kCounter = NameKind::kCounter;
  const NameCase cases[] = {
      {"tick.duration", "ms", NameKind::kOther, "tick_duration_milliseconds", "tick_duration",
       "tick.duration_milliseconds"},
      {"players.joined", "{player}", kCounter, "players_joined_total", "players_joined",
       "players.joined_total"},
      {"net.io", "By/s", kGauge, "net_io_bytes_per_second", "net_io", "net.io_bytes_per_second"},
      {"2fast", "%", kGauge, "_2fast_percent", "_2fast", "2fast_percent"},
      {"a..b", "", kGauge, "a_b", "a_b", "a..b"},
      {"a__b", "", kGauge, "a_b", "a__b", "a__b"},
      {".a", "", kGauge, "a", "a", ".a"},
      {"_a", "", kGauge, "a", "_a", "_a"},
      {"a_", "", kGauge, "a", "a_", "a_"},
      {"a_", "", kCounter, "a_total", "a_", "a__total"},
      {"x.total", "s", kGauge, "x_total_seconds", "x_total", "x.total_seconds"},
      {"x.total", "s", kCounter, "x_seconds_total", "x_total", "x_seconds_total"},
      {"x.total.y", "s", kCounter, "x_y_seconds_total", "x_total_y", "x.total.y_seconds_total"},
      {"req.per_second", "By/s", kGauge, "req_per_second_bytes_per_second", "req_per_second",
       "req_bytes_per_second"},
      {"seconds.wait", "s", kGauge, "seconds_wait", "seconds_wait", "seconds.wait_seconds"},
      {"r", "1", kGauge, "r_ratio", "r", "r_ratio"},
      {"r", "1", kCounter, "r_total", "r", "r_total"},
      {"ratio.x", "1", kGauge, "x_ratio", "ratio_x", "ratio.x_ratio"},
      {"a:b", "ms", kGauge, "a:b_milliseconds", "a:b", "a:b_milliseconds"},
      {"\xc3\xa9.x", "widgets", kGauge, "x_widgets", "x", "\xc3\xa9.x_widgets"},
      {"u", "foo bar", kGauge, "u_foo_bar", "u", "u_foo bar"},
      {"u2", "{x}/s", kGauge, "u2_per_second", "u2", "u2_per_second"},
      {"u3", "m/{x}", kGauge, "u3_meters", "u3", "u3_meters"},
      {"u4", "K", kGauge, "u4_K", "u4", "u4_K"},
      {"u5", "__x__", kGauge, "u5_x_", "u5", "u5___x__"},
      {"u5", "__x__", kCounter, "u5_x__total", "u5", "u5___x___total"},
      {"u6", "/s", kGauge, "u6_per_second", "u6", "u6_per_second"},
      {"u7", "1/s", kGauge, "u7_per_second", "u7", "u7_per_second"},
      {"req.seconds_total", "s", kCounter, "req_seconds_total", "req_seconds_total", "req.seconds_total"},
      {"req.seconds_total", "s", kGauge, "req_seconds_total", "req_seconds_total",
       "req.seconds_total_seconds"},
      {"u8", "a.b/c d", kGauge, "u8_a_b_per_c_d", "u8", "u8_a.b_per_c d"},
      {"u9", "m/s/s", kGauge, "u9_meters_per_s_s", "u9", "u9_meters_per_s/s"},
  };
  for (const NameCase& c : cases) {
    EXPECT_EQ(MetricName(kUnderscoreEscapingWithSuffixes, c.name, c.unit, c.kind), c.escaped)
        << c.name << c.unit;
    EXPECT_EQ(MetricName(kUnderscoreEscapingWithoutSuffixes, c.name, c.unit, c.kind), c.escaped_bare)
        << c.name;
    EXPECT_EQ(MetricName(kNoUTF8EscapingWithSuffixes, c.name, c.unit, c.kind), c.suffixed)
        << c.name << c.unit;
    EXPECT_EQ(MetricName(kNoTranslation, c.name, c.unit, c.kind), c.name);
  }
}

TEST(MetricName, NothingLeft) {
  for (const NameStrategy strategy : {kUnderscoreEscapingWithSuffixes, kUnderscoreEscapingWithoutSuffixes}) {
    EXPECT_EQ(MetricName(strategy, "", "", NameKind::kOther), "");
    EXPECT_EQ(MetricName(strategy, "...", "", NameKind::kOther), "");
    EXPECT_EQ(MetricName(strategy, "\xc3\xa9", "", NameKind::kOther), "");
  }
  EXPECT_EQ(MetricName(kNoTranslation, "", "", NameKind::kOther), "");
}

TEST(MetricName, NoPathsAndNoLines) {
  EXPECT_EQ(MetricName(kUnderscoreEscapingWithSuffixes, "../../etc/passwd\n", "", NameKind::kOther),
            "etc_passwd");
  const std::string_view with_nul("a\0b", 3);
  EXPECT_EQ(MetricName(kUnderscoreEscapingWithSuffixes, with_nul, "", NameKind::kOther), "a_b");
}

TEST(LabelName, AsPrometheusWritesIt) {
  const struct {
    const char* attribute;
    const char* escaped;
  } cases[] = {{"map.name", "map_name"},
               {"_foo", "key_foo"},
               {"a..b", "a__b"},
               {"a__b", "a__b"},
               {"1x", "key_1x"},
               {"__x__", "__x__"},
               {"\xc3\xa9", "key_"},
               {"a-b", "a_b"},
               {"-q", "key_q"},
               {"..z", "__z"},
               {"x_", "x_"},
               {"..", ""},
               {"", ""}};
  for (const auto& c : cases) {
    EXPECT_EQ(LabelName(kUnderscoreEscapingWithSuffixes, c.attribute), c.escaped) << c.attribute;
    EXPECT_EQ(LabelName(kUnderscoreEscapingWithoutSuffixes, c.attribute), c.escaped) << c.attribute;
  }
  EXPECT_EQ(LabelName(kNoTranslation, "map.name"), "map.name");
  EXPECT_EQ(LabelName(kNoUTF8EscapingWithSuffixes, "1x"), "1x");
  EXPECT_EQ(LabelName(kNoTranslation, "__"), "");
}

TEST(UnitName, InWords) {
  EXPECT_EQ(UnitName("ms"), "milliseconds");
  EXPECT_EQ(UnitName("By/s"), "bytes_per_second");
  EXPECT_EQ(UnitName("1/s"), "per_second");
  EXPECT_EQ(UnitName("{player}"), "");
  EXPECT_EQ(UnitName("1"), "");
}

}  // namespace
}  // namespace tickscope::otlp
