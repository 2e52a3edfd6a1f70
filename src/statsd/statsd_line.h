// StatsdLine: one line of StatsD, as DogStatsD extends it.
//
//   name:value|type
//   name:value:value|type|@rate|#tag:value,tag|c:container
//
//   c  counter         g  gauge (a sign: by how much it moves)     s  set
//   ms timer           h  histogram                                d  distribution
//
// Events (_e{), service checks (_sc) and samples of another time (|T) are no metrics that can be added up here: unsupported.
//
// Source    github.com/statsd/statsd docs/metric_types.md; the DogStatsD datagram format, protocol 1.3.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace tickscope::statsd {

enum class StatsdType : std::uint8_t { kCounter, kGauge, kTimer, kHistogram, kDistribution, kSet };

/// Views into the line.
struct StatsdLine {
  std::string_view name;
  std::string_view values;  ///< One or more; see TakeValue. Of a set it is one.
  StatsdType type = StatsdType::kCounter;
  double rate = 1;        ///< Of the calls, this part was sent: above kRateMin, at most 1.
  std::string_view tags;  ///< "a:b,c"; empty for none.
};

enum class LineFault : std::uint8_t { kMalformed, kUnsupported };

/// Less would make one call a million.
inline constexpr double kRateMin = 1e-6;

[[nodiscard]] std::expected<StatsdLine, LineFault> ParseStatsdLine(std::string_view line);

/// Of a value, either side of zero: sums of such stay finite.
inline constexpr double kNumberMax = 1e100;

struct StatsdValue {
  double number = 0;
  bool is_signed = false;  ///< Written with + or -.
};

/// Takes the next value off; nullopt when it is no number within kNumberMax. `values` is empty behind the last.
[[nodiscard]] std::optional<StatsdValue> TakeValue(std::string_view& values);

}  // namespace tickscope::statsd
