// The guard as a configuration says: reads the schema file it names.
#pragma once

#include <cstdint>
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

/// What a configuration says, with the schema it names as its file is now. Errors: as OpenGuard.
[[nodiscard]] Result<guard::GuardOptions> ReadGuardOptions(io::FileSystem& fs,
                                                           const guard::GuardConfig& config);
/// How the schema, if there is one, wants histograms to be.
[[nodiscard]] statsd::HistogramForms HistogramFormsOf(const guard::GuardOptions& options);
/// What the schema has agents add up; nothing without one. `external` are the agent's own labels.
[[nodiscard]] agent::AggregationRules AggregationRulesOf(const guard::GuardOptions& options,
                                                         const Labels& external);
/// The schema's version (control/schema_number.h); 0 without one.
[[nodiscard]] std::uint64_t SchemaNumberOf(const guard::GuardOptions& options);

/// Gives the guard the rules of a configuration, read anew; of the schema file too. Errors: as OpenGuard; then its rules stay.
[[nodiscard]] Status ReloadGuard(io::FileSystem& fs, const guard::GuardConfig& config, guard::Guard& guard);

}  // namespace tickscope::roles
