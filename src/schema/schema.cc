#include "schema/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tickscope::schema {

std::string_view MetricKindName(MetricKind kind) {
  return kMetricKindNames.at(static_cast<std::size_t>(kind));
}

std::string_view MetricClassName(MetricClass metric_class) {
  return kMetricClassNames.at(static_cast<std::size_t>(metric_class));
}

std::vector<std::string> SeriesNames(const Metric& metric) {
  const auto suffixed = [&](std::string_view suffix) { return std::string(metric.name).append(suffix); };
  switch (metric.kind) {
    case MetricKind::kHistogram:
      return {suffixed("_bucket"), suffixed("_sum"), suffixed("_count")};
    case MetricKind::kNativeHistogram:
      // A receiver without native histograms is sent the classic form.
      return {metric.name, suffixed("_bucket"), suffixed("_sum"), suffixed("_count")};
    case MetricKind::kSummary:
      return {metric.name, suffixed("_sum"), suffixed("_count")};
    case MetricKind::kUnknown:
    case MetricKind::kCounter:
    case MetricKind::kGauge:
    case MetricKind::kInfo:
    case MetricKind::kStateSet:
      break;
  }
  return {metric.name};
}

std::string_view KindLabel(const Metric& metric) {
  switch (metric.kind) {
    case MetricKind::kHistogram:
    case MetricKind::kNativeHistogram:
      return "le";
    case MetricKind::kSummary:
      return "quantile";
    case MetricKind::kStateSet:
      return metric.name;
    case MetricKind::kUnknown:
    case MetricKind::kCounter:
    case MetricKind::kGauge:
    case MetricKind::kInfo:
      break;
  }
  return "";
}

const Label* FindLabel(std::span<const Label> labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &Label::name);
  return found == labels.end() ? nullptr : &*found;
}

std::uint64_t LabelProduct(const Metric& metric) {
  std::uint64_t product = 1;
  for (const Label& label : metric.labels)
    product = std::min(kBudgetMax, product * std::max<std::uint64_t>(label.budget, 1));
  return product;
}

std::uint64_t SeriesPerTarget(const Metric& metric) {
  if (metric.kind != MetricKind::kHistogram) return metric.series_max;
  return metric.series_max * (metric.bounds.size() + 3);  // +Inf, _sum, _count.
}

std::string VersionText(SchemaVersion version) {
  return fmt::format("{}.{}", version.major, version.minor);
}

std::string SliQuery(const Sli& sli, const SliPart& part) {
  const std::pair<std::string_view, std::string_view> values[] = {
      {"$filter", part.filter}, {"$window", part.window}, {"$by", part.by}};
  std::string query;
  for (std::size_t at = 0; at < sli.expr.size();) {
    const std::string_view rest = std::string_view(sli.expr).substr(at);
    const auto* const found =
        std::ranges::find_if(values, [&](const auto& value) { return rest.starts_with(value.first); });
    if (found == std::end(values)) {
      query += rest.front();
      ++at;
    } else {
      query += found->second;
      at += found->first.size();
    }
  }
  return query;
}

}  // namespace tickscope::schema
