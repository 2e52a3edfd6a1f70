// Windows against an oracle that keeps every sample it was told of and works each window out from the beginning: random interleavings, late
// and out-of-order samples, restarts of counters with and without start timestamps, ends; and the same with a kill at every few steps, where what
// is emitted must not change by a bit.
#include "aggregate/windows.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "aggregate/window_ops.h"
#include "base/random.h"
#include "model/histogram_arithmetic.h"

namespace tickscope::aggregate {
namespace {

using schema::AggregateFunction;
using enum AggregateFunction;

constexpr TimeMs kStartMs = 1'700'000'000'000;
constexpr std::int64_t kEveryMs = 10'000;
constexpr std::int64_t kLookbackMs = 300'000;

GroupSpec SpecOf(GroupKind kind, std::string_view group, std::int64_t every_ms = kEveryMs) {
  GroupSpec spec{.rule = 1, .metric = "m", .suffix = "", .kind = kind, .every_ms = every_ms};
  spec.labels = Labels{{"group", group}};
  if (kind == GroupKind::kGauge) spec.functions = {kSum, kMin, kMax, kAvg, kCount};
  if (kind == GroupKind::kCounter) spec.functions = {kSum, kCount};
  if (kind == GroupKind::kHistogram) spec.functions = {kMerge};
  return spec;
}

Histogram Native(std::int32_t schema, std::vector<double> buckets) {
  Histogram h{.schema = schema, .zero_threshold = 1e-128};
  for (const double count : buckets)
    h.count += count;
  h.sum = h.count * 2;
  h.positive_spans = {{.offset = 0, .length = static_cast<std::uint32_t>(buckets.size())}};
  h.positive_buckets = std::move(buckets);
  return h;
}

// What was emitted, as text: group, function, time and value.
std::string TextOf(const Windows& windows, const Emission& emission) {
  const GroupSpec& spec = *windows.SpecOf(emission.group);
  std::string value = fmt::format("{}", emission.value);
  if (emission.histogram != nullptr) {
    value.clear();
    for (const IndexedBucket& bucket :
         PopulatedBuckets(emission.histogram->positive_spans, emission.histogram->positive_buckets))
      value += fmt::format("{}:{} ", bucket.index, bucket.count);
    value += fmt::format("sum {} count {}", emission.histogram->sum, emission.histogram->count);
  }
  if (emission.is_end) value = "end";
  return fmt::format("{} {} @{} = {}", spec.labels.Get("group"), AggregateFunctionName(emission.function),
                     emission.time_ms - kStartMs, value);
}

// Keeps everything; knows nothing of settling.
class Oracle {
 public:
  Oracle(GroupKind kind, TimeMs began_ms) : kind_(kind), watermark_ms_(began_ms), began_ms_(began_ms) {}

  // Whether it counts.
  bool Add(std::size_t input, const InputSample& sample) {
    auto& samples = inputs_[input];
    if (sample.time_ms <= watermark_ms_ / kEveryMs * kEveryMs || samples.contains(sample.time_ms))
      return false;
    // Behind what was added up a series goes forward only.
    if (settled_.contains(input) && sample.time_ms < settled_[input]) return false;
    samples[sample.time_ms] = sample;
    return true;
  }

  void Close(TimeMs watermark_ms, std::string_view group, std::vector<std::string>& out) {
    for (TimeMs end_ms = watermark_ms_ / kEveryMs * kEveryMs + kEveryMs; end_ms <= watermark_ms;
         end_ms += kEveryMs)
      Say(end_ms, group, out);
    watermark_ms_ = std::max(watermark_ms_, watermark_ms);
    for (const auto& [id, samples] : inputs_) {
      const auto after = samples.upper_bound(watermark_ms_);
      if (after != samples.begin()) settled_[id] = std::prev(after)->first;
    }
  }

 private:
  void Say(TimeMs end_ms, std::string_view group, std::vector<std::string>& out) {
    std::vector<double> newest;
    double least = std::numeric_limits<double>::infinity();
    double greatest = -least;
    bool has_news = false;
    double total = 0;
    Histogram merged = Native(2, std::vector<double>(8, 0));
    for (const auto& [id, samples] : inputs_) {
      const InputSample* last = nullptr;
      const InputSample* last_or_end = nullptr;
      double low = std::numeric_limits<double>::quiet_NaN();
      double high = low;
      for (const auto& [time_ms, sample] : samples) {
        if (time_ms > end_ms) break;
        last_or_end = &sample;
        if (sample.is_end) continue;
        const bool is_in_window = time_ms > end_ms - kEveryMs;
        has_news = has_news || is_in_window;
        if (is_in_window) low = std::fmin(low, sample.value);
        if (is_in_window) high = std::fmax(high, sample.value);
        const bool is_born = last == nullptr && sample.start_ms >= began_ms_ && sample.start_ms != 0;
        const bool has_restarted =
            last != nullptr && (sample.start_ms > last->time_ms || HasFallen(*last, sample));
        if (is_born || has_restarted) {
          total += sample.value;
          AddBuckets(sample, 1, merged);
        } else if (last != nullptr) {
          total += sample.value - last->value;
          AddBuckets(sample, 1, merged);
          AddBuckets(*last, -1, merged);
        }
        last = &sample;
      }
      if (last == nullptr || last_or_end->is_end || end_ms - last->time_ms >= kLookbackMs) continue;
      newest.push_back(last->value);
      least = std::min(least, std::isnan(low) ? last->value : low);
      greatest = std::max(greatest, std::isnan(high) ? last->value : high);
    }
    if (kind_ == GroupKind::kGauge) has_news = false;
    const bool is_there = !newest.empty() || has_news;
    const auto tell = [&](std::string_view function, const std::string& value) {
      out.push_back(
          fmt::format("{} {} @{} = {}", group, function, end_ms - kStartMs, is_there ? value : "end"));
    };
    if (is_there || was_there_) {
      double sum = 0;
      for (const double value : newest)
        sum += value;
      const auto count = static_cast<double>(newest.size());
      if (kind_ == GroupKind::kGauge) {
        tell("sum", fmt::format("{}", sum));
        tell("min", fmt::format("{}", least));
        tell("max", fmt::format("{}", greatest));
        tell("avg", fmt::format("{}", sum / count));
      }
      if (kind_ == GroupKind::kCounter) tell("sum", fmt::format("{}", total));
      if (kind_ != GroupKind::kHistogram && (count > 0 || !is_there)) tell("count", fmt::format("{}", count));
      if (kind_ == GroupKind::kHistogram) {
        std::string value;
        for (std::size_t i = 0; i < merged.positive_buckets.size(); ++i) {
          if (merged.positive_buckets[i] != 0) value += fmt::format("{}:{} ", i, merged.positive_buckets[i]);
        }
        tell("merge", value + fmt::format("sum {} count {}", merged.sum, merged.count));
      }
    }
    was_there_ = is_there;
  }

  static bool HasFallen(const InputSample& before, const InputSample& sample) {
    if (sample.histogram == nullptr) return sample.value < before.value;
    for (std::size_t i = 0; i < sample.histogram->positive_buckets.size(); ++i) {
      if (sample.histogram->positive_buckets[i] < before.histogram->positive_buckets[i]) return true;
    }
    return false;
  }
  static void AddBuckets(const InputSample& sample, double factor, Histogram& merged) {
    if (sample.histogram == nullptr) return;
    for (std::size_t i = 0; i < sample.histogram->positive_buckets.size(); ++i)
      merged.positive_buckets[i] += factor * sample.histogram->positive_buckets[i];
    merged.count += factor * sample.histogram->count;
    merged.sum += factor * sample.histogram->sum;
  }

  const GroupKind kind_;
  std::map<std::size_t, std::map<TimeMs, InputSample>> inputs_;
  std::map<std::size_t, TimeMs> settled_;
  TimeMs watermark_ms_;
  const TimeMs began_ms_;
  bool was_there_ = false;
};

// What one of the world's series says at each second: counters count up, and now and then begin anew.
class World {
 public:
  World(GroupKind kind, SeededRandom& random) {
    double value = 1000;
    std::vector<double> buckets(8, 100);
    TimeMs start_ms = kStartMs - 500'000;
    const bool tells_start = random.Below(2) == 0;
    for (TimeMs time_ms = kStartMs - 60'000; time_ms < kStartMs + 1'200'000; time_ms += 1'000) {
      InputSample sample{.time_ms = time_ms, .start_ms = tells_start ? start_ms : 0};
      if (kind == GroupKind::kGauge) {
        sample.value = static_cast<double>(random.Below(1'000));
      } else {
        if (random.Below(40) == 0) {
          value = 0;
          std::ranges::fill(buckets, 0);
          start_ms = time_ms - 1;
          sample.start_ms = tells_start ? start_ms : 0;
        }
        const auto more = static_cast<double>(random.Below(tells_start ? 2'000 : 20));
        value += more;
        buckets[random.Below(8)] += more;
        if (kind == GroupKind::kCounter) sample.value = value;
        if (kind == GroupKind::kHistogram) sample.histogram = std::make_shared<Histogram>(Native(2, buckets));
      }
      if (random.Below(50) == 0) {
        sample.is_end = true;
        sample.histogram = nullptr;
        sample.value = 0;
      }
      samples_[time_ms] = sample;
    }
  }
  [[nodiscard]] const InputSample& At(TimeMs time_ms) const { return samples_.at(time_ms / 1'000 * 1'000); }

 private:
  std::map<TimeMs, InputSample> samples_;
};

class WindowsOracleTest : public testing::TestWithParam<std::tuple<GroupKind, int>> {};

TEST_P(WindowsOracleTest, AgreesWhateverTheOrderAndSurvivesKills) {
  const auto [kind, seed] = GetParam();
  SeededRandom random(static_cast<std::uint64_t>(seed));
  constexpr std::size_t kGroups = 2;
  constexpr std::size_t kInputs = 6;
  std::vector<World> worlds;
  for (std::size_t i = 0; i < kInputs; ++i)
    worlds.emplace_back(kind, random);

  const TimeMs began_ms = kStartMs - 30'000;
  std::vector<Oracle> oracles(kGroups, Oracle(kind, began_ms));
  auto windows = std::make_unique<Windows>(WindowsOptions{});
  windows->Begin(began_ms);
  Bytes state;  // A snapshot with the ops since.
  std::vector<std::string> got;
  std::vector<std::string> want;
  std::size_t counted = 0;
  std::size_t refused = 0;
  const auto note = [&] {
    const Bytes ops = windows->TakeOps();
    AppendBytes(ops, state);
  };
  TimeMs now_ms = kStartMs;
  for (int step = 0; step < 4'000; ++step) {
    now_ms += static_cast<TimeMs>(random.Below(200));
    const std::size_t input = random.Below(kInputs);
    // Mostly in time, often out of order, sometimes too late; the last input says nothing for stretches longer than the lookback.
    const bool is_silent = input == kInputs - 1 && (now_ms - kStartMs) % 800'000 > 60'000;
    if (!is_silent && random.Below(3) != 0) {
      const TimeMs delay_ms = static_cast<TimeMs>(random.Below(random.Below(10) == 0 ? 40'000 : 6'000));
      const InputSample& sample = worlds[input].At(now_ms - delay_ms);
      const std::size_t group = input % kGroups;
      const auto id = windows->InputOf({input, 7}, SpecOf(kind, fmt::format("g{}", group)));
      ASSERT_TRUE(id);
      const bool counts = !windows->Add(*id, sample);
      ASSERT_EQ(counts, oracles[group].Add(input, sample))
          << "step " << step << ": " << sample.time_ms - kStartMs << " of " << input << " at "
          << windows->watermark_ms() - kStartMs;
      ++(counts ? counted : refused);
    } else if (random.Below(8) == 0) {
      const TimeMs watermark_ms = now_ms - 5'000;
      windows->Close(watermark_ms, [&](const Emission& e) { got.push_back(TextOf(*windows, e)); });
      for (std::size_t group = 0; group < kGroups; ++group)
        oracles[group].Close(watermark_ms, fmt::format("g{}", group), want);
    }
    note();
    if (random.Below(37) == 0) {
      auto again = std::make_unique<Windows>(WindowsOptions{});
      const Status replayed = again->Replay(state, [](const Emission&) {});
      ASSERT_TRUE(replayed) << replayed.error().message;
      ASSERT_EQ(again->Snapshot(), windows->Snapshot()) << "step " << step;
      windows = std::move(again);
      if (random.Below(2) == 0) state = windows->Snapshot();
    }
  }
  std::ranges::sort(got);
  std::ranges::sort(want);
  EXPECT_EQ(got, want);
  EXPECT_GT(got.size(), 70U);
  EXPECT_GT(counted, 1'000U);
  EXPECT_GT(refused, 50U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, WindowsOracleTest,
                         testing::Combine(testing::Values(GroupKind::kGauge, GroupKind::kCounter,
                                                          GroupKind::kHistogram),
                                          testing::Range(1, 13)));

class WindowsTest : public testing::Test {
 protected:
  WindowsTest() { windows_.Begin(kStartMs); }
  InputId Input(std::uint64_t key, GroupKind kind, std::string_view group = "g") {
    return windows_.InputOf({key, key}, SpecOf(kind, group)).value();
  }
  std::vector<std::string> Close(TimeMs after_ms) {
    std::vector<std::string> said;
    windows_.Close(kStartMs + after_ms, [&](const Emission& e) { said.push_back(TextOf(windows_, e)); });
    return said;
  }
  static InputSample At(TimeMs after_ms, double value, TimeMs start_after_ms = -kStartMs) {
    return {.time_ms = kStartMs + after_ms, .start_ms = kStartMs + start_after_ms, .value = value};
  }
  Windows windows_{WindowsOptions{}};
};

TEST_F(WindowsTest, ARestartThatHidBehindALargerValueIsSeenByItsStart) {
  const InputId input = Input(1, GroupKind::kCounter);
  EXPECT_FALSE(windows_.Add(input, At(1'000, 5, -9'000)));
  // Seven since a new start: two more than before, and yet seven.
  EXPECT_FALSE(windows_.Add(input, At(2'000, 7, 1'500)));
  // The start as an exporter works it out anew, some milliseconds off, is no restart.
  EXPECT_FALSE(windows_.Add(input, At(3'000, 9, 1'507)));
  EXPECT_THAT(Close(10'000), testing::ElementsAre("g sum @10000 = 9", "g count @10000 = 1"));
}

TEST_F(WindowsTest, ACounterThatWasBornWhileWeWatchedCountsWhole) {
  EXPECT_FALSE(windows_.Add(Input(1, GroupKind::kCounter), At(5'000, 40, 1'000)));
  EXPECT_FALSE(windows_.Add(Input(2, GroupKind::kCounter), At(5'000, 1'000, -1'000)));
  EXPECT_FALSE(windows_.Add(Input(3, GroupKind::kCounter), At(5'000, 1'000)));
  EXPECT_EQ(Close(10'000)[0], "g sum @10000 = 40");
}

TEST_F(WindowsTest, AWindowIsClosedOnceAndWhatIsLateRefused) {
  const InputId input = Input(1, GroupKind::kGauge);
  EXPECT_FALSE(windows_.Add(input, At(10'000, 1)));
  EXPECT_FALSE(windows_.Add(input, At(10'001, 2)));
  EXPECT_THAT(Close(10'000), testing::Contains("g sum @10000 = 1"));
  EXPECT_TRUE(Close(10'000).empty());
  EXPECT_EQ(windows_.Add(input, At(10'000, 3)), Refusal::kLate);
  EXPECT_EQ(windows_.Add(input, At(10'001, 3)), Refusal::kDuplicate);
  // Into the window that is open, behind what was added up of it.
  EXPECT_TRUE(Close(15'000).empty());
  EXPECT_EQ(windows_.Add(input, At(10'000, 3)), Refusal::kLate);
  EXPECT_EQ(windows_.Add(input, At(10'001, 3)), Refusal::kDuplicate);
  EXPECT_FALSE(windows_.Add(input, At(12'000, 4)));
  EXPECT_THAT(Close(20'000),
              testing::IsSupersetOf({"g sum @20000 = 4", "g min @20000 = 2", "g max @20000 = 4"}));
}

TEST_F(WindowsTest, WhatDoesNotFitIsRefused) {
  const InputId counter = Input(1, GroupKind::kCounter);
  const InputId histogram = Input(2, GroupKind::kHistogram);
  EXPECT_EQ(windows_.Add(counter, At(1'000, std::nan(""))), Refusal::kNotFinite);
  EXPECT_EQ(windows_.Add(counter, At(1'000, HUGE_VAL)), Refusal::kNotFinite);
  EXPECT_EQ(windows_.Add(histogram, At(1'000, 1)), Refusal::kKind);
  InputSample sample = At(1'000, 0);
  sample.histogram = std::make_shared<Histogram>(Native(0, {1}));
  EXPECT_EQ(windows_.Add(counter, sample), Refusal::kKind);
  for (std::size_t i = 0; i < kWaitingMax; ++i)
    EXPECT_FALSE(windows_.Add(counter, At(static_cast<TimeMs>(1'000 + i), 1)));
  EXPECT_EQ(windows_.Add(counter, At(5'000, 1)), Refusal::kTooMany);
}

TEST_F(WindowsTest, HistogramsOfOtherResolutionsMergeAtTheCoarsest) {
  const InputId fine = Input(1, GroupKind::kHistogram);
  const InputId coarse = Input(2, GroupKind::kHistogram);
  const auto add = [&](InputId input, TimeMs after_ms, Histogram histogram) {
    InputSample sample = At(after_ms, 0, 0);
    sample.histogram = std::make_shared<Histogram>(std::move(histogram));
    EXPECT_FALSE(windows_.Add(input, sample));
  };
  add(fine, 1'000, Native(1, {1, 2, 3, 4}));
  add(coarse, 1'000, Native(0, {10, 20}));
  // Buckets 0..3 of schema 1 are 0, 1, 1, 2 of schema 0.
  EXPECT_THAT(Close(10'000), testing::ElementsAre("g merge @10000 = 0:11 1:25 2:4 sum 80 count 40"));
}

TEST_F(WindowsTest, AHistogramHasNoMoreBucketsThanItMay) {
  GroupSpec spec = SpecOf(GroupKind::kHistogram, "g");
  spec.buckets_max = 4;
  InputSample sample = At(1'000, 0, 0);
  sample.histogram = std::make_shared<Histogram>(Native(3, std::vector<double>(64, 1)));
  EXPECT_FALSE(windows_.Add(windows_.InputOf({1, 1}, spec).value(), sample));
  std::size_t buckets = 0;
  windows_.Close(kStartMs + 10'000, [&](const Emission& e) {
    buckets = e.histogram->positive_buckets.size();
    EXPECT_EQ(e.histogram->count, 64);
  });
  EXPECT_GT(buckets, 1U);
  EXPECT_LE(buckets, 4U);
}

TEST_F(WindowsTest, SilentSeriesAreForgottenAndMakeRoom) {
  Windows small({.series_max = 2, .expire_ms = 600'000});
  small.Begin(kStartMs);
  const InputId first = small.InputOf({1, 1}, SpecOf(GroupKind::kGauge, "g")).value();
  EXPECT_FALSE(small.Add(first, At(1'000, 1)));
  const InputId second = small.InputOf({2, 2}, SpecOf(GroupKind::kGauge, "h")).value();
  EXPECT_FALSE(small.Add(second, At(500'000, 1)));
  EXPECT_FALSE(small.InputOf({3, 3}, SpecOf(GroupKind::kGauge, "g")));
  const auto ignore = [](const Emission&) {};
  small.Close(kStartMs + 601'000, ignore);
  EXPECT_TRUE(small.Has(first)) << "what was said last is of its group";
  small.Close(kStartMs + 602'000, ignore);
  EXPECT_FALSE(small.Has(first));
  EXPECT_TRUE(small.Has(second));
  EXPECT_EQ(small.group_count(), 1U);
  EXPECT_EQ(small.Add(first, At(700'000, 1)), Refusal::kLate);
  EXPECT_TRUE(small.InputOf({3, 3}, SpecOf(GroupKind::kGauge, "g")));
}

TEST_F(WindowsTest, HoursOfStandstillAreNotWindowAfterWindow) {
  EXPECT_FALSE(windows_.Add(Input(1, GroupKind::kGauge), At(1'000, 1)));
  // One value a window while queries would find it, then its end.
  const std::vector<std::string> said = Close(1'000'000'000);
  EXPECT_EQ(said.size(), 5U * 31U);
  EXPECT_EQ(said.back(), "g count @310000 = end");
}

TEST_F(WindowsTest, AClockThatWasSetBackBeginsAgainThere) {
  const InputId input = Input(1, GroupKind::kCounter);
  EXPECT_FALSE(windows_.Add(input, At(3'600'000, 10)));
  EXPECT_FALSE(Close(3'600'000).empty());
  EXPECT_EQ(windows_.Add(input, At(20'000, 11)), Refusal::kLate);
  EXPECT_TRUE(Close(15'000).empty());
  EXPECT_FALSE(windows_.Add(input, At(20'000, 12)));
  EXPECT_EQ(Close(20'000)[0], "g sum @20000 = 2");
}

TEST_F(WindowsTest, OtherRulesBeginAnew) {
  EXPECT_FALSE(windows_.Add(Input(1, GroupKind::kCounter), At(1'000, 1)));
  windows_.KeepRules({1});
  EXPECT_EQ(windows_.input_count(), 1U);
  windows_.KeepRules({2});
  EXPECT_EQ(windows_.input_count(), 0U);
  EXPECT_EQ(windows_.group_count(), 0U);
  EXPECT_TRUE(Close(20'000).empty());
}

TEST_F(WindowsTest, AStartThatIsAnythingIsReadBack) {
  constexpr auto kLeast = std::numeric_limits<TimeMs>::min();
  constexpr auto kGreatest = std::numeric_limits<TimeMs>::max();
  std::uint32_t number = 1;
  for (const TimeMs start_ms : {kLeast, kLeast + 1, kGreatest}) {
    EXPECT_FALSE(windows_.Add(Input(number++, GroupKind::kCounter),
                              {.time_ms = kStartMs + 1'000, .start_ms = start_ms, .value = 1}));
  }
  Windows again{WindowsOptions{}};
  ASSERT_TRUE(again.Replay(windows_.Snapshot(), [](const Emission&) {}).has_value());
  EXPECT_EQ(again.Snapshot(), windows_.Snapshot());
}

TEST_F(WindowsTest, DamagedStateIsRefused) {
  EXPECT_FALSE(windows_.Add(Input(1, GroupKind::kCounter), At(1'000, 1, 0)));
  EXPECT_FALSE(windows_.Add(Input(2, GroupKind::kGauge, "h"), At(1'000, 1)));
  static_cast<void>(Close(10'000));
  const Bytes whole = windows_.Snapshot();
  const auto ignore = [](const Emission&) {};
  for (std::size_t size = 1; size < whole.size(); ++size) {
    Windows cut{WindowsOptions{}};
    // Cut between two ops it is a state too; nowhere may it read beyond.
    static_cast<void>(cut.Replay(ByteView(whole).first(size), ignore));
  }
  SeededRandom random(3);
  for (int i = 0; i < 2'000; ++i) {
    Bytes flipped = whole;
    flipped[random.Below(flipped.size())] ^= static_cast<std::byte>(1U << random.Below(8));
    Windows other{WindowsOptions{}};
    static_cast<void>(other.Replay(flipped, ignore));
  }
  Windows unknown{WindowsOptions{}};
  EXPECT_FALSE(unknown.Replay(Bytes{std::byte{99}}, ignore));
  // What is there before anything began: ids would be given twice.
  Bytes group_first;
  PutOp(WindowOp::kGroup, group_first);
  codec::PutVarint(1, group_first);
  PutGroupSpec(SpecOf(GroupKind::kGauge, "a"), group_first);
  codec::PutZigZag(kStartMs, group_first);
  group_first.push_back(std::byte{0});
  PutReal(0, group_first);
  PutReal(0, group_first);
  Windows headless({});
  EXPECT_FALSE(headless.Replay(group_first, ignore));
}

}  // namespace
}  // namespace tickscope::aggregate
