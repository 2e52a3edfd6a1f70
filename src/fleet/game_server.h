// GameServer: the values of one simulated game server, scrape by scrape.
//
// Players arrive with the time of day of the region, matches fill, run and end, counters follow the players,
// rare errors stay rare, and every few matches the process restarts and its counters begin at zero again.
//
// Invariants   S1 all values after the n-th Advance are a function of (seed, server, cadence, start, n).
//              S2 buckets are cumulative, the last equals _count; every counter is a whole number, but for
//              CPU time and the sums of histograms.
//              S3 with Resolution::kObserved all but CPU time and sums is as with kFull.
// Threads      Not thread-safe.
// Memory       About 3 KB a server.
// Cost         About 15 ns a sample: see fleet_bench.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/clock.h"
#include "fleet/draws.h"
#include "fleet/game_catalog.h"
#include "fleet/run_plan.h"

namespace tickscope::fleet {

class GameServer {
 public:
  /// A server as found at `start_ms`: it has been up for some time, so its counters do not start at zero.
  GameServer(std::uint64_t seed, std::uint32_t server_index, std::int64_t cadence_ms, TimeMs start_ms,
             Resolution resolution = Resolution::kFull);

  /// Moves to the next scrape: the first call to `start_ms`, each further one by the cadence.
  void Advance();

  /// When the process started, of values in catalog order.
  [[nodiscard]] static double StartTimeOf(std::span<const double, kSeriesPerServer> values);
  /// The value of each observation in bucket `bucket`, with Resolution::kObserved: a whole number of 2^-20, so that their
  /// sums are exact in any order.
  [[nodiscard]] static double ObservedIn(const HistogramModel& model, std::size_t bucket);

  /// Values of the current scrape in catalog order.
  [[nodiscard]] std::span<const double, kSeriesPerServer> values() const { return values_; }

 private:
  enum class Phase : std::uint8_t { kIdle, kLobby, kPlaying, kEnding };

  void MoveMatch(double seconds);
  void EnterNextPhase();
  void Restart();
  void MoveScalars(double seconds);
  void MoveHistograms(double seconds);
  /// Mean count of a rule that counts events, over `seconds`.
  [[nodiscard]] double MeanCount(Dynamics dynamics, double amount, double seconds) const;
  [[nodiscard]] double DemandAt(TimeMs time_ms) const;

  /// A value that is not whole by its nature, as it is told.
  [[nodiscard]] double Told(double value) const;

  Draws draws_;
  Resolution resolution_;
  std::int64_t cadence_ms_;
  std::int64_t region_offset_ms_;
  TimeMs next_ms_;
  TimeMs now_ms_;
  TimeMs process_start_ms_;

  Phase phase_ = Phase::kPlaying;
  double phase_left_s_ = 0;
  double match_elapsed_s_ = 0;
  int matches_to_restart_ = 0;
  double capacity_ = 0;  ///< Players this match aims at.
  double players_ = 0;
  double load_ = 0;  ///< Players over the most there can be: 0..1.
  double joined_ = 0;
  double left_ = 0;
  double matches_started_ = 0;
  double matches_ended_ = 0;

  std::array<double, kSeriesPerServer> values_{};
};

}  // namespace tickscope::fleet
