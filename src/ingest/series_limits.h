// SeriesLimits: how many series a tenant may have active at once, in all, of one metric, and of a set of labels.
//
// A series is active from its first sample until it has been silent for `idle_ms`. One that is a series too many is
// not refused: its samples are added up in a series of the metric's own (ingest/overflow.h), so that totals stay
// right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/matcher.h"

namespace tickscope::ingest {

/// Budgets a tenant may have: a series remembers those it counts in as bits.
inline constexpr std::size_t kBudgetsMax = 32;

/// How many series the matchers may select at once.
struct SeriesBudget {
  std::string selector;  ///< As written, for people.
  std::vector<Matcher> matchers;
  std::uint64_t series_max = 0;

  friend bool operator==(const SeriesBudget&, const SeriesBudget&) = default;
};

struct SeriesLimits {
  std::uint64_t series_max = 10'000'000;             ///< Of a tenant.
  std::uint64_t series_per_metric_max = 10'000'000;  ///< Of one metric name.
  std::vector<SeriesBudget> budgets;                 ///< At most kBudgetsMax.

  friend bool operator==(const SeriesLimits&, const SeriesLimits&) = default;
};

/// Why a series is one too many; also what its overflow series says of itself.
enum class LimitReason : std::uint8_t { kTenant, kMetric, kBudget, kSchema };
inline constexpr std::size_t kLimitReasons = 4;

/// "tenant", "metric", "budget" or "schema".
[[nodiscard]] std::string_view LimitReasonText(LimitReason reason);

/// The budgets a series counts in, a bit each. Requires: labels sorted.
[[nodiscard]] std::uint32_t BudgetsOf(const SeriesLimits& limits, const std::vector<LabelView>& labels);

}  // namespace tickscope::ingest
