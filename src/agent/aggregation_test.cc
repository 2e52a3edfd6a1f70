// Aggregation in a simulated site: what an agent adds up of its targets is what was counted, whatever kills and power cuts it goes through;
// each window comes once.
#include "agent/aggregation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "agent/simulated_site_test.h"
#include "schema/schema_reader.h"
#include "wire/delivery_headers.h"

namespace tickscope::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kSchema = R"(
schema: game
version: "1.0"
defaults: {owner: o}
target_labels: {region: {values: [eu]}}
metrics:
  - name: kills_total
    type: counter
    help: Kills.
    labels: {weapon: {values: [bow, axe]}}
    aggregate: {by: [weapon], functions: [sum, count], keep_raw: false}
  - name: players
    type: gauge
    help: Players.
    aggregate: {without: [instance, job], functions: [sum, min, max, avg, count]}
  - name: tick_seconds
    type: histogram
    unit: seconds
    help: Tick.
    buckets: [0.1, 1]
    aggregate: {by: []}
)";

AggregationRules RulesOf(std::string_view text) {
  return {schema::ReadSchema(text, "s.yaml").value(), Labels{{"region", "eu"}}};
}

class AggregationTest : public testing::Test {
 protected:
  AggregationTest() {
    for (std::size_t i = 0; i < kTargets; ++i)
      texts_.push_back(site_.AddTextTarget(AddressOf(i), ""));
    Write();
  }
  static std::string AddressOf(std::size_t i) { return fmt::format("t{}:9100", i); }

  std::string Yaml() const {
    std::vector<std::string> addresses;
    for (std::size_t i = 0; i < kTargets; ++i)
      addresses.push_back(AddressOf(i));
    return "global:\n  external_labels: {region: eu}\n" + SiteYaml(addresses, "", remote_);
  }
  void Start() {
    ASSERT_TRUE(site_.Apply(Yaml()));
    const Status aggregates = site_.agent->Aggregate({.directory = directory_}, RulesOf(kSchema));
    ASSERT_TRUE(aggregates) << aggregates.error().message;
  }
  // What the targets say now.
  void Write() {
    for (std::size_t i = 0; i < kTargets; ++i) {
      *texts_[i] = fmt::format(
          "# TYPE kills_total counter\nkills_total{{weapon=\"bow\"}} {}\nkills_total{{weapon=\"axe\"}} {}\n"
          "# TYPE players gauge\nplayers {}\n"
          "# TYPE tick_seconds histogram\ntick_seconds_bucket{{le=\"0.1\"}} "
          "{}\ntick_seconds_bucket{{le=\"1\"}} {}\n"
          "tick_seconds_bucket{{le=\"+Inf\"}} {}\ntick_seconds_sum {}\ntick_seconds_count {}\n",
          bows_[i], 2 * bows_[i], 10 + i, bows_[i], bows_[i], bows_[i], bows_[i], bows_[i]);
    }
  }
  void Collect() {
    for (const Arrived& one : site_.TakeArrived()) {
      auto& values = arrived_[one.series];
      EXPECT_TRUE(values.emplace(one.time_ms, one.value).second)
          << one.series << " came twice at " << one.time_ms - SimulatedSite::kStartMs;
    }
  }
  [[nodiscard]] std::string Last(const std::string& series) const {
    const auto found = arrived_.find(series);
    return found == arrived_.end() ? "none" : found->second.rbegin()->second;
  }

  static constexpr std::size_t kTargets = 3;
  static constexpr const char* kBows = "kills_total:sum{region=\"eu\", weapon=\"bow\"}";
  SimulatedSite site_;
  std::vector<std::shared_ptr<std::string>> texts_;
  std::vector<std::uint64_t> bows_ = std::vector<std::uint64_t>(kTargets, 100);
  std::string directory_ = "/state";
  std::string remote_ =
      "    spool: {directory: /spool/receiver, segment_bytes: 64KiB}\n    batch_samples_max: 7\n";
  std::map<std::string, std::map<TimeMs, std::string>> arrived_;
};

TEST_F(AggregationTest, SumsAreWhatTheTargetsCounted) {
  Start();
  site_.RunFor(minutes(1));
  for (int i = 0; i < 30; ++i) {
    for (std::size_t target = 0; target < kTargets; ++target)
      bows_[target] += target + 1;
    Write();
    site_.RunFor(seconds(10));
  }
  site_.RunFor(seconds(30));
  Collect();
  EXPECT_EQ(Last(kBows), "180.0");
  EXPECT_EQ(Last("kills_total:sum{region=\"eu\", weapon=\"axe\"}"), "360.0");
  EXPECT_EQ(Last("kills_total:count{region=\"eu\", weapon=\"axe\"}"), "3.0");
  EXPECT_EQ(Last("players:sum{region=\"eu\"}"), "33.0");
  EXPECT_EQ(Last("players:min{region=\"eu\"}"), "10.0");
  EXPECT_EQ(Last("players:max{region=\"eu\"}"), "12.0");
  EXPECT_EQ(Last("players:avg{region=\"eu\"}"), "11.0");
  EXPECT_EQ(Last("tick_seconds:merge_bucket{le=\"0.1\", region=\"eu\"}"), "180.0");
  EXPECT_EQ(Last("tick_seconds:merge_bucket{le=\"+Inf\", region=\"eu\"}"), "180.0");
  EXPECT_EQ(Last("tick_seconds:merge_count{region=\"eu\"}"), "180.0");
  EXPECT_EQ(Last("kills_total{instance=\"t0:9100\", job=\"game\", region=\"eu\", weapon=\"bow\"}"), "none")
      << "keep_raw: false";
  EXPECT_NE(Last("players{instance=\"t0:9100\", job=\"game\", region=\"eu\"}"), "none");
  for (const auto& [time_ms, value] : arrived_[kBows])
    EXPECT_EQ(time_ms % 10'000, 0);
  EXPECT_EQ(site_.metadata_types[kBows], "counter");
  EXPECT_GT(site_.starts_ms[kBows], 0);
  EXPECT_EQ(site_.agent->Describe().aggregation->series, 3U * 8U);
}

TEST_F(AggregationTest, AGroupEndsWithItsLastSeriesAndItsTotalGoesOn) {
  Start();
  site_.RunFor(minutes(1));
  for (std::size_t target = 0; target < kTargets; ++target)
    bows_[target] += 5;
  Write();
  site_.RunFor(seconds(30));
  for (const auto& text : texts_)
    text->clear();
  site_.RunFor(seconds(40));
  Collect();
  EXPECT_EQ(Last(kBows), "stale");
  EXPECT_EQ(Last("players:sum{region=\"eu\"}"), "stale");
  for (std::size_t target = 0; target < kTargets; ++target)
    bows_[target] += 2;
  Write();
  site_.RunFor(seconds(40));
  Collect();
  EXPECT_EQ(Last(kBows), "21.0");
}

// Counts up and restarts its targets, kills the agent at random moments, has the gateway go away and lose answers: in the end each window came
// once, and the total is what was counted.
class AggregationKillTest : public AggregationTest, public testing::WithParamInterface<int> {};

TEST_P(AggregationKillTest, NothingIsLostOrDoubled) {
  SeededRandom random(static_cast<std::uint64_t>(GetParam()));
  std::set<std::string> done;
  std::set<std::string> unheard;
  bool is_away = false;
  std::function<bool()> is_frozen = [] { return false; };
  site_.answer = [&](const http::Request& request) {
    // It is dead in truth, and hears nothing.
    if (is_frozen()) return http::Response{.status = 503};
    const std::string delivery(request.headers.Get(wire::kDeliveryHeader));
    http::Response taken{.status = 204};
    taken.headers.Set(wire::kSamplesWrittenHeader, "1000000");
    if (is_away) return http::Response{.status = 503};
    if (done.contains(delivery)) {
      taken.headers.Set(wire::kDuplicateHeader, "1");
      return taken;
    }
    if (unheard.erase(delivery) == 0 && random.Below(10) == 0) {
      unheard.insert(delivery);
      return http::Response{.status = 502};
    }
    done.insert(delivery);
    return taken;
  };
  Start();
  site_.RunFor(seconds(40));
  std::uint64_t counted = 0;
  int kills = 0;
  int frozen = 0;
  for (int round = 0; round < 150; ++round) {
    const std::size_t target = random.Below(kTargets);
    // Between two scrapes, so that what is counted before a restart is seen.
    const std::uint64_t more = random.Below(50);
    bows_[target] += more;
    counted += more;
    Write();
    site_.RunFor(milliseconds(10'000 + random.Below(15'000)));
    if (bows_[target] > 3 && random.Below(4) == 0) {
      bows_[target] = random.Below(3);
      counted += bows_[target];
      Write();
      site_.RunFor(seconds(10));
    }
    if (random.Below(3) == 0) is_away = !is_away;
    if (random.Below(2) == 0) {
      if (random.Below(3) == 0) {
        // In the middle of what is written for a window: from some append on nothing reaches the disk, then the kill.
        site_.fs.Inject({.operation = io::FileOperation::kAppend,
                         .nth = 1 + random.Below(12),
                         .times = io::FileFault::kForever,
                         .path_contains = "",
                         .error = {ErrorCode::kUnavailable, "killed"}});
        is_frozen = [&, dropped = site_.metrics.dropped(DropReason::kQueueFull)] {
          return !site_.agent->Describe().aggregation->is_durable ||
                 site_.metrics.dropped(DropReason::kQueueFull) != dropped;
        };
        for (int i = 0; i < 12'000 && !is_frozen(); ++i)
          site_.RunFor(milliseconds(1));
        frozen += is_frozen() ? 1 : 0;
      }
      site_.Kill();
      site_.fs.ClearFaults();
      is_frozen = [] { return false; };
      ++kills;
      Start();
    }
  }
  is_away = false;
  site_.RunFor(minutes(3));
  Collect();
  EXPECT_EQ(Last(kBows), fmt::format("{}.0", counted));
  EXPECT_EQ(Last("kills_total:sum{region=\"eu\", weapon=\"axe\"}"), fmt::format("{}.0", 2 * counted));
  EXPECT_EQ(Last("tick_seconds:merge_count{region=\"eu\"}"), fmt::format("{}.0", counted));
  EXPECT_GT(kills, 40);
  EXPECT_GT(frozen, 10);
  // No window is missing.
  TimeMs next_ms = arrived_[kBows].begin()->first;
  for (const auto& [time_ms, value] : arrived_[kBows]) {
    EXPECT_EQ(time_ms, next_ms);
    next_ms = time_ms + 10'000;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AggregationKillTest, testing::Range(1, 9));

}  // namespace
}  // namespace tickscope::agent
