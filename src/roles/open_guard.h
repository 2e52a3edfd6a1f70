// The guard as a configuration says: reads the schema file it names.
#pragma once

#include <memory>

#include "agent/aggregation_rules.h"
#include "guard/guard_config.h"
#include "io/file_system.h"
#include "statsd/histogram_form.h"

namespace tickscope::roles {

/// `clock` and `metrics` outlive the guard. Errors: the file's; the schema's mistakes; a bad player pattern.
[[nodiscard]] Result<std::unique_ptr<guard::Guard>> OpenGuard(io::FileSystem& fs,
                                                              const guard::GuardConfig& config,
                                                              const Clock& clock, MetricRegistry& metrics);

/// How the schema that a configuration names, if it does, wants histograms to be. Errors: as OpenGuard.
[[nodiscard]] Result<statsd::HistogramForms> HistogramFormsOf(io::FileSystem& fs,
                                                              const guard::GuardConfig& config);

/// Gives the guard the rules of a configuration, read anew; of the schema file too. Errors: as OpenGuard; then its rules stay.
[[nodiscard]] Status ReloadGuard(io::FileSystem& fs, const guard::GuardConfig& config, guard::Guard& guard);

/// What the schema that the configuration names has agents add up; nothing without a schema. `external` are the agent's own labels. Errors: as
/// OpenGuard.
[[nodiscard]] Result<agent::AggregationRules> ReadAggregationRules(io::FileSystem& fs,
                                                                   const guard::GuardConfig& config,
                                                                   const Labels& external);

}  // namespace tickscope::roles
