// ColdLayout: names of the cold tier's objects, and days.
//
//   metrics/cold/v1/tenant=T/metric=M/dt=2026-03-01/part-8f2b….parquet        rows
//   metrics/cold/v1/_manifests/tenant=T/dt=2026-03-01/rev-00000002-91c0….json  which parts count
//
// M is a metric's name, percent-encoded but for letters, digits, '_', '.' and '-', as Hive and Spark do and their readers
// undo. Engines pass over names that begin with '_'.
//
// A day is the windows that begin in it: those that end in (00:00, 24:00], in UTC. So the row stamped with midnight
// belongs to the day before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "model/tenant.h"
#include "plugin/cold_table.h"

namespace tickscope::cold {

inline constexpr std::string_view kColdRoot = "metrics/cold/v1/";
inline constexpr std::int64_t kWindowMs = 300'000;
inline constexpr std::int64_t kDayMs = 86'400'000;
/// Longest encoded metric name: a segment of an object's name is a file's name in a directory.
inline constexpr std::size_t kMetricSegmentBytesMax = 200;

/// Days since the epoch, in UTC.
enum class Day : std::int32_t {};

[[nodiscard]] constexpr TimeMs StartOf(Day day) {
  return static_cast<std::int64_t>(day) * kDayMs;
}
[[nodiscard]] constexpr Day NextDay(Day day) {
  return static_cast<Day>(static_cast<std::int32_t>(day) + 1);
}
/// The day whose windows hold a sample of that time.
[[nodiscard]] Day DayOf(TimeMs time_ms);
/// "2026-03-01".
[[nodiscard]] std::string DayText(Day day);
/// Errors: kInvalidArgument unless it is a date of the calendar, YYYY-MM-DD, from 1970 to 2199.
[[nodiscard]] Result<Day> ParseDay(std::string_view text);

[[nodiscard]] std::string EncodePartition(std::string_view value);
[[nodiscard]] std::string DecodePartition(std::string_view value);

/// "metrics/cold/v1/tenant=T/", below which a tenant's parts are.
[[nodiscard]] std::string TenantPrefix(const TenantId& tenant);
/// Errors: kOutOfRange when the metric's name is longer than a partition's may be.
[[nodiscard]] Result<std::string> PartName(const TenantId& tenant, std::string_view metric, Day day,
                                           std::uint64_t content_hash, plugin::TableFormat format);
struct PartPlace {
  TenantId tenant;
  std::string metric;
  Day day{};
};
/// What PartName was made of; nothing for another name.
[[nodiscard]] std::optional<PartPlace> ParsePartName(std::string_view name);
[[nodiscard]] plugin::TableFormat FormatOf(std::string_view part_name);

/// "metrics/cold/v1/_manifests/tenant=T/"; all tenants' for an empty one.
[[nodiscard]] std::string ManifestPrefix(const TenantId& tenant);
[[nodiscard]] std::string ManifestName(const TenantId& tenant, Day day, std::uint32_t revision,
                                       std::uint64_t content_hash);
struct ManifestPlace {
  TenantId tenant;
  Day day{};
  std::uint32_t revision = 0;
  std::uint64_t content_hash = 0;
};
[[nodiscard]] std::optional<ManifestPlace> ParseManifestName(std::string_view name);

}  // namespace tickscope::cold
