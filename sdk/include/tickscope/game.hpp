// The ready instruments of game.h, for C++. Every call does what the C function of that name says there.
#pragma once

#include "tickscope/game.h"
#include "tickscope/tickscope.hpp"

namespace tickscope::sdk {

class Game {
 public:
  // After Start. `tick_budget_seconds` 0: 0.0167. When result() is not TS_OK, the calls do nothing.
  explicit Game(double tick_budget_seconds = 0) noexcept
      : result_(ts_game_register(tick_budget_seconds, &raw_)) {}

  [[nodiscard]] ts_result result() const noexcept { return result_; }
  [[nodiscard]] const ts_game& raw() const noexcept { return raw_; }

  void Tick(double seconds) const noexcept { ts_game_tick(&raw_, seconds); }
  void ActionAcknowledged(double seconds) const noexcept { ts_observe_inline(raw_.action_ack, seconds); }
  void JoinBegan(ts_platform platform) const noexcept { ts_game_join_began(&raw_, platform); }
  void Joined(ts_platform platform, double seconds) const noexcept {
    ts_game_joined(&raw_, platform, seconds);
  }
  void JoinFailed(ts_join_failure reason) const noexcept { ts_game_join_failed(&raw_, reason); }
  void Left(ts_platform platform, ts_disconnect reason) const noexcept {
    ts_game_left(&raw_, platform, reason);
  }
  void Matched(ts_platform platform, double waited_seconds) const noexcept {
    ts_game_matched(&raw_, platform, waited_seconds);
  }
  void MatchAbandoned(ts_abandon reason) const noexcept { ts_game_match_abandoned(&raw_, reason); }
  void Rtt(ts_isp isp, double seconds) const noexcept { ts_game_rtt(&raw_, isp, seconds); }
  void Packets(ts_isp isp, std::uint64_t sent, std::uint64_t lost) const noexcept {
    ts_game_packets(&raw_, isp, sent, lost);
  }
  void Played(double player_seconds) const noexcept { ts_game_played(&raw_, player_seconds); }
  void Impaired(ts_impairment cause, double player_seconds) const noexcept {
    ts_game_impaired(&raw_, cause, player_seconds);
  }
  void State(ts_server_state state) const noexcept { ts_game_state(&raw_, state); }

 private:
  ts_game raw_{};
  ts_result result_;
};

// Measures a tick: from here to the end of the scope.
class TickTimer {
 public:
  explicit TickTimer(const Game& game) noexcept : game_(game), start_ns_(ts_now_ns()) {}
  ~TickTimer() { game_.Tick(static_cast<double>(ts_now_ns() - start_ns_) * 1e-9); }
  TickTimer(const TickTimer&) = delete;
  TickTimer& operator=(const TickTimer&) = delete;

 private:
  const Game& game_;
  std::uint64_t start_ns_;
};

}  // namespace tickscope::sdk
