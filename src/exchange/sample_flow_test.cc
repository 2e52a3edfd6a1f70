// Protects the small parts samples flow through: windows, order, the fleet as a source, OpenMetrics text in and out.
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <memory>

#include "exchange/export_run.h"
#include "exchange/fleet_source.h"
#include "exchange/openmetrics_source.h"
#include "exchange/sample_order.h"
#include "exchange/text_sinks.h"
#include "fleet/server_identity.h"
#include "io/memory_file_system.h"
#include "model/sample.h"

namespace tickscope::exchange {
namespace {

SampleColumns Columns(std::vector<std::pair<TimeMs, double>> pairs) {
  SampleColumns samples;
  for (const auto& [time_ms, value] : pairs) {
    samples.times_ms.push_back(time_ms);
    samples.values.push_back(value);
  }
  return samples;
}

TEST(Windows, CoverTheRangeAtMultiples) {
  const struct {
    const char* name;
    TimeWindow range;
    std::int64_t window_ms;
    std::vector<TimeWindow> want;
  } rows[] = {
      {"any length", {5, 99}, 0, {{5, 99}}},
      {"one", {5, 9}, 10, {{5, 9}}},
      {"several", {5, 25}, 10, {{5, 9}, {10, 19}, {20, 25}}},
      {"ends at a multiple", {0, 9}, 10, {{0, 9}}},
      {"before 1970", {-15, 3}, 10, {{-15, -11}, {-10, -1}, {0, 3}}},
      {"none", {5, 4}, 10, {}},
  };
  for (const auto& row : rows)
    EXPECT_EQ(CutIntoWindows(row.range, row.window_ms), row.want) << row.name;
}

TEST(SampleOrder, FirstWinsAndRangesAreInclusive) {
  SampleColumns samples = Columns({{30, 1}, {10, 2}, {30, 3}, {20, 4}, {10, 5}});
  SortFirstWins(samples);
  EXPECT_EQ(samples.times_ms, (std::vector<TimeMs>{10, 20, 30}));
  EXPECT_EQ(samples.values, (std::vector<double>{2, 4, 1}));
  CutOut({{15, 20}}, samples);
  EXPECT_EQ(samples.times_ms, (std::vector<TimeMs>{10, 30}));
  ClipTo({11, 30}, samples);
  EXPECT_EQ(samples.times_ms, (std::vector<TimeMs>{30}));
}

TEST(FleetSource, SendsWhatAServerSays) {
  fleet::RunPlan plan;
  plan.servers = 3;
  plan.servers_per_request = 2;
  plan.cadence_ms = 10'000;
  plan.start_ms = 1'700'000'000'000;
  constexpr std::uint64_t kTicks = FleetSource::kTicksAtOnce + 7;
  FleetSource source(plan, kTicks);
  std::map<Labels, SampleColumns> all;
  Labels labels;
  SampleColumns samples;
  while (source.Next(labels, samples).value())
    AppendSamples(samples, 0, samples.size(), all[labels]);
  EXPECT_EQ(all.size(), 3 * fleet::kSeriesPerServer);
  fleet::GameServer server(plan.seed, 2, plan.cadence_ms, plan.start_ms);
  const SampleColumns& got = all[fleet::SeriesLabels(fleet::MakeServerIdentity(2), 40)];
  ASSERT_EQ(got.size(), kTicks);
  for (std::uint64_t tick = 0; tick < kTicks; ++tick) {
    server.Advance();
    ASSERT_EQ(got.times_ms[tick], plan.SampleTime(1, tick));
    ASSERT_EQ(got.values[tick], server.values()[40]) << tick;
  }
}

TEST(OpenMetrics, ComesBackAsItWent) {
  const Labels odd = Labels::FromPairs({{"__name__", "odd.name"}, {"a.b", "x\"\\\n"}, {"c", "d"}});
  const Labels plain = Labels::FromPairs({{"__name__", "plain"}});
  // Times whose seconds are no exact double, and values of full precision.
  const SampleColumns samples = Columns({{1'700'000'000'123, 0.1},
                                         {1'700'000'000'999, -0.0},
                                         {1'700'000'001'001, 1e300},
                                         {-1'001, 123456789.12345678}});
  std::string text;
  const auto sink = MakeOpenMetricsSink([&text](std::string_view piece) -> Status {
    text += piece;
    return {};
  });
  ASSERT_TRUE(sink->Add(odd, samples).has_value());
  ASSERT_TRUE(sink->Add(plain, samples).has_value());
  ASSERT_TRUE(sink->Finish().has_value());
  io::MemoryFileSystem fs;
  ASSERT_TRUE(io::WriteFileAtomically(fs, "/in.om", text).has_value());
  const auto source = OpenMetricsSource::Open(fs, "/in.om", "in.om", BadLines::kRefuse).value();
  Labels labels;
  SampleColumns got;
  for (const Labels& want : {odd, plain}) {
    const auto more = source->Next(labels, got);
    ASSERT_TRUE(more.has_value()) << more.error().message << "\n" << text;
    ASSERT_TRUE(*more);
    EXPECT_EQ(labels, want);
    ASSERT_EQ(got.times_ms, samples.times_ms);
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(std::bit_cast<std::uint64_t>(got.values[i]), std::bit_cast<std::uint64_t>(samples.values[i]));
  }
  EXPECT_FALSE(source->Next(labels, got).value());
}

}  // namespace
}  // namespace tickscope::exchange
