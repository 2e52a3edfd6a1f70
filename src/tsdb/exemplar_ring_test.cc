// The ring of exemplars: what it takes and refuses, and who goes when it is full.
#include "tsdb/exemplar_ring.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <string>

#include "base/clock.h"

namespace tickscope::tsdb {
namespace {

class ExemplarRingTest : public ::testing::Test {
 protected:
  static Exemplar At(TimeMs time_ms, double value, std::string_view trace = "t") {
    return {Labels{{"trace_id", trace}}, value, time_ms};
  }

  // "{server="a"}: 10=1 20=2; ..." of everything in [start, end].
  static std::string Show(const ExemplarRing& ring, TimeMs start_ms = 0, TimeMs end_ms = 1000,
                          std::string_view server = ".+") {
    const ManualClock clock;
    const QueryContext context(clock, std::chrono::hours(1));
    const auto matcher = Matcher::Make(MatchType::kRegex, "server", server);
    const auto selected = ring.Select({{*matcher}}, start_ms, end_ms, context);
    if (!selected) return selected.error().message;
    std::ostringstream text;
    for (const SeriesExemplars& series : *selected) {
      text << series.series.ToString() << ":";
      for (const Exemplar& exemplar : series.exemplars)
        text << " " << exemplar.time_ms << "=" << exemplar.value;
      text << "; ";
    }
    return text.str();
  }

  MetricRegistry registry_;
  ExemplarMetrics metrics_{registry_};
  const Labels a_{{"server", "a"}};
  const Labels b_{{"server", "b"}};
};

TEST_F(ExemplarRingTest, GivesSeriesInOrderAndTimesWithinTheRange) {
  ExemplarRing ring(metrics_, {});
  ring.Add(b_, At(10, 1));
  ring.Add(a_, At(10, 2));
  ring.Add(b_, At(20, 3));
  ring.Add(b_, At(30, 4));
  EXPECT_EQ(Show(ring), R"({server="a"}: 10=2; {server="b"}: 10=1 20=3 30=4; )");
  EXPECT_EQ(Show(ring, 20, 20), R"({server="b"}: 20=3; )");
  EXPECT_EQ(Show(ring, 11, 19), "");
  EXPECT_EQ(Show(ring, 0, 1000, "a"), R"({server="a"}: 10=2; )");
}

TEST_F(ExemplarRingTest, RefusesWhatIsOlderThanTheNewestAndPassesOverCopies) {
  ExemplarRing ring(metrics_, {});
  ring.Add(a_, At(20, 5, "m"));
  ring.Add(a_, At(20, 5, "m"));  // A copy.
  ring.Add(a_, At(10, 9));
  ring.Add(a_, At(20, 4));
  ring.Add(a_, At(20, 5, "a"));
  EXPECT_EQ(ring.size(), 1U);
  EXPECT_EQ(metrics_.out_of_order->value(), 3U);
  ring.Add(a_, At(20, 5, "z"));
  ring.Add(a_, At(20, 6));
  EXPECT_EQ(Show(ring), R"({server="a"}: 20=5 20=5 20=6; )");
}

TEST_F(ExemplarRingTest, TakesOneNotANumberOnce) {
  ExemplarRing ring(metrics_, {});
  ring.Add(a_, At(20, std::numeric_limits<double>::quiet_NaN()));
  ring.Add(a_, At(20, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ(ring.size(), 1U);
}

TEST_F(ExemplarRingTest, TheOldestArrivalMakesRoom) {
  ExemplarRing ring(metrics_, {.exemplars_max = 3, .exemplars_per_series_max = 10});
  ring.Add(a_, At(1, 1));
  ring.Add(b_, At(2, 2));
  ring.Add(b_, At(3, 3));
  ring.Add(b_, At(4, 4));
  EXPECT_EQ(Show(ring), R"({server="b"}: 2=2 3=3 4=4; )");
  ring.Add(a_, At(1, 1));  // Its series was gone, so this is new.
  EXPECT_EQ(Show(ring), R"({server="a"}: 1=1; {server="b"}: 3=3 4=4; )");
  EXPECT_EQ(metrics_.held->value(), 3);
}

TEST_F(ExemplarRingTest, OneSeriesTakesItsShareOnly) {
  ExemplarRing ring(metrics_, {.exemplars_max = 10, .exemplars_per_series_max = 2});
  ring.Add(b_, At(1, 1));
  for (int i = 1; i <= 100; ++i)
    ring.Add(a_, At(i, i));
  EXPECT_EQ(Show(ring), R"({server="a"}: 99=99 100=100; {server="b"}: 1=1; )");
}

TEST_F(ExemplarRingTest, OfOneAndOfNone) {
  ExemplarRing one(metrics_, {.exemplars_max = 1, .exemplars_per_series_max = 1});
  one.Add(a_, At(1, 1));
  one.Add(a_, At(2, 2));
  one.Add(b_, At(3, 3));
  EXPECT_EQ(Show(one), R"({server="b"}: 3=3; )");
  ExemplarRing none(metrics_, {.exemplars_max = 0});
  none.Add(a_, At(1, 1));
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace tickscope::tsdb
