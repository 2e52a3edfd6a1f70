// StatsdMetrics: what the agent says about the StatsD it takes.
#pragma once

#include <array>
#include <cstdint>

#include "base/metrics.h"

namespace tickscope::statsd {

/// Why a line, or a value of it, is not counted.
enum class StatsdRefusal : std::uint8_t {
  kMalformed,  ///< No line of StatsD, a value that is no number, a counter that falls, a name or tag that cannot be one.
  kUnsupported,   ///< An event, a service check, a sample of another time.
  kTypeConflict,  ///< The name is another type's already.
  kSeriesLimit,
  kSetLimit,  ///< A further value of a set.
};
inline constexpr std::size_t kStatsdRefusals = 5;

class StatsdMetrics {
 public:
  explicit StatsdMetrics(MetricRegistry& registry);

  [[nodiscard]] Counter& refused(StatsdRefusal reason) { return *refused_[static_cast<std::size_t>(reason)]; }
  Counter* datagrams;
  Counter* samples;
  Counter* lost_datagrams;
  Counter* expired;
  Gauge* series;

 private:
  std::array<Counter*, kStatsdRefusals> refused_{};
};

}  // namespace tickscope::statsd
