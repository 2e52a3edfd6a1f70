// RunPlan: what a fleet run sends, when, and in which requests; everything `fleet verify` must know to
// recompute it.
//
// Servers are cut into groups of servers_per_request, one host's worth, whose agent scrapes them together;
// the groups' scrapes are spread evenly over the cadence. A request carries one group and points_per_request
// ticks of it.
//
//   group 0   |t0              |t1              |
//   group 1   |   t0           |   t1           |      tick n of group g:
//   group 2   |       t0       |       t1       |      start + n * cadence + g * (cadence - 1) / groups
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace tickscope::fleet {

inline constexpr std::uint32_t kServersMax = 100'000;
inline constexpr std::uint32_t kSdkServersMax = 128;
inline constexpr std::uint32_t kServersPerRequestMax = 100;
inline constexpr std::uint32_t kPointsPerRequestMax = 1'000;
inline constexpr std::int64_t kCadenceMsMin = 100;
inline constexpr std::int64_t kCadenceMsMax = 3'600'000;

/// How finely gauges and sums of seconds are told.
enum class Resolution : std::uint8_t {
  kFull,      ///< All 53 bits of a double vary, as where averages are kept in floating point.
  kDeclared,  ///< Microseconds, as of a schema that declares its resolutions and a sender that rounds to them.
  kObserved,  ///< Sums of observations one by one, as the SDK keeps them: fleet/sdk_servers.h.
};

struct RunPlan {
  std::uint64_t seed = 1;
  std::uint32_t servers = 50;
  std::uint32_t servers_per_request = 10;
  std::uint32_t points_per_request = 1;
  std::int64_t cadence_ms = 10'000;
  TimeMs start_ms = 0;
  Resolution resolution = Resolution::kFull;  ///< Of servers that do not run the SDK.
  std::uint32_t sdk_servers = 0;              ///< So many of them, from the first on, do.

  [[nodiscard]] std::uint32_t group_count() const {
    return (servers + servers_per_request - 1) / servers_per_request;
  }
  [[nodiscard]] Resolution ResolutionOf(std::uint32_t server) const {
    return server < sdk_servers ? Resolution::kObserved : resolution;
  }
  /// Number of the group's first server.
  [[nodiscard]] std::uint32_t FirstServer(std::uint32_t group) const { return group * servers_per_request; }
  /// Servers in the group: servers_per_request, fewer in the last.
  [[nodiscard]] std::uint32_t ServerCount(std::uint32_t group) const;
  [[nodiscard]] TimeMs SampleTime(std::uint32_t group, std::uint64_t tick) const;

  friend bool operator==(const RunPlan&, const RunPlan&) = default;
};

/// Errors: kOutOfRange naming the field, what it got and its limits.
[[nodiscard]] Status CheckPlan(const RunPlan& plan);

/// "seed=1 servers=50 ...", as the ledger keeps it; with " resolution=declared" and " sdk_servers=N" at its end
/// when there are.
[[nodiscard]] std::string FormatPlan(const RunPlan& plan);
/// The reverse, checked with CheckPlan. Errors: kCorruption naming the field.
[[nodiscard]] Result<RunPlan> ParsePlan(std::string_view text);

}  // namespace tickscope::fleet
