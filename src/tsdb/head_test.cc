// Head: whatever order samples arrive in, what is read back is what a plain map of (series, time) would hold,
// first value wins. Selection is checked against running every matcher on every series.
#include "tsdb/head.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "base/random.h"
#include "codec/value_column.h"

namespace tickscope::tsdb {
namespace {

class Fixture {
 public:
  Fixture() : head(head_metrics) {}

  SeriesRef Define(const Labels& labels) {
    labels_.push_back(labels);
    codec::SampleBatch batch;
    codec::SeriesDefinition definition;
    definition.ref = SeriesRef{static_cast<std::uint32_t>(labels_.size() - 1)};
    for (const LabelView& label : labels_.back())
      definition.labels.push_back(label);
    batch.series.push_back(std::move(definition));
    head.Apply(batch);
    return SeriesRef{static_cast<std::uint32_t>(labels_.size() - 1)};
  }

  void Append(SeriesRef ref, TimeMs time_ms, double value) {
    codec::SampleBatch batch;
    batch.floats.Push(ref, time_ms, value);
    head.Apply(batch);
  }

  [[nodiscard]] std::map<TimeMs, std::uint64_t> Read(SeriesRef ref, TimeMs from = INT64_MIN,
                                                     TimeMs to = INT64_MAX) {
    SampleColumns columns;
    const Status status = head.ReadSamples(ref, from, to, columns);
    EXPECT_TRUE(status.has_value());
    std::map<TimeMs, std::uint64_t> samples;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      EXPECT_TRUE(i == 0 || columns.times_ms[i - 1] < columns.times_ms[i]);
      samples[columns.times_ms[i]] = std::bit_cast<std::uint64_t>(columns.values[i]);
    }
    return samples;
  }

  MetricRegistry registry;
  HeadMetrics head_metrics{registry};
  Head head;

 private:
  std::deque<Labels> labels_;
};

// GCC 12 warns of an overlap that cannot be when a literal is added to std::to_string.
std::string Numbered(std::string_view prefix, std::uint64_t n) {
  return std::string(prefix).append(std::to_string(n));
}

std::uint64_t Bits(double v) {
  return std::bit_cast<std::uint64_t>(v);
}

TEST(Head, AgreesWithAPlainMap) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(Numbered("seed ", seed));
    SeededRandom random(seed);
    Fixture fixture;
    constexpr std::uint32_t kSeries = 24;
    std::vector<std::map<TimeMs, std::uint64_t>> model(kSeries);
    for (std::uint32_t i = 0; i < kSeries; ++i) {
      fixture.Define(Labels{{"__name__", Numbered("m", i)}, {"instance", std::to_string(i / 8)}});
    }
    TimeMs now = 1'000'000;
    for (int round = 0; round < 600; ++round) {
      now += 10'000;
      const TimeMs jitter = seed % 2 == 0 ? static_cast<TimeMs>(random.Below(3)) : 0;
      for (std::uint32_t i = 0; i < kSeries; ++i) {
        TimeMs time_ms = now + jitter;
        if (i % 8 == 7) time_ms += i;                 // Keeps times of its own.
        if (random.Below(30) == 0) continue;          // A gap.
        if (i % 8 == 6 && round % 40 < 20) continue;  // Long gaps.
        if (random.Below(50) == 0)
          time_ms -= static_cast<TimeMs>(random.Below(60)) * 5'000;  // Late, or again.
        double value = static_cast<double>(random.Below(1000));
        if (random.Below(100) == 0) value = codec::MissingValue();
        if (random.Below(100) == 0) value = StaleNan();
        fixture.Append(SeriesRef{i}, time_ms, value);
        model[i].try_emplace(time_ms, Bits(value));
      }
    }
    for (std::uint32_t i = 0; i < kSeries; ++i) {
      ASSERT_EQ(fixture.Read(SeriesRef{i}), model[i]) << "series " << i;
      const TimeMs from = 1'000'000 + static_cast<TimeMs>(random.Below(6'000'000));
      const TimeMs to = from + static_cast<TimeMs>(random.Below(1'000'000));
      const std::map<TimeMs, std::uint64_t> want(model[i].lower_bound(from), model[i].upper_bound(to));
      ASSERT_EQ(fixture.Read(SeriesRef{i}, from, to), want) << "series " << i;
    }
  }
}

TEST(Head, TakesDefinitionsInAnyOrder) {
  // A number whose first definition never reached the stream is defined after later ones.
  const Labels first{{"__name__", "first"}};
  const Labels second{{"__name__", "second"}};
  Fixture fixture;
  codec::SampleBatch batch;
  batch.series.push_back({SeriesRef{1}, {second.begin(), second.end()}});
  fixture.head.Apply(batch);
  batch.Clear();
  batch.series.push_back({SeriesRef{0}, {first.begin(), first.end()}});
  batch.floats.Push(SeriesRef{0}, 1000, 4);
  fixture.head.Apply(batch);
  const auto selected =
      fixture.head.Select({Matcher::Equal("__name__", "first")}, 10, QueryContext()).value();
  ASSERT_EQ(selected.size(), 1U);
  EXPECT_EQ(selected[0].labels, first);
  EXPECT_EQ(fixture.Read(selected[0].ref), (std::map<TimeMs, std::uint64_t>{{1000, Bits(4)}}));
}

TEST(Head, CountsDuplicatesConflictsAndLateSamples) {
  Fixture fixture;
  const SeriesRef ref = fixture.Define(Labels{{"__name__", "m"}});
  fixture.Append(ref, 1000, 1);
  fixture.Append(ref, 2000, 2);
  fixture.Append(ref, 2000, 2);
  fixture.Append(ref, 1000, 5);
  fixture.Append(ref, 1500, 3);
  fixture.Append(ref, 1500, 3);
  EXPECT_EQ(fixture.Read(ref),
            (std::map<TimeMs, std::uint64_t>{{1000, Bits(1)}, {1500, Bits(3)}, {2000, Bits(2)}}));
  EXPECT_EQ(fixture.head_metrics.duplicates->value(), 2U);
  EXPECT_EQ(fixture.head_metrics.conflicts->value(), 1U);
  EXPECT_EQ(fixture.head_metrics.late->value(), 1U);
}

TEST(Head, SteadySeriesPackWell) {
  Fixture fixture;
  const SeriesRef ref = fixture.Define(Labels{{"__name__", "m"}});
  SeededRandom random(1);
  double counter = 0;
  for (TimeMs t = 0; t < 1280; ++t) {
    counter += static_cast<double>(random.Below(16));
    fixture.Append(ref, t * 10'000, counter);
  }
  // Four bits a value, ten chunks of 128 with their headers.
  EXPECT_LT(fixture.head_metrics.chunk_bytes->value(), 1280 * 0.9);
  EXPECT_EQ(fixture.head.Summarize(10).chunk_count, 10U);
  EXPECT_TRUE(fixture.head.MayHold(12'790'000, 13'000'000));
  EXPECT_FALSE(fixture.head.MayHold(12'790'001, 13'000'000));
  EXPECT_TRUE(fixture.head.MayHold(-1'000, 0));
  EXPECT_FALSE(fixture.head.MayHold(-1'000, -1));
}

TEST(Head, DropsWhatIsOlderThanTheHorizon) {
  Fixture fixture;
  const SeriesRef running = fixture.Define(Labels{{"__name__", "running"}});
  const SeriesRef stopped = fixture.Define(Labels{{"__name__", "stopped"}});
  for (TimeMs t = 0; t < 1000; ++t) {
    fixture.Append(running, t * 10'000, 1);
    if (t < 5) fixture.Append(stopped, t * 10'000, 1);
  }
  fixture.head.DropBefore(5'000'000);
  const auto kept = fixture.Read(running);
  EXPECT_GE(kept.size(), 500U);
  EXPECT_LT(kept.size(), 700U);
  EXPECT_EQ(kept.rbegin()->first, 9'990'000);
  EXPECT_TRUE(fixture.Read(stopped).empty());
  fixture.Append(stopped, 10'000'000, 7);
  EXPECT_EQ(fixture.Read(stopped), (std::map<TimeMs, std::uint64_t>{{10'000'000, Bits(7)}}));
}

TEST(Head, KeepsHistogramsBesideFloats) {
  Fixture fixture;
  const SeriesRef ref = fixture.Define(Labels{{"__name__", "h"}});
  codec::SampleBatch batch;
  Histogram histogram;
  histogram.count = 3;
  batch.histograms.push_back({ref, 2000, std::make_shared<const Histogram>(histogram)});
  batch.floats.Push(ref, 1000, 9);
  fixture.head.Apply(batch);
  fixture.head.Apply(batch);
  SampleColumns columns;
  ASSERT_TRUE(fixture.head.ReadSamples(ref, 0, 5000, columns).has_value());
  ASSERT_EQ(columns.times_ms, (std::vector<TimeMs>{1000, 2000}));
  EXPECT_EQ(columns.histograms[0], nullptr);
  EXPECT_EQ(*columns.histograms[1], histogram);
}

TEST(SeriesIndex, SelectAgreesWithMatchingEverySeries) {
  SeededRandom random(5);
  SeriesIndex index;
  std::vector<Labels> all;
  const char* regions[] = {"", "eu", "na", "ap"};
  for (std::uint32_t i = 0; i < 500; ++i) {
    all.push_back(Labels{{"__name__", Numbered("m", random.Below(5))},
                         {"region", regions[random.Below(4)]},
                         {"server", Numbered("s", random.Below(40))}});
    std::vector<LabelView> views;
    for (const LabelView& label : all.back())
      views.push_back(label);
    index.Add(SeriesRef{i * 3}, views);
  }
  const std::pair<const char*, const char*> patterns[] = {
      {"region", "eu"}, {"region", ""},    {"region", "eu|na"},   {"region", "|eu"},
      {"region", ".*"}, {"region", ".+"},  {"server", "s1.*"},    {"server", "s1|s2"},
      {"missing", ""},  {"missing", ".+"}, {"__name__", "m[12]"}, {"region", "e.|"}};
  constexpr MatchType kTypes[] = {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex,
                                  MatchType::kNotRegex};
  for (int round = 0; round < 400; ++round) {
    std::vector<Matcher> matchers;
    std::string text;
    for (std::uint64_t i = 0; i <= random.Below(3); ++i) {
      const auto& [name, pattern] = patterns[random.Below(std::size(patterns))];
      matchers.push_back(Matcher::Make(kTypes[random.Below(4)], name, pattern).value());
      text += matchers.back().ToString() + " ";
    }
    std::vector<SeriesRef> want;
    for (std::uint32_t i = 0; i < all.size(); ++i) {
      if (MatchesAll(matchers, all[i])) want.push_back(SeriesRef{i * 3});
    }
    ASSERT_EQ(index.Select(matchers).ToRefs(), want) << text;
  }
  EXPECT_EQ(index.LabelsOf(SeriesRef{3}), all[1]);
  EXPECT_EQ(index.LabelNames(), (std::vector<std::string>{"__name__", "region", "server"}));
  EXPECT_EQ(index.LabelValues("region"), (std::vector<std::string>{"ap", "eu", "na"}));
}

}  // namespace
}  // namespace tickscope::tsdb
