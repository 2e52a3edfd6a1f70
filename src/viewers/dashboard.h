// Dashboard: what a viewer looks at, read from JSON: a small form of our own, Grafana's classic model, or Perses.
//
//   {"title": "Fleet", "range": "12h",
//    "variables": [{"name": "region", "label": "region", "match": "game_players", "value": "eu"}],
//    "panels": [{"title": "Players", "queries": ["sum(game_players{region=~\"$region\"})"], "range": "7d", "step": "10m"}]}
//
// Of the others the parts are read that decide which queries are sent: panels (also in rows and collapsed), targets with
// their expressions, intervals, points, time overrides, and variables. What is not PromQL is left out and counted.
//
// Bounds    kDashboardBytesMax; kPanelsMax panels, kQueriesMax queries a dashboard.
// Threads   Free functions without state.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tickscope::viewers {

inline constexpr std::size_t kDashboardBytesMax = 8 << 20;
inline constexpr std::size_t kPanelsMax = 200;
inline constexpr std::size_t kQueriesMax = 1000;

struct Variable {
  std::string name;
  std::string label;  ///< Whose values the page offers; empty when it asks for none.
  std::string match;  ///< Of which series; empty for all.
  std::string value;  ///< Chosen; empty for the first that is offered. ".*" stands for all.
};

struct Panel {
  std::string title;
  std::vector<std::string> queries;  ///< PromQL with variables in it.
  std::int64_t range_ms = 0;         ///< 0: the dashboard's.
  std::int64_t step_ms = 0;          ///< 0: from range and points.
  std::int64_t step_min_ms = 0;      ///< 0: the data source's.
  std::int64_t points = 0;           ///< About how many; 0: a page's width.
};

struct Dashboard {
  std::string title;
  std::int64_t range_ms = 6 * 3'600'000;
  std::vector<Variable> variables;
  std::vector<Panel> panels;
  std::uint64_t skipped_queries = 0;  ///< Not PromQL, or hidden.
};

/// Errors: kInvalidArgument saying what is missing or of the wrong kind, and where; kOutOfRange past a bound.
[[nodiscard]] Result<Dashboard> ReadDashboard(std::string_view json);

/// What a query is sent with.
struct Window {
  std::int64_t range_ms = 0;
  std::int64_t step_ms = 0;
  std::int64_t rate_interval_ms = 0;  ///< What $__rate_interval becomes.
};

/// Between samples, as a Grafana data source is told; also the least step.
inline constexpr std::int64_t kScrapeIntervalMs = 10'000;

/// A panel's window, with Grafana's arithmetic: steps are round numbers, and no shorter than the least.
[[nodiscard]] Window WindowOf(const Dashboard& dashboard, const Panel& panel);

/// Replaces $name, ${name}, ${name:format} and [[name]] by values, $__interval and its like by the window's. Unknown ones
/// stay.
[[nodiscard]] std::string Substitute(std::string_view text, const std::map<std::string, std::string>& values,
                                     const Window& window);

}  // namespace tickscope::viewers
