#include "agent/aggregation_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace tickscope::agent {
namespace {

using aggregate::GroupKind;
using schema::AggregateFunction;
using schema::MetricKind;

// Changes when what is made of samples does; the same in every process.
std::uint64_t IdOf(const schema::Metric& metric) {
  const schema::Aggregation& aggregation = *metric.aggregate;
  std::vector<std::string_view> functions;
  for (const AggregateFunction function : aggregation.functions)
    functions.push_back(schema::AggregateFunctionName(function));
  const std::string text =
      fmt::format("{}|{}|{}|{}|{}|{}|{}", metric.name, schema::MetricKindName(metric.kind),
                  aggregation.grouping == schema::Aggregation::Grouping::kBy ? "by" : "without",
                  fmt::join(aggregation.labels, ","), aggregation.every_ms, fmt::join(functions, ","),
                  metric.buckets_max);
  return Labels{{"rule", text}}.Hash();
}

wire::MetricType TypeOf(const aggregate::GroupSpec& group, AggregateFunction function) {
  if (function == AggregateFunction::kMerge) return wire::MetricType::kHistogram;
  const bool counts = group.kind == GroupKind::kCounter && function == AggregateFunction::kSum;
  return counts ? wire::MetricType::kCounter : wire::MetricType::kGauge;
}

}  // namespace

AggregationRules::AggregationRules(const schema::Schema& schema, const Labels& external)
    : external_(external) {
  for (const schema::Metric& metric : schema.metrics) {
    if (!metric.aggregate) continue;
    for (const std::string& name : schema::SeriesNames(metric))
      places_.emplace(name, Place{rules_.size(), name.substr(metric.name.size())});
    rules_.push_back({.id = IdOf(metric),
                      .kind = metric.kind,
                      .metric = metric.name,
                      .help = metric.help,
                      .unit = metric.unit,
                      .buckets_max = metric.buckets_max,
                      .aggregation = *metric.aggregate});
  }
}

std::optional<AggregationRules::Match> AggregationRules::MatchOf(const Labels& labels,
                                                                 bool is_histogram) const {
  const auto place = places_.find(labels.metric_name());
  if (place == places_.end()) return std::nullopt;
  const Rule& rule = rules_[place->second.rule];
  const bool is_native = rule.kind == MetricKind::kNativeHistogram && place->second.suffix.empty();
  if (is_histogram != is_native) return std::nullopt;
  Match match{.group = {.rule = rule.id,
                        .metric = rule.metric,
                        .suffix = place->second.suffix,
                        .functions = rule.aggregation.functions,
                        .every_ms = rule.aggregation.every_ms,
                        .buckets_max = rule.buckets_max},
              .keep_raw = rule.aggregation.keep_raw};
  const bool is_gauge = rule.kind == MetricKind::kGauge || rule.kind == MetricKind::kUnknown;
  match.group.kind = is_native ? GroupKind::kHistogram : is_gauge ? GroupKind::kGauge : GroupKind::kCounter;
  const bool has_buckets = place->second.suffix == "_bucket";
  std::vector<LabelView> kept;
  for (const LabelView& label : labels) {
    if (label.name == kMetricName) continue;
    const bool stays = rule.aggregation.Keeps(label.name) || external_.Has(label.name) ||
                       (has_buckets && label.name == kBucketLabel);
    if (stays) kept.push_back(label);
  }
  match.group.labels = Labels::FromSorted(kept);
  return match;
}

std::shared_ptr<const Family> AggregationRules::FamilyOf(const aggregate::GroupSpec& group,
                                                         AggregateFunction function) const {
  const auto rule = std::ranges::find(rules_, group.rule, &Rule::id);
  if (rule == rules_.end()) return nullptr;
  return std::make_shared<const Family>(
      Family{.name = schema::AggregateName(group.metric, function),
             .type = TypeOf(group, function),
             .help = rule->help,
             .unit = function == AggregateFunction::kCount ? std::string() : rule->unit});
}

std::vector<std::uint64_t> AggregationRules::ids() const {
  std::vector<std::uint64_t> ids;
  for (const Rule& rule : rules_)
    ids.push_back(rule.id);
  return ids;
}

Labels LabelsOf(const aggregate::GroupSpec& group, schema::AggregateFunction function) {
  LabelsBuilder builder(group.labels);
  builder.Set(kMetricName, schema::AggregateName(group.metric, function).append(group.suffix));
  return builder.Build();
}

}  // namespace tickscope::agent
