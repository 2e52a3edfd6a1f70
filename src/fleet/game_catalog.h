// Game catalog: the 300 series every simulated game server exports, and how each one moves.
//
// 26 constants, 38 gauges, 104 counters and 6 classic histograms of 20 buckets (with _sum and _count: 132
// series), in a fixed order. Labels are bounded: a series has the six labels of its server
// (fleet/server_identity.h) and at most one of platform, isp_class, player_bucket, reason, cause, le.
//
// Threads   Immutable after the first call; any number of readers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/metric_type.h"

namespace tickscope::fleet {

inline constexpr std::size_t kSeriesPerServer = 300;
inline constexpr std::size_t kScalarSeriesPerServer = 168;  ///< They come before the histograms.
inline constexpr std::size_t kHistogramsPerServer = 6;
inline constexpr std::size_t kBucketsPerHistogram = 20;  ///< le="+Inf" included.

/// What makes a series' value change. `amount` is the series' own number in each rule.
enum class Dynamics : std::uint8_t {
  kConstant,         ///< Always `amount`.
  kStartTime,        ///< When the process started, seconds since the epoch.
  kPlayers,          ///< Players connected, times `amount` (a share).
  kMatchInBucket,    ///< 1 while the match has the player bucket numbered `amount`.
  kMatchElapsed,     ///< Seconds since the match began, 0 between matches.
  kMatchPhase,       ///< 0 idle, 1 lobby, 2 playing, 3 ending.
  kSmoothed,         ///< A moving average around `amount`, higher under load; all 53 bits vary.
  kRatio,            ///< Around `amount` with four decimals, higher under load.
  kPercent,          ///< `amount` at full load, two decimals.
  kLevel,            ///< A whole number that wanders around `amount` times load.
  kSteadyCounter,    ///< Grows by exactly `amount` a second.
  kCounter,          ///< Poisson, `amount` a second.
  kPlayerCounter,    ///< Poisson, `amount` a player and second.
  kJoinCounter,      ///< Poisson, `amount` a player who joins.
  kLeaveCounter,     ///< Poisson, `amount` a player who leaves.
  kOverloadCounter,  ///< Poisson, `amount` a second at full load, falling with its fourth power.
  kVolumeCounter,    ///< About `amount` a player and second, +-5 %.
  kCpuCounter,       ///< `amount` cores at full load, in hundredths of a second.
  kMatchesStarted,
  kMatchesEnded,
  kHistogramPart,  ///< Moved with its histogram.
};

/// Whether a series with this rule begins at zero with each restart and only grows.
[[nodiscard]] constexpr bool IsMonotonic(Dynamics dynamics) {
  return dynamics >= Dynamics::kSteadyCounter && dynamics <= Dynamics::kHistogramPart;
}

/// A metric family, for metadata.
struct MetricFamily {
  std::string_view name;
  std::string_view help;
  std::string_view unit;
  wire::MetricType type = wire::MetricType::kUnknown;
};

struct CatalogSeries {
  std::string name;             ///< __name__, with _bucket, _sum or _count.
  std::string_view label = {};  ///< The label it has besides its server's; empty for none.
  std::string_view label_value = {};
  const MetricFamily* family = nullptr;
  Dynamics dynamics = Dynamics::kConstant;
  double amount = 0;
};

/// A histogram's observations follow a log-logistic distribution whose median grows with load.
struct HistogramModel {
  std::size_t first_series = 0;  ///< Its 20 buckets, then _sum, then _count.
  Dynamics dynamics = Dynamics::kCounter;
  double amount = 0;
  double median = 0;
  double load_effect = 0;  ///< At full load the median is (1 + load_effect) times as large.
  std::array<double, kBucketsPerHistogram> upper_bounds{};  ///< The last is the assumed largest value.
};

struct GameCatalog {
  std::vector<CatalogSeries> series;  ///< kSeriesPerServer of them.
  std::vector<HistogramModel> histograms;
};

/// The one catalog. Lives as long as the process.
[[nodiscard]] const GameCatalog& TheGameCatalog();

}  // namespace tickscope::fleet
