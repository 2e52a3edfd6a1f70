// The ready instruments: what each call changes, and that ratios from counters and from buckets are one.
#include "tickscope/game.hpp"

#include <cmath>
#include <cstring>

#include "alone.h"

namespace tickscope::sdk {
namespace {

using testing::Refused;
using testing::RunAlone;
using testing::Value;

TEST(Game, TicksOverBudgetAreThoseAboveTheBound) {
  for (const double budget : {0.0, 1.0 / 60, 1.0 / 30, 0.004, 0.2, 0.0005})
    RunAlone([budget] {
      ASSERT_EQ(Start({}), TS_OK);
      const Game game(budget);
      ASSERT_EQ(game.result(), TS_OK) << LastError();
      const double limit = game.raw().tick_budget_seconds;
      EXPECT_EQ(limit, budget == 0 ? 0.0167 : budget);
      for (const double seconds : {limit / 2, limit, std::nextafter(limit, 1), limit * 2, limit * 3})
        game.Tick(seconds);
      EXPECT_EQ(Value("game_ticks_total"), "5");
      EXPECT_EQ(Value("game_ticks_over_budget_total"), "3");
      char bound[64];
      std::snprintf(bound, sizeof bound, "game_tick_duration_seconds_bucket{le=\"%.*g\"}",
                    budget == 1.0 / 60 || budget == 1.0 / 30 ? 17 : 6, limit);
      std::string name = bound;
      if (Value(name) == "none")
        name = "game_tick_duration_seconds_bucket{le=\"" + Value("game_tick_budget_seconds") + "\"}";
      EXPECT_EQ(Value(name), "2") << name;
    });
}

TEST(Game, ASessionFromTicketToEnd) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const Game game;
    ASSERT_EQ(game.result(), TS_OK) << LastError();
    game.State(TS_SERVER_READY);
    game.State(TS_SERVER_ALLOCATED);
    game.Matched(TS_PLATFORM_PC, 12);
    game.MatchAbandoned(TS_ABANDON_TIMEOUT);
    game.JoinBegan(TS_PLATFORM_PC);
    game.JoinBegan(TS_PLATFORM_XBOX);
    game.Joined(TS_PLATFORM_PC, 3);
    game.Joined(TS_PLATFORM_PC, 4);
    game.JoinFailed(TS_JOIN_FULL);
    game.ActionAcknowledged(0.045);
    game.Rtt(TS_ISP_FIBER, 0.02);
    game.Packets(TS_ISP_FIBER, 100, 2);
    game.Played(90);
    game.Impaired(TS_IMPAIRED_RTT, 30);
    game.Left(TS_PLATFORM_PC, TS_LEFT_CRASH);
    const std::pair<const char*, const char*> expected[] = {
        {"game_server_state{state=\"ready\"}", "0"},
        {"game_server_state{state=\"allocated\"}", "1"},
        {"game_matchmaking_tickets_total{platform=\"pc\"}", "1"},
        {"game_matchmaking_wait_seconds_sum", "12"},
        {"game_matchmaking_abandons_total{reason=\"timeout\"}", "1"},
        {"game_join_attempts_total{platform=\"xbox\"}", "1"},
        {"game_joins_total{platform=\"pc\"}", "2"},
        {"game_join_failures_total{reason=\"full\"}", "1"},
        {"game_join_duration_seconds_sum", "7"},
        {"game_action_ack_seconds_bucket{le=\"0.05\"}", "1"},
        {"game_rtt_seconds_count", "1"},
        {"game_isp_rtt_seconds_count{isp_class=\"fiber\"}", "1"},
        {"game_packets_lost_total{isp_class=\"fiber\"}", "2"},
        {"game_player_seconds_total", "90"},
        {"game_impaired_player_seconds_total{cause=\"rtt\"}", "30"},
        {"game_players{platform=\"pc\"}", "1"},
        {"game_disconnects_total{reason=\"crash\"}", "1"},
        {"game_sessions_ended_total{platform=\"pc\"}", "1"},
        {"game_client_crashes_total{platform=\"pc\"}", "1"},
    };
    for (const auto& [series, value] : expected)
      EXPECT_EQ(Value(series), value) << series;
  });
}

// What a binding may pass where an enum is wanted.
template <typename Enum>
Enum FromBinding(std::uint32_t number) {
  static_assert(sizeof(Enum) == sizeof number);
  Enum value;
  std::memcpy(&value, &number, sizeof number);
  return value;
}

TEST(Game, NumbersThatAreNoneAreRefused) {
  RunAlone([] {
    const Game early;
    EXPECT_EQ(early.result(), TS_NOT_STARTED);
    early.Tick(1);
    early.Joined(TS_PLATFORM_PC, 1);
    ASSERT_EQ(Start({}), TS_OK);
    const Game game;
    const auto platform = FromBinding<ts_platform>(99);
    game.JoinBegan(platform);
    game.Joined(platform, 1);
    game.Left(TS_PLATFORM_PC, FromBinding<ts_disconnect>(0xFFFFFFFF));
    game.Rtt(FromBinding<ts_isp>(5), 1);
    game.State(FromBinding<ts_server_state>(3));
    EXPECT_EQ(Refused("undeclared_value"), "5");
    EXPECT_EQ(ts_game_open(-1), nullptr);
    EXPECT_NE(ts_game_open(0), nullptr);
    EXPECT_EQ(ts_game_open(0), ts_game_open(0));
    ts_game_tick(nullptr, 1);
  });
}

}  // namespace
}  // namespace tickscope::sdk
