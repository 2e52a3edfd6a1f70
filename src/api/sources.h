// What the API shows beside samples: metric metadata and the state of the head. The process that serves
// adapts its store to these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/exemplar.h"
#include "model/matcher.h"
#include "model/queryable.h"
#include "model/tenant.h"

namespace tickscope::api {

struct MetadataRequest {
  TenantId tenant{kDefaultTenant};
  std::string family;  ///< Empty means every family.
  std::size_t families_max = SIZE_MAX;
  std::size_t entries_per_family_max = SIZE_MAX;
};

struct MetadataFamily {
  std::string name;
  std::vector<MetricMetadata> entries;  ///< Distinct; senders may disagree.
};

/// Thread-safe.
class MetadataSource {
 public:
  virtual ~MetadataSource() = default;
  /// Families in ascending order of name.
  [[nodiscard]] virtual std::vector<MetadataFamily> Metadata(const MetadataRequest& request) const = 0;
};

/// Thread-safe.
class ExemplarSource {
 public:
  virtual ~ExemplarSource() = default;
  /// Exemplars in [start, end] of series that one of the selectors matches, by series, each series once.
  /// Errors: those of the context.
  [[nodiscard]] virtual Result<std::vector<SeriesExemplars>> Exemplars(
      const TenantId& tenant, const std::vector<std::vector<Matcher>>& selectors, TimeMs start_ms,
      TimeMs end_ms, const QueryContext& context) const = 0;
};

/// A name and how many (or how many bytes) there are of it.
using NamedCount = std::pair<std::string, std::uint64_t>;

struct HeadStatus {
  std::uint64_t series_count = 0;
  std::uint64_t label_pair_count = 0;
  std::uint64_t chunk_count = 0;
  TimeMs min_time_ms = 0;
  TimeMs max_time_ms = 0;
  // Each sorted by count, largest first.
  std::vector<NamedCount> series_by_metric;
  std::vector<NamedCount> values_by_label;
  std::vector<NamedCount> value_bytes_by_label;
  std::vector<NamedCount> series_by_label_pair;  ///< Names are "label=value".
};

/// Thread-safe.
class HeadStatusSource {
 public:
  virtual ~HeadStatusSource() = default;
  /// At most `top` entries in each list.
  [[nodiscard]] virtual HeadStatus Status(const TenantId& tenant, std::size_t top) const = 0;
};

/// Series, names and values among the series that are active.
struct Cardinality {
  struct Label {
    std::string name;
    std::uint64_t value_count = 0;
    std::uint64_t series_count = 0;
    std::vector<NamedCount> top_values;  ///< By series, most first.
  };

  std::uint64_t series_count = 0;
  std::uint64_t name_count = 0;
  std::uint64_t value_count = 0;
  std::vector<NamedCount> top_names;  ///< By values, most first.
  std::vector<Label> labels;
};

/// Thread-safe.
class CardinalitySource {
 public:
  virtual ~CardinalitySource() = default;
  /// At most `top` names, and of each of `names` as many values.
  [[nodiscard]] virtual Cardinality Count(const TenantId& tenant, const std::vector<Matcher>& matchers,
                                          const std::vector<std::string>& names, std::size_t top) const = 0;
  /// About how many different series there were in a time range.
  [[nodiscard]] virtual double DistinctSeries(const TenantId& tenant, TimeMs start_ms,
                                              TimeMs end_ms) const = 0;
};

/// What the guard refused of a tenant lately; nothing in it is private.
struct GuardRejects {
  struct Sample {
    TimeMs time_ms = 0;
    std::vector<std::string> labels;  ///< Names, redacted.
    std::string value;                ///< Redacted; empty when it is about no value.
  };
  struct Entry {
    TimeMs first_ms = 0;
    TimeMs last_ms = 0;
    std::uint64_t series = 0;
    std::string reason;
    std::string kind;  ///< Of private data.
    std::string owner;
    std::string metric;
    std::string label;
    std::string source = "metrics";  ///< Or "logs": what it was refused in.
    std::vector<Sample> samples;     ///< Newest first.
  };
  /// What was done to logs or traces.
  struct SignalEntry {
    TimeMs first_ms = 0;
    TimeMs last_ms = 0;
    std::uint64_t count = 0;  ///< Values that were replaced, or records that were refused.
    std::string source;       ///< "logs" or "traces".
    std::string action;       ///< "replaced" or "refused".
    std::string reason;       ///< "private_value" or "private_name".
    std::string kind;
    std::string owner;
    std::string sender;  ///< Empty when it does not say.
    std::string field;
    std::string sample;  ///< Redacted.
  };
  std::string mode;                  ///< "off", "observe" or "enforce".
  std::vector<Entry> entries;        ///< Newest first.
  std::vector<SignalEntry> signals;  ///< Newest first.
};

/// Thread-safe.
class GuardRejectSource {
 public:
  virtual ~GuardRejectSource() = default;
  [[nodiscard]] virtual GuardRejects Rejects(const TenantId& tenant) const = 0;
};

/// A tenant against its limits of series.
struct LimitStatus {
  struct Budget {
    std::string selector;
    std::uint64_t active_series = 0;
    std::uint64_t series_max = 0;
  };
  struct Overflow {
    std::string series;         ///< That holds the total.
    std::uint64_t sources = 0;  ///< Series added up in it.
  };
  struct LateSender {
    std::string sender;
    std::uint64_t taken = 0;
    std::uint64_t refused = 0;
    std::int64_t latest_by_ms = 0;
  };

  std::uint64_t active_series = 0;
  std::uint64_t series_max = 0;
  std::uint64_t series_per_metric_max = 0;
  std::vector<Budget> budgets;
  std::vector<Overflow> overflow;        ///< Most sources first.
  std::vector<LateSender> late_senders;  ///< Most late samples first.
};

/// Thread-safe.
class LimitStatusSource {
 public:
  virtual ~LimitStatusSource() = default;
  [[nodiscard]] virtual LimitStatus Limits(const TenantId& tenant) const = 0;
};

}  // namespace tickscope::api
