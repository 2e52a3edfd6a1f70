// GameServer: what makes the fleet believable and verifiable: the same seed gives the same bits, counters
// fall only at a restart, buckets are cumulative, and the catalog is what DESIGN promises of a game server.
#include "fleet/game_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "fleet/server_identity.h"

namespace tickscope::fleet {
namespace {

constexpr std::int64_t kCadenceMs = 10'000;
constexpr TimeMs kStartMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

std::size_t IndexOf(std::string_view name, std::string_view label_value = "") {
  const auto& series = TheGameCatalog().series;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].name == name && (label_value.empty() || series[i].label_value == label_value)) return i;
  }
  ADD_FAILURE() << "no series " << name;
  return 0;
}

bool IsCounter(const CatalogSeries& series) {
  return series.family->type == wire::MetricType::kCounter ||
         series.family->type == wire::MetricType::kHistogram;
}

TEST(GameCatalog, SeriesAreUniqueAndLabelsBounded) {
  const ServerIdentity server = MakeServerIdentity(3);
  std::set<std::string> seen;
  const std::set<std::string_view> allowed = {"",       "platform", "isp_class", "player_bucket",
                                              "reason", "cause",    "le"};
  for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
    const Labels labels = SeriesLabels(server, i);
    EXPECT_TRUE(seen.insert(labels.ToString()).second) << labels.ToString();
    EXPECT_TRUE(IsClassicMetricName(labels.metric_name()));
    EXPECT_TRUE(allowed.contains(TheGameCatalog().series[i].label));
    EXPECT_EQ(labels.Get("server"), "na-a-00003");
  }
}

TEST(GameCatalog, HasTheMixOfAGameServer) {
  std::size_t constants = 0;
  std::size_t counters = 0;
  std::size_t buckets = 0;
  for (const CatalogSeries& series : TheGameCatalog().series) {
    constants += series.dynamics == Dynamics::kConstant || series.dynamics == Dynamics::kStartTime ? 1 : 0;
    counters += series.family->type == wire::MetricType::kCounter ? 1 : 0;
    buckets += series.label == "le" ? 1 : 0;
  }
  EXPECT_EQ(constants, 26);
  EXPECT_EQ(counters, 104);
  EXPECT_EQ(buckets, kHistogramsPerServer * kBucketsPerHistogram);
}

TEST(ServerIdentity, EveryServerHasItsOwnName) {
  std::set<std::string> names;
  std::set<std::string> regions;
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    const ServerIdentity server = MakeServerIdentity(i);
    EXPECT_TRUE(names.insert(server.server).second);
    regions.insert(server.region);
    EXPECT_TRUE(server.zone.starts_with(server.region + "-"));
  }
  EXPECT_EQ(regions, (std::set<std::string>{"apac", "eu", "na"}));
}

TEST(GameServer, IsAFunctionOfItsSeed) {
  GameServer a(11, 4, kCadenceMs, kStartMs);
  GameServer b(11, 4, kCadenceMs, kStartMs);
  GameServer other_seed(12, 4, kCadenceMs, kStartMs);
  GameServer other_server(11, 5, kCadenceMs, kStartMs);
  for (int tick = 0; tick < 500; ++tick) {
    a.Advance();
    b.Advance();
    other_seed.Advance();
    other_server.Advance();
    ASSERT_TRUE(std::ranges::equal(a.values(), b.values())) << "tick " << tick;
  }
  EXPECT_FALSE(std::ranges::equal(a.values(), other_seed.values()));
  EXPECT_FALSE(std::ranges::equal(a.values(), other_server.values()));
}

// Written out: a change here makes every ledger written before unverifiable, and must be meant.
TEST(GameServer, ValuesAreStable) {
  GameServer server(1, 0, kCadenceMs, kStartMs);
  for (int tick = 0; tick < 100; ++tick)
    server.Advance();
  EXPECT_EQ(server.values()[IndexOf("game_ticks_total")], 140400);
  EXPECT_EQ(server.values()[IndexOf("game_actions_total", "pc")], 339346);
  EXPECT_EQ(server.values()[IndexOf("game_rtt_smoothed_seconds", "cable")], 0.05132730772595126);
  EXPECT_EQ(server.values()[IndexOf("game_tick_duration_seconds_count")], 140488);
}

// Declared resolution rounds what is told and changes nothing else.
TEST(GameServer, DeclaredResolutionTellsMicroseconds) {
  GameServer full(1, 0, kCadenceMs, kStartMs);
  GameServer declared(1, 0, kCadenceMs, kStartMs, Resolution::kDeclared);
  for (int tick = 0; tick < 100; ++tick) {
    full.Advance();
    declared.Advance();
  }
  EXPECT_EQ(declared.values()[IndexOf("game_rtt_smoothed_seconds", "cable")], 0.051327);
  EXPECT_EQ(declared.values()[IndexOf("game_actions_total", "pc")], 339346);
  for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
    const double value = declared.values()[i];
    const bool is_constant = TheGameCatalog().series[i].dynamics == Dynamics::kConstant;
    EXPECT_TRUE(is_constant || std::nearbyint(value * 1e6) / 1e6 == value) << i;
    EXPECT_NEAR(value, full.values()[i], 1e-4) << i;
  }
}

TEST(GameServer, CountersFallOnlyAtRestarts) {
  const auto& series = TheGameCatalog().series;
  const std::size_t start_time = IndexOf("process_start_time_seconds");
  int restarts = 0;
  GameServer server(5, 0, kCadenceMs, kStartMs);
  std::vector<double> before(kSeriesPerServer, 0);
  for (int tick = 0; tick < 8'640; ++tick) {
    server.Advance();
    const auto values = server.values();
    const bool restarted = tick > 0 && values[start_time] != before[start_time];
    restarts += restarted ? 1 : 0;
    for (std::size_t i = 0; i < kSeriesPerServer; ++i) {
      ASSERT_TRUE(std::isfinite(values[i])) << series[i].name;
      ASSERT_GE(values[i], 0) << series[i].name;
      if (IsCounter(series[i]) && !restarted) {
        ASSERT_GE(values[i], before[i]) << series[i].name << " tick " << tick;
      }
    }
    if (restarted) {
      EXPECT_LT(values[IndexOf("game_ticks_total")], before[IndexOf("game_ticks_total")]);
    }
    before.assign(values.begin(), values.end());
  }
  EXPECT_GE(restarts, 2);  // In a day.
  EXPECT_LE(restarts, 12);
}

TEST(GameServer, BucketsAreCumulative) {
  GameServer server(9, 7, kCadenceMs, kStartMs);
  for (int tick = 0; tick < 300; ++tick) {
    server.Advance();
    for (const HistogramModel& histogram : TheGameCatalog().histograms) {
      const auto parts = server.values().subspan(histogram.first_series, kBucketsPerHistogram + 2);
      for (std::size_t b = 1; b < kBucketsPerHistogram; ++b)
        ASSERT_GE(parts[b], parts[b - 1]);
      ASSERT_EQ(parts[kBucketsPerHistogram - 1], parts[kBucketsPerHistogram + 1]);
    }
  }
}

TEST(GameServer, LoadFollowsTheDayAndMatchesComeAndGo) {
  // Server 0 stands in NA: local hour = UTC - 6.
  double quiet = 0;
  double busy = 0;
  std::set<double> phases;
  for (std::uint32_t index = 0; index < 40; index += 20) {
    GameServer server(3, index, kCadenceMs, kStartMs);
    for (int tick = 0; tick < 8'640; ++tick) {
      server.Advance();
      double players = 0;
      for (const char* platform : {"pc", "playstation", "switch", "xbox"}) {
        players += server.values()[IndexOf("game_players", platform)];
      }
      const int utc_hour = tick / 360;
      if (utc_hour >= 13 && utc_hour < 16) quiet += players;
      if (utc_hour >= 1 && utc_hour < 4) busy += players;
      phases.insert(server.values()[IndexOf("game_match_phase")]);
    }
  }
  EXPECT_GT(busy, 2 * quiet);
  EXPECT_EQ(phases, (std::set<double>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace tickscope::fleet
