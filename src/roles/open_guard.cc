#include "roles/open_guard.h"

#include "control/schema_number.h"

namespace tickscope::roles {

Result<guard::GuardOptions> ReadGuardOptions(io::FileSystem& fs, const guard::GuardConfig& config) {
  std::string text;
  if (!config.schema_file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(text, io::ReadWholeFile(fs, config.schema_file, guard::kSchemaBytesMax));
  }
  return guard::MakeGuardOptions(config, text);
}

Result<std::unique_ptr<guard::Guard>> OpenGuard(io::FileSystem& fs, const guard::GuardConfig& config,
                                                const Clock& clock, MetricRegistry& metrics) {
  TICKSCOPE_ASSIGN_OR_RETURN(guard::GuardOptions options, ReadGuardOptions(fs, config));
  return guard::Guard::Make(std::move(options), clock, metrics);
}

statsd::HistogramForms HistogramFormsOf(const guard::GuardOptions& options) {
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
  TICKSCOPE_ASSIGN_OR_RETURN(guard::GuardOptions options, ReadGuardOptions(fs, config));
  return guard.Replace(std::move(options));
}

agent::AggregationRules AggregationRulesOf(const guard::GuardOptions& options, const Labels& external) {
  return {options.schema.value_or(schema::Schema()), external};
}

std::uint64_t SchemaNumberOf(const guard::GuardOptions& options) {
  if (!options.schema) return 0;
  return control::SchemaNumber(options.schema->version.major, options.schema->version.minor);
}

}  // namespace tickscope::roles
