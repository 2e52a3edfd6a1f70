#include "agent/aggregation_config.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kSeriesMax = 10'000'000;
// Longer than a query looks back: a series must not be forgotten before it has ended.
constexpr std::int64_t kExpireMsMin = 600'000;

}  // namespace

AggregationConfig ReadAggregationConfig(config::YamlMap map) {
  AggregationConfig aggregation;
  aggregation.directory = map.String("directory", "");
  if (!aggregation.directory.empty() && !aggregation.directory.starts_with('/'))
    map.Complain("directory", "expected an absolute path");
  aggregation.lateness_ms = map.DurationMs("lateness", aggregation.lateness_ms, {.min = 0, .max = kHourMs});
  aggregation.series_max = static_cast<std::size_t>(map.Int(
      "series_limit", static_cast<std::int64_t>(aggregation.series_max), {.min = 1, .max = kSeriesMax}));
  aggregation.expire_ms =
      map.DurationMs("expire_after", aggregation.expire_ms, {.min = kExpireMsMin, .max = 7 * 24 * kHourMs});
  return aggregation;
}

void WriteAggregationConfig(const AggregationConfig& aggregation, config::YamlWriter& out) {
  out.Comment(
      "Where what is added up is kept, so that neither a kill nor a restart loses or doubles anything of it; "
      "empty: "
      "in memory.");
  out.String("directory", aggregation.directory);
  out.Comment(
      "How long a window waits for its samples. No shorter than a scrape may take, for a sample has the time "
      "at which "
      "its scrape began.");
  out.DurationMs("lateness", aggregation.lateness_ms);
  out.Comment("Series that are added up at most; further ones are refused, and counted.");
  out.Int("series_limit", static_cast<std::int64_t>(aggregation.series_max));
  out.Comment("A series that is silent for so long is forgotten, and a sum with its last series.");
  out.DurationMs("expire_after", aggregation.expire_ms);
}

}  // namespace tickscope::agent
