// Aggregation: what of a metric is added up where it is measured, before it goes out (docs/schema.md, Aggregation).
//
//   aggregate: {without: [server], every: 10s, functions: [sum, max], keep_raw: false}
//
// Each function makes one metric, `game_players:sum`, whose series have fewer labels. A reader of these names, be it guard, lint
// or dashboard, learns them from AggregateMetrics.
//
// Threads   Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_reader.h"

namespace tickscope::schema {

struct Metric;
struct Schema;

enum class AggregateFunction : std::uint8_t {
  kSum,    ///< Of a counter: what all counted together, a counter. Of a gauge: the sum of the newest values.
  kMin,    ///< The least value of the window.
  kMax,    ///< The greatest value of the window.
  kAvg,    ///< The mean of the newest values.
  kCount,  ///< How many series there are.
  kMerge,  ///< Of a histogram: one of all.
};
/// "sum", "min", "max", "avg", "count", "merge", in the enum's order.
inline constexpr std::array<std::string_view, 6> kAggregateFunctionNames = {"sum", "min",   "max",
                                                                            "avg", "count", "merge"};
[[nodiscard]] std::string_view AggregateFunctionName(AggregateFunction function);

struct Aggregation {
  enum class Grouping : std::uint8_t {
    kBy,       ///< `labels` stay.
    kWithout,  ///< `labels` go.
  };
  Grouping grouping = Grouping::kWithout;
  std::vector<std::string> labels;  ///< In name order.
  std::int64_t every_ms = 10'000;   ///< A window's length; windows end at multiples of it since the epoch.
  std::vector<AggregateFunction> functions;  ///< In the enum's order, each once.
  bool keep_raw = true;                      ///< Whether the metric's own series go out as well.

  /// Whether series of the aggregate have the label.
  [[nodiscard]] bool Keeps(std::string_view label) const;

  friend bool operator==(const Aggregation&, const Aggregation&) = default;
};

/// Reads `aggregate` of a metric whose kind is known; mistakes are noted in the map.
[[nodiscard]] Aggregation ReadAggregation(config::YamlMap map, const Metric& metric);

/// "game_players:sum"
[[nodiscard]] std::string AggregateName(std::string_view metric, AggregateFunction function);

/// The metrics that the metric's aggregation makes, as if the schema listed them: type, help and owner, and all labels that series of
/// it may have as optional ones of their own. Empty without an aggregation.
[[nodiscard]] std::vector<Metric> AggregateMetrics(const Schema& schema, const Metric& metric);

}  // namespace tickscope::schema
