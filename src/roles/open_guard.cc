#include "roles/open_guard.h"

namespace tickscope::roles {
namespace {

Result<guard::GuardOptions> ReadOptions(io::FileSystem& fs, const guard::GuardConfig& config) {
  std::string text;
  if (!config.schema_file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(text, io::ReadWholeFile(fs, config.schema_file, guard::kSchemaBytesMax));
  }
  return guard::MakeGuardOptions(config, text);
}

}  // namespace

Result<std::unique_ptr<guard::Guard>> OpenGuard(io::FileSystem& fs, const guard::GuardConfig& config,
                                                const Clock& clock, MetricRegistry& metrics) {
  TICKSCOPE_ASSIGN_OR_RETURN(guard::GuardOptions options, ReadOptions(fs, config));
  return guard::Guard::Make(std::move(options), clock, metrics);
}

Result<statsd::HistogramForms> HistogramFormsOf(io::FileSystem& fs, const guard::GuardConfig& config) {
  TICKSCOPE_ASSIGN_OR_RETURN(const guard::GuardOptions options, ReadOptions(fs, config));
  statsd::HistogramForms forms;
  if (!options.schema) return forms;
  for (const schema::Metric& metric : options.schema->metrics) {
    if (metric.kind == schema::MetricKind::kHistogram) forms[metric.name].bounds = metric.bounds;
    if (metric.kind == schema::MetricKind::kNativeHistogram)
      forms[metric.name] = {.bounds = {}, .scale = metric.scale, .buckets_max = metric.buckets_max};
  }
  return forms;
}

Status ReloadGuard(io::FileSystem& fs, const guard::GuardConfig& config, guard::Guard& guard) {
  TICKSCOPE_ASSIGN_OR_RETURN(guard::GuardOptions options, ReadOptions(fs, config));
  return guard.Replace(std::move(options));
}

Result<agent::AggregationRules> ReadAggregationRules(io::FileSystem& fs, const guard::GuardConfig& config,
                                                     const Labels& external) {
  TICKSCOPE_ASSIGN_OR_RETURN(const guard::GuardOptions options, ReadOptions(fs, config));
  return agent::AggregationRules(options.schema.value_or(schema::Schema()), external);
}

}  // namespace tickscope::roles
