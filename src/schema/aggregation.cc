#include "schema/aggregation.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "schema/schema.h"

namespace tickscope::schema {
namespace {

constexpr config::DurationRange kWindows = {.min = 1'000, .max = 3'600'000};

// Which functions make sense of a kind; the first is what is meant when none is given. Empty: the kind cannot be aggregated.
std::vector<AggregateFunction> FunctionsOf(MetricKind kind) {
  using enum AggregateFunction;
  switch (kind) {
    case MetricKind::kCounter:
      return {kSum, kCount};
    case MetricKind::kGauge:
    case MetricKind::kUnknown:
      return {kSum, kMin, kMax, kAvg, kCount};
    case MetricKind::kHistogram:
    case MetricKind::kNativeHistogram:
      return {kMerge};
    // Quantiles do not add up, and what a state or an info says is in its labels.
    case MetricKind::kSummary:
    case MetricKind::kInfo:
    case MetricKind::kStateSet:
      break;
  }
  return {};
}

std::string NamesOf(const std::vector<AggregateFunction>& functions) {
  std::string names;
  for (const AggregateFunction function : functions)
    names.append(names.empty() ? "" : ", ").append(AggregateFunctionName(function));
  return names;
}

std::optional<AggregateFunction> FunctionNamed(std::string_view name) {
  const auto found = std::ranges::find(kAggregateFunctionNames, name);
  if (found == kAggregateFunctionNames.end()) return std::nullopt;
  return static_cast<AggregateFunction>(found - kAggregateFunctionNames.begin());
}

}  // namespace

std::string_view AggregateFunctionName(AggregateFunction function) {
  return kAggregateFunctionNames.at(static_cast<std::size_t>(function));
}

bool Aggregation::Keeps(std::string_view label) const {
  return std::ranges::binary_search(labels, label) == (grouping == Grouping::kBy);
}

Aggregation ReadAggregation(config::YamlMap map, const Metric& metric) {
  Aggregation aggregation;
  const std::vector<std::string> keys = map.Keys();
  const auto is_given = [&](std::string_view key) { return std::ranges::find(keys, key) != keys.end(); };
  if (is_given("by") == is_given("without"))
    map.Complain(is_given("by") ? "by" : "without",
                 "give one of them: by with the labels that stay, or without with those that go");
  aggregation.grouping = is_given("by") ? Aggregation::Grouping::kBy : Aggregation::Grouping::kWithout;
  aggregation.labels = map.Strings(is_given("by") ? "by" : "without");
  std::ranges::sort(aggregation.labels);
  if (is_given("without") && !is_given("by") && aggregation.labels.empty())
    map.Complain("without", "expected at least one label: nothing would be added up");
  if (std::ranges::adjacent_find(aggregation.labels) != aggregation.labels.end())
    map.Complain(is_given("by") ? "by" : "without", "a label is listed twice");
  aggregation.every_ms = map.DurationMs("every", aggregation.every_ms, kWindows);
  aggregation.keep_raw = map.Bool("keep_raw", true);
  const std::vector<AggregateFunction> possible = FunctionsOf(metric.kind);
  for (const std::string& name : map.Strings("functions")) {
    const auto function = FunctionNamed(name);
    if (!function || std::ranges::find(possible, *function) == possible.end()) {
      map.Complain("functions", fmt::format("expected some of {} for a {}, got {:?}", NamesOf(possible),
                                            MetricKindName(metric.kind), name));
      return aggregation;
    }
    aggregation.functions.push_back(*function);
  }
  if (possible.empty()) {
    map.Complain("functions", fmt::format("a {} cannot be aggregated", MetricKindName(metric.kind)));
  } else if (aggregation.functions.empty()) {
    aggregation.functions.push_back(possible.front());
  }
  std::ranges::sort(aggregation.functions);
  const auto repeated = std::ranges::unique(aggregation.functions);
  aggregation.functions.erase(repeated.begin(), repeated.end());
  return aggregation;
}

std::string AggregateName(std::string_view metric, AggregateFunction function) {
  return fmt::format("{}:{}", metric, AggregateFunctionName(function));
}

std::vector<Metric> AggregateMetrics(const Schema& schema, const Metric& metric) {
  std::vector<Metric> made;
  if (!metric.aggregate) return made;
  std::vector<Label> labels = metric.labels;
  for (const Label& label : schema.target_labels) {
    if (FindLabel(labels, label.name) == nullptr) labels.push_back(label);
  }
  // Those of the whole agent stay whatever is said, so any of them may be there.
  for (Label& label : labels)
    label.optional = true;
  std::ranges::sort(labels, {}, &Label::name);
  for (const AggregateFunction function : metric.aggregate->functions) {
    Metric one = metric;
    one.name = AggregateName(metric.name, function);
    if (function == AggregateFunction::kCount) {
      one.kind = MetricKind::kGauge;
      one.unit.clear();
    }
    one.help = fmt::format("{} ({} over windows of an agent)", metric.help, AggregateFunctionName(function));
    one.cadence_ms = metric.aggregate->every_ms;
    one.labels = labels;
    one.series_max = LabelProduct(one);
    one.aggregate.reset();
    made.push_back(std::move(one));
  }
  return made;
}

}  // namespace tickscope::schema
