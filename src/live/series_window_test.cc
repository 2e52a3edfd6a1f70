// SeriesWindow: a client that applies what Merge and Trim tell holds what a full range query would answer, whatever comes
// late, changes or goes; and what did not change is not told again.
#include "live/series_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace tickscope::live {
namespace {

using promql::Matrix;
using promql::MatrixSeries;
using promql::Point;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

MatrixSeries Series(const char* name, std::vector<std::pair<TimeMs, double>> points) {
  MatrixSeries series{.labels = Labels{{"name", name}}, .points = {}};
  for (const auto& [time_ms, value] : points)
    series.points.push_back({.time_ms = time_ms, .value = value, .histogram = nullptr});
  return series;
}

std::vector<std::pair<TimeMs, double>> Pairs(const std::vector<Point>& points) {
  std::vector<std::pair<TimeMs, double>> pairs;
  for (const Point& point : points)
    pairs.emplace_back(point.time_ms, point.value);
  return pairs;
}

TEST(SeriesWindow, TellsWhatIsNewOnceAndWhatChangedAgain) {
  SeriesWindow window;
  Change change = window.Merge({Series("a", {{10, 1}, {20, 2}})}, 0, 20);
  ASSERT_EQ(change.series.size(), 1U);
  EXPECT_TRUE(change.series[0].is_new);
  EXPECT_EQ(change.series[0].labels, (Labels{{"name", "a"}}));
  EXPECT_EQ(Pairs(change.series[0].points), (std::vector<std::pair<TimeMs, double>>{{10, 1}, {20, 2}}));

  change = window.Merge({Series("a", {{10, 1}, {20, 5}, {30, 3}})}, 10, 30);
  ASSERT_EQ(change.series.size(), 1U);
  EXPECT_FALSE(change.series[0].is_new);
  EXPECT_EQ(Pairs(change.series[0].points), (std::vector<std::pair<TimeMs, double>>{{20, 5}, {30, 3}}));

  EXPECT_TRUE(window.Merge({Series("a", {{20, 5}, {30, 3}})}, 20, 30).empty());
  EXPECT_EQ(window.point_count(), 3U);
}

TEST(SeriesWindow, NanStaysItselfAndZerosDiffer) {
  SeriesWindow window;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  (void)window.Merge({Series("a", {{10, nan}, {20, 0.0}})}, 0, 20);
  EXPECT_TRUE(window.Merge({Series("a", {{10, nan}, {20, 0.0}})}, 0, 20).empty());
  EXPECT_EQ(window.Merge({Series("a", {{10, nan}, {20, -0.0}})}, 0, 20).series.size(), 1U);
}

TEST(SeriesWindow, SaysWhichSeriesVanishComeBackAndAreForgotten) {
  SeriesWindow window;
  (void)window.Merge({Series("a", {{10, 1}}), Series("b", {{10, 1}})}, 0, 10);
  Change change = window.Merge({Series("a", {{20, 2}})}, 20, 20);
  EXPECT_THAT(change.vanished, ElementsAre(SeriesNumber{1}));
  EXPECT_THAT(change.forgotten, IsEmpty());
  // It is back with the number it had.
  change = window.Merge({Series("a", {{30, 2}}), Series("b", {{30, 7}})}, 30, 30);
  EXPECT_THAT(change.vanished, IsEmpty());
  ASSERT_EQ(change.series.size(), 2U);
  EXPECT_EQ(change.series[1].number, SeriesNumber{1});
  EXPECT_FALSE(change.series[1].is_new);

  std::vector<SeriesNumber> forgotten;
  (void)window.Merge({Series("b", {{40, 1}})}, 40, 40);
  window.Trim(40, forgotten);
  EXPECT_THAT(forgotten, ElementsAre(SeriesNumber{0}));
  EXPECT_EQ(window.point_count(), 1U);
  // Known no more, so its labels are told again under a new number.
  change = window.Merge({Series("a", {{50, 2}}), Series("b", {{50, 1}})}, 50, 50);
  EXPECT_TRUE(change.series[0].is_new);
  EXPECT_EQ(change.series[0].number, SeriesNumber{2});
}

TEST(SeriesWindow, WhatWasDeletedIsGone) {
  SeriesWindow window;
  (void)window.Merge({Series("a", {{10, 1}, {20, 2}}), Series("b", {{10, 1}})}, 0, 20);
  const Change change = window.Merge({Series("a", {{20, 2}})}, 0, 20);
  ASSERT_EQ(change.series.size(), 2U);
  EXPECT_THAT(change.series[0].gone, ElementsAre(10));
  EXPECT_THAT(change.series[1].gone, ElementsAre(10));
  EXPECT_THAT(change.forgotten, ElementsAre(SeriesNumber{1}));
}

// A client: knows only what it is told.
struct Follower {
  std::map<SeriesNumber, std::pair<Labels, std::map<TimeMs, double>>> series;

  void Apply(const Change& change) {
    for (const SeriesChange& one : change.series) {
      if (one.is_new) {
        ASSERT_FALSE(series.contains(one.number));
        series[one.number].first = one.labels;
      }
      ASSERT_TRUE(series.contains(one.number));
      auto& points = series[one.number].second;
      for (const Point& point : one.points)
        points[point.time_ms] = point.value;
      for (const TimeMs time_ms : one.gone)
        ASSERT_EQ(points.erase(time_ms), 1U);
    }
    for (const SeriesNumber number : change.forgotten)
      ASSERT_EQ(series.erase(number), 1U);
  }
  std::map<Labels, std::map<TimeMs, double>> Since(TimeMs oldest_ms) const {
    std::map<Labels, std::map<TimeMs, double>> kept;
    for (const auto& [number, one] : series) {
      std::map<TimeMs, double> points(one.second.lower_bound(oldest_ms), one.second.end());
      if (!points.empty()) kept[one.first] = std::move(points);
    }
    return kept;
  }
};

TEST(SeriesWindow, AFollowerHoldsWhatAFullQueryAnswers) {
  constexpr TimeMs kStep = 10;
  constexpr TimeMs kRange = 200;
  constexpr TimeMs kLookBack = 50;
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto draw = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    // The truth, at each step and series; it changes behind the newest step, within the look-back.
    std::map<Labels, std::map<TimeMs, double>> truth;
    const auto answer = [&](TimeMs from_ms, TimeMs to_ms) {
      Matrix matrix;
      for (const auto& [labels, points] : truth) {
        MatrixSeries one{.labels = labels, .points = {}};
        for (auto at = points.lower_bound(from_ms); at != points.end() && at->first <= to_ms; ++at)
          one.points.push_back({.time_ms = at->first, .value = at->second, .histogram = nullptr});
        if (!one.points.empty()) matrix.push_back(std::move(one));
      }
      return matrix;
    };
    SeriesWindow window;
    Follower follower;
    TimeMs last_ms = -kStep;
    for (TimeMs now_ms = 0; now_ms < 1000; now_ms += kStep * (1 + draw(3) / 2 * draw(8))) {
      for (int i = 0; i < 6; ++i) {
        const Labels labels{{"name", std::string(1, static_cast<char>('a' + draw(5)))}};
        const TimeMs at_ms = now_ms - kStep * draw(static_cast<int>(kLookBack / kStep) + 1);
        if (draw(3) == 0) {
          truth[labels].erase(at_ms);
        } else {
          truth[labels][at_ms] = draw(3);
        }
      }
      const TimeMs from_ms = std::max(std::min(last_ms + kStep, now_ms - kLookBack), now_ms - kRange);
      Change change = window.Merge(answer(from_ms, now_ms), from_ms, now_ms);
      window.Trim(now_ms - kRange, change.forgotten);
      follower.Apply(change);
      last_ms = now_ms;
      std::map<Labels, std::map<TimeMs, double>> want;
      for (const MatrixSeries& one : answer(now_ms - kRange, now_ms)) {
        for (const Point& point : one.points)
          want[one.labels][point.time_ms] = point.value;
      }
      ASSERT_EQ(follower.Since(now_ms - kRange), want) << "at " << now_ms;
    }
  }
}

}  // namespace
}  // namespace tickscope::live
