#include "lint/known_metrics.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "config/closest_name.h"

namespace tickscope::lint {
namespace {

// What a Prometheus server and an agent make of themselves.
constexpr std::array<std::string_view, 9> kOfTheServer = {
    "up",
    "ALERTS",
    "ALERTS_FOR_STATE",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_sample_limit",
    "scrape_timeout_seconds",
};

}  // namespace

KnownMetrics::KnownMetrics(const schema::Schema* schema) : schema_(schema) {
  if (schema_ == nullptr) return;
  for (const schema::Metric& metric : schema_->metrics) {
    for (std::string& name : schema::SeriesNames(metric))
      series_.emplace(std::move(name), &metric);
    std::ranges::move(schema::AggregateMetrics(*schema_, metric), std::back_inserter(aggregates_));
  }
  for (const schema::Metric& metric : aggregates_) {
    for (std::string& name : schema::SeriesNames(metric))
      series_.emplace(std::move(name), &metric);
  }
}

bool KnownMetrics::Knows(std::string_view series_name) const {
  // tickscope_*: the system's own metrics, which no game's schema has.
  return series_.contains(std::string(series_name)) || recorded_.contains(std::string(series_name)) ||
         std::ranges::find(kOfTheServer, series_name) != kOfTheServer.end() ||
         series_name.starts_with("tickscope_");
}

const schema::Metric* KnownMetrics::MetricOf(std::string_view series_name) const {
  // What a rule records over a metric's name may have other labels.
  if (recorded_.contains(std::string(series_name))) return nullptr;
  const auto found = series_.find(std::string(series_name));
  return found == series_.end() ? nullptr : found->second;
}

const schema::Label* KnownMetrics::LabelOf(const schema::Metric& metric, std::string_view name) const {
  const schema::Label* const own = schema::FindLabel(metric.labels, name);
  return own != nullptr ? own : schema::FindLabel(schema_->target_labels, name);
}

bool KnownMetrics::HasLabel(const schema::Metric& metric, std::string_view series_name,
                            std::string_view name) const {
  if (name == "__name__" || LabelOf(metric, name) != nullptr) return true;
  if (name != schema::KindLabel(metric)) return false;
  // Sums and counts are not split.
  return name != "le" || metric.kind == schema::MetricKind::kNativeHistogram ||
         series_name.ends_with("_bucket");
}

std::vector<std::string> KnownMetrics::LabelNames(const schema::Metric& metric) const {
  std::vector<std::string> names;
  for (const schema::Label& label : metric.labels)
    names.push_back(label.name);
  for (const schema::Label& label : schema_->target_labels)
    names.push_back(label.name);
  if (const std::string_view kind = schema::KindLabel(metric); !kind.empty()) names.emplace_back(kind);
  std::ranges::sort(names);
  return names;
}

std::string KnownMetrics::Closest(std::string_view series_name) const {
  std::vector<std::string> candidates;
  for (const auto& [name, metric] : series_)
    candidates.push_back(name);
  candidates.insert(candidates.end(), recorded_.begin(), recorded_.end());
  std::ranges::sort(candidates);  // The same answer whatever the map's order.
  return config::ClosestName(series_name, candidates);
}

}  // namespace tickscope::lint
