// The cold tier: blocks are published into a store in memory and read back as PromQL would. Protected are the windows'
// definitions, that each sample is there exactly once whatever fails on the way, and that damage is named.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "block/block_order.h"
#include "block/block_writer.h"
#include "cold/cold_catalog.h"
#include "cold/cold_ddl.h"
#include "cold/cold_layout.h"
#include "cold/cold_queryable.h"
#include "cold/publisher.h"
#include "cold/window_rows.h"
#include "io/memory_file_system.h"
#include "model/sample.h"
#include "objstore/memory_object_store.h"
#include "plugin/columnar.h"

namespace tickscope::cold {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kMinute = 60'000;
constexpr Day kDay = static_cast<Day>(20'000);  // 2024-10-04
constexpr TimeMs kStart = 20'000 * kDayMs;

TEST(ColdLayout, DaysAreWrittenAndRead) {
  struct Case {
    const char* text;
    std::int32_t day;
  };
  for (const Case& c : {Case{"1970-01-01", 0}, Case{"1972-02-29", 789}, Case{"2024-10-04", 20'000},
                        Case{"2100-03-01", 47'541}, Case{"2199-12-31", 84'005}}) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(DayText(static_cast<Day>(c.day)), c.text);
    ASSERT_TRUE(ParseDay(c.text));
    EXPECT_EQ(static_cast<std::int32_t>(*ParseDay(c.text)), c.day);
  }
  for (const char* const bad : {"", "2024-10-4", "2023-02-29", "2100-02-29", "2024-13-01", "2024-00-10",
                                "2024-10-32", "1969-12-31", "2200-01-01", "2024/10/04", "2024-1x-01"}) {
    SCOPED_TRACE(bad);
    EXPECT_FALSE(ParseDay(bad));
  }
}

TEST(ColdLayout, AWindowBelongsToTheDayItBeginsIn) {
  EXPECT_EQ(DayOf(kStart), static_cast<Day>(19'999));
  EXPECT_EQ(DayOf(kStart + 1), kDay);
  EXPECT_EQ(DayOf(kStart + kDayMs), kDay);
  EXPECT_EQ(DayOf(0), static_cast<Day>(-1));
}

TEST(ColdLayout, NamesAreReadBack) {
  struct Case {
    const char* metric;
    const char* segment;
  };
  for (const Case& c : {Case{"up", "up"}, Case{"a:b", "a%3Ab"}, Case{"..", "%2E."},
                        Case{"a/b=c%", "a%2Fb%3Dc%25"}, Case{"\xc3\xa4", "%C3%A4"}}) {
    SCOPED_TRACE(c.metric);
    const auto name = PartName("studio-1", c.metric, kDay, 0xabc, plugin::TableFormat::kParquet);
    ASSERT_TRUE(name);
    EXPECT_EQ(*name, std::string("metrics/cold/v1/tenant=studio-1/metric=") + c.segment +
                         "/dt=2024-10-04/part-0000000000000abc.parquet");
    EXPECT_TRUE(objstore::CheckObjectName(*name));
    const auto place = ParsePartName(*name);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->metric, c.metric);
    EXPECT_EQ(place->tenant, "studio-1");
    EXPECT_EQ(place->day, kDay);
  }
  EXPECT_FALSE(PartName("t", std::string(201, 'a'), kDay, 1, plugin::TableFormat::kOrc));
  EXPECT_TRUE(PartName("t", std::string(200, 'a'), kDay, 1, plugin::TableFormat::kOrc));
  const auto manifest = ParseManifestName(ManifestName("t", kDay, 7, 0xff));
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->revision, 7U);
  EXPECT_EQ(manifest->content_hash, 0xffU);
  for (const char* const other : {"metrics/raw/t/x.block", "metrics/cold/v1/tenant=t/metric=m/part-1.parquet",
                                  "metrics/cold/v1/tenant=t/metric=m/dt=2024-10-04/part-1.csv",
                                  "metrics/cold/v1/_manifests/tenant=t/x"}) {
    EXPECT_FALSE(ParsePartName(other)) << other;
    EXPECT_FALSE(ParseManifestName(other)) << other;
  }
}

TEST(ColdSchema, BadPromotedLabelsAreRefused) {
  EXPECT_TRUE(ColdSchema::Make(DefaultPromotedLabels()));
  for (const char* const bad : {"", "Region", "a-b", "labels", "count", "tenant", "metric", "dt", "9a"}) {
    SCOPED_TRACE(bad);
    EXPECT_EQ(ColdSchema::Make({bad}).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(ColdSchema::Make({"region", "region"}));
  EXPECT_FALSE(ColdSchema::Make(std::vector<std::string>(kPromotedMax + 1, "a")));
}

SampleColumns Floats(std::vector<std::pair<TimeMs, double>> samples) {
  SampleColumns columns;
  for (const auto& [time_ms, value] : samples) {
    columns.times_ms.push_back(time_ms);
    columns.values.push_back(value);
  }
  return columns;
}

TEST(WindowRows, AggregatesOfFloats) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  struct Case {
    const char* name;
    std::vector<std::pair<TimeMs, double>> samples;  // Minutes after the start.
    std::vector<FloatWindow> rows;                   // Likewise.
  };
  const Case cases[] = {
      {"none", {}, {}},
      {"a window is open at its start and closed at its end",
       {{0, 7}, {1, 1}, {5, 2}, {6, 4}},
       {{5, 2, 3, 1, 2, 1, 2, 2}, {10, 1, 4, 4, 4, 4, 4, 2}}},
      {"a fall is a reset: 5, 9, 2 grew by 4 and 2", {{1, 5}, {2, 9}, {3, 2}}, {{5, 3, 16, 2, 9, 5, 2, 6}}},
      {"the first sample begins with nothing", {{1, 100}}, {{5, 1, 100, 100, 100, 100, 100, 0}}},
      {"the step from before the day counts", {{-60, 10}, {1, 15}}, {{5, 1, 15, 15, 15, 15, 15, 5}}},
      {"a gap of two hours is a step, more is none",
       {{1, 1}, {121, 3}, {242, 9}},
       {{5, 1, 1, 1, 1, 1, 1, 0}, {125, 1, 3, 3, 3, 3, 3, 2}, {245, 1, 9, 9, 9, 9, 9, 0}}},
      {"staleness markers are no samples", {{1, 1}, {2, StaleNan()}, {3, 2}}, {{5, 2, 3, 1, 2, 1, 2, 1}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto samples = c.samples;
    for (auto& [time, value] : samples)
      time = kStart + time * kMinute;
    const WindowRows rows = MakeWindowRows(Floats(samples), kStart, kStart + kDayMs);
    ASSERT_EQ(rows.floats.size(), c.rows.size());
    for (std::size_t i = 0; i < c.rows.size(); ++i) {
      const FloatWindow& got = rows.floats[i];
      const FloatWindow& want = c.rows[i];
      EXPECT_EQ(got.end_ms, kStart + want.end_ms * kMinute);
      EXPECT_EQ(got.count, want.count);
      EXPECT_EQ(got.sum, want.sum);
      EXPECT_EQ(got.min, want.min);
      EXPECT_EQ(got.max, want.max);
      EXPECT_EQ(got.first, want.first);
      EXPECT_EQ(got.last, want.last);
      EXPECT_EQ(got.increase, want.increase);
    }
  }
  const WindowRows nan =
      MakeWindowRows(Floats({{kStart + 1, kNan}, {kStart + 2, 3}, {kStart + 3, kNan}, {kStart + 4, 5}}),
                     kStart, kStart + kDayMs);
  ASSERT_EQ(nan.floats.size(), 1U);
  EXPECT_EQ(nan.floats[0].count, 4);
  EXPECT_TRUE(std::isnan(nan.floats[0].sum));
  EXPECT_EQ(nan.floats[0].min, 3);
  EXPECT_EQ(nan.floats[0].max, 5);
  EXPECT_EQ(nan.floats[0].increase, 2);
}

Histogram NativeOf(double count) {
  return {.schema = 0,
          .zero_threshold = 0.001,
          .zero_count = 1,
          .count = count,
          .sum = count * 2,
          .positive_spans = {{-1, 1}, {1, 1}},
          .positive_buckets = {count - 2, 1}};
}

SampleColumns Natives(std::vector<std::pair<TimeMs, Histogram>> samples) {
  SampleColumns columns;
  for (auto& [time_ms, histogram] : samples) {
    columns.times_ms.push_back(time_ms);
    columns.values.push_back(0);
    columns.histograms.push_back(std::make_shared<Histogram>(std::move(histogram)));
  }
  return columns;
}

TEST(WindowRows, IncreasesOfHistograms) {
  // 10 -> 14 -> reset to 6.
  const WindowRows rows = MakeWindowRows(
      Natives({{kStart + 1, NativeOf(10)}, {kStart + 2, NativeOf(14)}, {kStart + 3, NativeOf(6)}}), kStart,
      kStart + kDayMs);
  ASSERT_EQ(rows.histograms.size(), 1U);
  EXPECT_EQ(rows.histograms[0].count, 3);
  EXPECT_EQ(rows.histograms[0].last->count, 6);
  ASSERT_TRUE(rows.histograms[0].increase);
  EXPECT_EQ(rows.histograms[0].increase->count, 10);
  EXPECT_EQ(rows.histograms[0].increase->sum, 20);
  Histogram gauge = NativeOf(3);
  gauge.reset_hint = ResetHint::kGauge;
  const WindowRows gauges = MakeWindowRows(Natives({{kStart + 1, gauge}}), kStart, kStart + kDayMs);
  ASSERT_EQ(gauges.histograms.size(), 1U);
  EXPECT_FALSE(gauges.histograms[0].increase);
}

// A day's series, in blocks of a file system in memory.
class ColdTier : public testing::Test {
 protected:
  using Series = std::map<Labels, SampleColumns>;

  void SetUp() override {
    const auto library = plugin::LoadColumnar();
    ASSERT_TRUE(library) << library.error().message;
    columnar_ = *library;
    ASSERT_TRUE(fs_.CreateDirectories("/b"));
  }

  void AddBlock(const std::string& name, const Series& series) {
    auto writer = block::BlockWriter::Create(fs_, "/b/" + name, {.tenant = "studio"});
    ASSERT_TRUE(writer) << writer.error().message;
    std::vector<Labels> order;
    for (const auto& [labels, samples] : series)
      order.push_back(labels);
    std::ranges::sort(order, block::BlockOrder);
    for (const Labels& labels : order) {
      const SampleColumns& samples = series.at(labels);
      if (samples.histograms.empty()) {
        const auto times = writer->AddTimes(samples.times_ms);
        ASSERT_TRUE(times);
        ASSERT_TRUE(writer->AddSeries(labels, *times, samples.values));
      } else {
        ASSERT_TRUE(writer->AddMixedSeries(labels, samples));
      }
    }
    ASSERT_TRUE(writer->Finish());
    const auto block = block::BlockReader::Open(fs_, "/b/" + name);
    ASSERT_TRUE(block) << block.error().message;
    blocks_.push_back(*block);
  }

  void Wipe() {
    const auto objects = store_.List("");
    for (const auto& object : *objects)
      ASSERT_TRUE(store_.Delete(object.name));
  }

  Result<PublishReport> Publish(PublishOptions options = {}, Day day = kDay) {
    return PublishDay(store_, *columnar_, blocks_, "studio", day, now_ms_, options);
  }

  // What a selector reads of the whole day: "labels: time in minutes = value ...".
  std::vector<std::string> Select(std::vector<Matcher> matchers, TimeMs from = kStart - kDayMs,
                                  TimeMs to = kStart + 2 * kDayMs) {
    const ColdQueryable cold(store_, *columnar_, {});
    const QueryContext context;
    auto set = cold.Select(
        {.tenant = "studio", .start_ms = from, .end_ms = to, .matchers = std::move(matchers)}, context);
    std::vector<std::string> lines;
    if (!set) return {set.error().message};
    SampleColumns samples;
    while ((*set)->Next()) {
      std::string line = (*set)->labels().ToString() + ":";
      EXPECT_TRUE((*set)->ReadSamples(samples));
      for (std::size_t i = 0; i < samples.size(); ++i) {
        const bool is_native = i < samples.histograms.size() && samples.histograms[i] != nullptr;
        line += fmt::format(" {}={}{}", (samples.times_ms[i] - kStart) / kMinute, is_native ? "h" : "",
                            is_native ? samples.histograms[i]->count : samples.values[i]);
      }
      lines.push_back(line);
    }
    return lines;
  }

  static Series Example() {
    Series series;
    const auto at = [](std::int64_t minutes) { return kStart + minutes * kMinute; };
    series[Labels({{kMetricName, "depth"}, {"region", "eu"}, {"queue", "a"}})] =
        Floats({{at(1), 1}, {at(4), 2}, {at(7), 3}});
    series[Labels({{kMetricName, "depth"}, {"region", "na"}})] = Floats({{at(1'440), 9}});
    for (const auto& [le, value] : {std::pair{"0.5", 1.0}, {"1.0", 3.0}, {"+Inf", 4.0}})
      series[Labels({{kMetricName, "wait_bucket"}, {"region", "eu"}, {"le", le}})] =
          Floats({{at(2), value}, {at(8), value * 2}});
    series[Labels({{kMetricName, "wait_bucket"}, {"region", "eu"}, {"le", "odd"}})] = Floats({{at(2), 5}});
    series[Labels({{kMetricName, "wait_sum"}, {"region", "eu"}})] = Floats({{at(2), 12}, {at(8), 24}});
    series[Labels({{kMetricName, "wait_count"}, {"region", "eu"}})] = Floats({{at(2), 4}, {at(8), 8}});
    series[Labels({{kMetricName, "wait_count"}, {"region", "na"}})] = Floats({{at(2), 77}});
    series[Labels({{kMetricName, "wait"}, {"region", "eu"}})] =
        Natives({{at(3), NativeOf(10)}, {at(9), NativeOf(14)}});
    return series;
  }

  const std::vector<std::string> kExample = {
      "depth{queue=\"a\", region=\"eu\"}: 5=2 10=3",
      "depth{region=\"na\"}: 1440=9",
      "wait{region=\"eu\"}: 5=h10 10=h14",
      "wait_bucket{le=\"+Inf\", region=\"eu\"}: 5=4 10=8",
      "wait_bucket{le=\"0.5\", region=\"eu\"}: 5=1 10=2",
      "wait_bucket{le=\"1.0\", region=\"eu\"}: 5=3 10=6",
      "wait_bucket{le=\"odd\", region=\"eu\"}: 5=5",
      "wait_count{region=\"eu\"}: 5=4 10=8",
      "wait_count{region=\"na\"}: 5=77",
      "wait_sum{region=\"eu\"}: 5=12 10=24",
  };
  static Matcher Any() { return *Matcher::Make(MatchType::kRegex, kMetricName, ".+"); }

  io::MemoryFileSystem fs_;
  objstore::MemoryObjectStore store_;
  DayReader::Blocks blocks_;
  plugin::Columnar* columnar_ = nullptr;
  TimeMs now_ms_ = kStart + 3 * kDayMs;
};

TEST_F(ColdTier, WhatIsPublishedIsReadBack) {
  AddBlock("1.block", Example());
  for (const plugin::TableFormat format : {plugin::TableFormat::kParquet, plugin::TableFormat::kOrc}) {
    const auto report = Publish({.format = format});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->manifest.parts.size(), 4U) << "depth, wait, wait_bucket (le=odd), wait_count (na)";
    EXPECT_THAT(Select({Any()}), testing::ElementsAreArray(kExample));
  }
  EXPECT_THAT(Select({Matcher::Equal(kMetricName, "wait_bucket"), Matcher::Equal("le", "1.0")}),
              ElementsAre("wait_bucket{le=\"1.0\", region=\"eu\"}: 5=3 10=6"));
  EXPECT_THAT(Select({Matcher::Equal("region", "na")}),
              ElementsAre("depth{region=\"na\"}: 1440=9", "wait_count{region=\"na\"}: 5=77"));
  EXPECT_THAT(Select({Matcher::Equal("region", "na")}, kStart + kDayMs, kStart + kDayMs),
              ElementsAre("depth{region=\"na\"}: 1440=9"));
  EXPECT_THAT(Select({Matcher::Equal(kMetricName, "nothing")}), ElementsAre());
  const ColdQueryable cold(store_, *columnar_, {});
  const QueryContext context;
  const SelectRequest all{
      .tenant = "studio", .start_ms = kStart, .end_ms = kStart + kDayMs, .matchers = {Any()}};
  EXPECT_THAT(*cold.LabelNames(all, context), ElementsAre("__name__", "le", "queue", "region"));
  EXPECT_THAT(*cold.LabelValues("region", all, context), ElementsAre("eu", "na"));
  const SelectRequest other{
      .tenant = "other", .start_ms = kStart, .end_ms = kStart + kDayMs, .matchers = {Any()}};
  EXPECT_TRUE(cold.LabelNames(other, context)->empty());
}

TEST_F(ColdTier, OverlappingBlocksCountOnce) {
  Series first = Example();
  AddBlock("1.block", first);
  AddBlock("2.block", first);
  Series later;
  later[Labels({{kMetricName, "depth"}, {"region", "eu"}, {"queue", "a"}})] =
      Floats({{kStart + 2 * kMinute, 10}, {kStart + 7 * kMinute, 3}});
  AddBlock("3.block", later);
  ASSERT_TRUE(Publish());
  EXPECT_THAT(Select({Any()}), testing::ElementsAreArray(kExample));
  const auto manifest = FindManifest(store_, "studio", kDay);
  ASSERT_TRUE(manifest && *manifest);
  for (const ColdPart& part : (*manifest)->parts) {
    if (part.metric != "depth") continue;
    EXPECT_EQ(part.rows, 3U);
  }
}

TEST_F(ColdTier, TheDayBeforeIsReadForItsLastStepOnly) {
  Series series;
  series[Labels({{kMetricName, "joins"}})] = Floats({{kStart - kMinute, 5}, {kStart + kMinute, 8}});
  AddBlock("1.block", series);
  ASSERT_TRUE(Publish());
  EXPECT_THAT(Select({Any()}), ElementsAre("joins: 5=8"));
  ASSERT_TRUE(Publish({}, static_cast<Day>(19'999)));
  EXPECT_THAT(Select({Any()}), ElementsAre("joins: 0=5 5=8"));
  EXPECT_EQ(Publish({}, static_cast<Day>(20'001))->outcome, PublishReport::Outcome::kEmpty);
}

TEST_F(ColdTier, APublishThatIsCutOffAnywhereIsRepeatedToTheSame) {
  AddBlock("1.block", Example());
  ASSERT_TRUE(Publish());
  const auto want = store_.List("");
  ASSERT_EQ(want->size(), 5U);
  for (std::uint64_t nth = 1; nth <= 5; ++nth) {
    for (const auto effect :
         {objstore::ObjectFault::Effect::kNotDone, objstore::ObjectFault::Effect::kDoneAndDisowned}) {
      SCOPED_TRACE(nth);
      Wipe();
      store_.Inject({.operation = objstore::ObjectOperation::kPut, .nth = nth, .effect = effect});
      EXPECT_FALSE(Publish());
      if (nth < 5) {
        EXPECT_THAT(Select({Any()}), ElementsAre()) << "a day is there whole or not at all";
      }
      ASSERT_TRUE(Publish());
      EXPECT_EQ(*store_.List(""), *want);
      EXPECT_THAT(Select({Any()}), testing::ElementsAreArray(kExample));
    }
  }
}

TEST_F(ColdTier, LateDataReplacesTheDay) {
  AddBlock("1.block", Example());
  ASSERT_EQ(Publish()->outcome, PublishReport::Outcome::kPublished);
  ASSERT_EQ(Publish()->outcome, PublishReport::Outcome::kUnchanged);
  Series late;
  late[Labels({{kMetricName, "depth"}, {"region", "na"}})] =
      Floats({{kStart + 1'439 * kMinute, 7}, {kStart + 20 * kMinute, 1}});
  std::ranges::reverse(late.begin()->second.times_ms);
  std::ranges::reverse(late.begin()->second.values);
  AddBlock("2.block", late);
  now_ms_ += 1'000;
  const auto replaced = Publish();
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->outcome, PublishReport::Outcome::kReplaced);
  EXPECT_EQ(replaced->manifest.revision, 2U);
  EXPECT_EQ(replaced->parts_written, 1U) << "only the metric that changed";
  EXPECT_THAT(
      Select({Matcher::Equal(kMetricName, "depth")}),
      ElementsAre("depth{queue=\"a\", region=\"eu\"}: 5=2 10=3", "depth{region=\"na\"}: 20=1 1440=9"));
  // The replaced part and manifest stay for a while, then go; nothing else does.
  const auto kept = SweepTenant(store_, "studio", now_ms_ + 10, 3'600'000);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->deleted, 0U);
  EXPECT_EQ(kept->kept_for_grace, 2U);
  const auto swept = SweepTenant(store_, "studio", now_ms_ + 3'600'000, 3'600'000);
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->deleted, 2U);
  EXPECT_EQ(store_.List("")->size(), 5U);
  EXPECT_EQ(Select({Any()}).size(), kExample.size());
}

ColdDelete DeleteOf(std::string id, std::vector<Matcher> matchers, std::int64_t from_minutes,
                    std::int64_t to_minutes) {
  return {
      std::move(id), {std::move(matchers)}, kStart + from_minutes * kMinute, kStart + to_minutes * kMinute};
}

TEST_F(ColdTier, DeletesReachWhatIsPublished) {
  AddBlock("1.block", Example());
  for (const plugin::TableFormat format : {plugin::TableFormat::kParquet, plugin::TableFormat::kOrc}) {
    SCOPED_TRACE(static_cast<int>(format));
    Wipe();
    const auto published = Publish({.format = format});
    ASSERT_TRUE(published);
    const std::vector<ColdDelete> deletes = {
        // A window that holds more than the range goes whole; one that ends where the range begins holds its sample.
        DeleteOf("a", {Matcher::Equal("queue", "a")}, 5, 6),
        // One bucket and the sum of a histogram; its other series stay.
        DeleteOf("b", {Matcher::Equal(kMetricName, "wait_bucket"), Matcher::Equal("le", "1.0")}, 0, 5),
        DeleteOf("c", {Matcher::Equal(kMetricName, "wait_sum")}, 6, 9),
        DeleteOf("d", {Matcher::Equal(kMetricName, "wait")}, 9, 9),
        // Another day's.
        DeleteOf("e", {Any()}, -100, 0),
    };
    const std::vector<ColdDelete> pending = PendingDeletes(published->manifest, deletes);
    ASSERT_EQ(pending.size(), 4U);
    const auto rewritten = RewriteDay(store_, *columnar_, published->manifest, pending, now_ms_ + 1, {});
    ASSERT_TRUE(rewritten) << rewritten.error().message;
    EXPECT_EQ(rewritten->manifest.revision, 2U);
    EXPECT_EQ(rewritten->rows_dropped, 3U) << "depth at 5 and 10, the native histogram at 10";
    EXPECT_EQ(rewritten->rows_changed, 2U);
    EXPECT_EQ(rewritten->parts_rewritten, 2U) << "depth, wait";
    EXPECT_TRUE(PendingDeletes(rewritten->manifest, deletes).empty());
    EXPECT_THAT(
        Select({Any()}),
        ElementsAre("depth{region=\"na\"}: 1440=9", "wait{region=\"eu\"}: 5=h10",
                    "wait_bucket{le=\"+Inf\", region=\"eu\"}: 5=4 10=8",
                    "wait_bucket{le=\"0.5\", region=\"eu\"}: 5=1 10=2",
                    "wait_bucket{le=\"1.0\", region=\"eu\"}: 10=6",
                    "wait_bucket{le=\"odd\", region=\"eu\"}: 5=5", "wait_count{region=\"eu\"}: 5=4 10=8",
                    "wait_count{region=\"na\"}: 5=77", "wait_sum{region=\"eu\"}: 5=12"));
    // What was deleted is in no file once the old ones were swept.
    ASSERT_TRUE(SweepTenant(store_, "studio", now_ms_ + 10, 0));
    EXPECT_EQ(store_.List(std::string(kColdRoot) + "tenant=")->size(), rewritten->manifest.parts.size());
    // The same blocks and deletes: nothing to publish. Later, when the blocks are without the samples, there is.
    EXPECT_EQ(Publish({.format = format, .deletes = deletes})->outcome, PublishReport::Outcome::kUnchanged);
  }
}

TEST_F(ColdTier, ADeleteThatIsCutOffAnywhereIsRepeatedToTheSame) {
  AddBlock("1.block", Example());
  const std::vector<ColdDelete> deletes = {DeleteOf("a", {Matcher::Equal("region", "eu")}, 6, 9)};
  const auto rewrite = [&] {
    const auto in_force = FindManifest(store_, "studio", kDay);
    EXPECT_TRUE(in_force && *in_force);
    const std::vector<ColdDelete> pending = PendingDeletes(**in_force, deletes);
    return pending.empty() || RewriteDay(store_, *columnar_, **in_force, pending, now_ms_, {});
  };
  ASSERT_TRUE(Publish());
  ASSERT_TRUE(rewrite());
  const auto want = store_.List("");
  const std::vector<std::string> want_read = Select({Any()});
  // depth and wait are written again, then the manifest.
  for (std::uint64_t nth = 1; nth <= 3; ++nth) {
    for (const auto effect :
         {objstore::ObjectFault::Effect::kNotDone, objstore::ObjectFault::Effect::kDoneAndDisowned}) {
      SCOPED_TRACE(nth);
      Wipe();
      ASSERT_TRUE(Publish());
      store_.Inject({.operation = objstore::ObjectOperation::kPut, .nth = nth, .effect = effect});
      EXPECT_FALSE(rewrite());
      if (nth < 3) {
        EXPECT_THAT(Select({Any()}), testing::ElementsAreArray(kExample))
            << "a day as before until it is whole";
      }
      ASSERT_TRUE(rewrite());
      EXPECT_EQ(*store_.List(""), *want);
      EXPECT_EQ(Select({Any()}), want_read);
    }
  }
}

TEST_F(ColdTier, AllOfADayMayBeDeleted) {
  AddBlock("1.block", Example());
  const auto published = Publish();
  ASSERT_TRUE(published);
  const std::vector<ColdDelete> deletes = {DeleteOf("all", {Any()}, 0, 1440)};
  const auto rewritten = RewriteDay(store_, *columnar_, published->manifest, deletes, now_ms_, {});
  ASSERT_TRUE(rewritten);
  EXPECT_TRUE(rewritten->manifest.parts.empty());
  EXPECT_THAT(Select({Any()}), ElementsAre());
  EXPECT_TRUE(FindManifest(store_, "studio", kDay)->has_value()) << "a day without parts reads back";
  EXPECT_EQ(
      RewriteDay(store_, *columnar_, published->manifest, deletes, now_ms_, [] { return true; }).error().code,
      ErrorCode::kCancelled);
}

TEST_F(ColdTier, DeletesApplyToWhatIsPublishedOfBlocks) {
  AddBlock("1.block", Example());
  const std::vector<ColdDelete> deletes = {DeleteOf("a", {Matcher::Equal("queue", "a")}, 4, 4),
                                           DeleteOf("b", {Matcher::Equal("le", "+Inf")}, 0, 5)};
  ASSERT_TRUE(Publish({.deletes = deletes}));
  EXPECT_THAT(Select({Matcher::Equal(kMetricName, "depth")}),
              ElementsAre("depth{queue=\"a\", region=\"eu\"}: 5=1 10=3", "depth{region=\"na\"}: 1440=9"))
      << "of a window, only the sample that was named goes";
  EXPECT_THAT(Select({Matcher::Equal("le", "+Inf")}),
              ElementsAre("wait_bucket{le=\"+Inf\", region=\"eu\"}: 10=8"));
}

TEST_F(ColdTier, DamageIsNamed) {
  AddBlock("1.block", Example());
  const auto report = Publish();
  ASSERT_TRUE(report);
  const ColdPart& part = report->manifest.parts[0];
  EXPECT_TRUE(LoadPart(store_, part));
  store_.FlipBits(part.name, part.bytes / 2, 1);
  const auto loaded = LoadPart(store_, part);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kCorruption);
  EXPECT_THAT(loaded.error().message, HasSubstr(part.name));
  // Deleted and published again, it is whole.
  ASSERT_EQ(Publish()->outcome, PublishReport::Outcome::kUnchanged);
  ASSERT_TRUE(store_.Delete(part.name));
  const auto again = Publish();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->outcome, PublishReport::Outcome::kReplaced);
  EXPECT_EQ(again->parts_written, 1U);
  EXPECT_TRUE(LoadPart(store_, part));
  const auto entries = ListManifests(store_, "studio");
  ASSERT_EQ(entries->size(), 1U);
  store_.FlipBits(entries->front().name, 20, 1);
  const auto manifest = LoadManifest(store_, entries->front());
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code, ErrorCode::kCorruption);
  EXPECT_THAT(Select({Any()}), ElementsAre(HasSubstr("its content is another")));
}

TEST(ColdManifest, HostileTextIsRefused) {
  const ColdManifest good{.tenant = "t",
                          .day = kDay,
                          .revision = 3,
                          .published_ms = 5,
                          .sources = {"a:1"},
                          .promoted = {"region"},
                          .parts = {{.name = *PartName("t", "m", kDay, 1, plugin::TableFormat::kParquet),
                                     .metric = "m",
                                     .bytes = 9,
                                     .crc32c = 4'000'000'000,
                                     .rows = 1,
                                     .series = 1,
                                     .min_ts_ms = -5,
                                     .max_ts_ms = 5,
                                     .has_floats = true,
                                     .has_native = true}}};
  const std::string text = WriteManifest(good);
  ASSERT_TRUE(ReadManifest("x", text));
  EXPECT_EQ(*ReadManifest("x", text), good);
  struct Case {
    const char* name;
    const char* from;
    const char* to;
  };
  const Case cases[] = {
      {"a later version", "\"version\":1", "\"version\":2"},
      {"another tenant's part", "tenant=t/metric", "tenant=u/metric"},
      {"a part of another day", "dt=2024-10-04/part", "dt=2024-10-05/part"},
      {"a path", "metrics/cold", "../cold"},
      {"no such day", "\"day\":\"2024-10-04\"", "\"day\":\"2024-10-44\""},
      {"a negative size", "\"bytes\":9", "\"bytes\":-9"},
      {"a checksum of 33 bits", "4000000000", "8000000000"},
      {"parts are no list", "\"parts\":[{", "\"parts\":{\"a\":[{"},
      {"not JSON", "{", "["},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string bad = text;
    bad.replace(bad.find(c.from), std::string_view(c.from).size(), c.to);
    EXPECT_FALSE(ReadManifest("x", bad));
  }
  for (std::size_t cut = 0; cut + 2 < text.size(); ++cut)
    EXPECT_FALSE(ReadManifest("x", text.substr(0, cut)));
}

TEST(ColdDdl, NamesEveryColumnOnce) {
  const auto schema = ColdSchema::Make({"region"});
  const std::string ddl =
      AthenaDdl(*schema, {.location = "s3://bucket/prefix/", .database = "games", .table = "metrics"});
  EXPECT_THAT(ddl, HasSubstr("CREATE EXTERNAL TABLE IF NOT EXISTS `games`.`metrics`"));
  EXPECT_THAT(ddl, HasSubstr("  `labels` map<string,string>,"));
  EXPECT_THAT(ddl, HasSubstr("  `region` string\n)"));
  EXPECT_THAT(ddl, HasSubstr("'projection.dt.type'='date'"));
  EXPECT_THAT(ddl,
              HasSubstr("'storage.location.template'='s3://bucket/prefix/metrics/cold/v1/tenant=${tenant}/"
                        "metric=${metric}/dt=${dt}'"));
}

}  // namespace
}  // namespace tickscope::cold
