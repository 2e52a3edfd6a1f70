// KnownMetrics: what a PromQL expression may name: the series of a schema, what recording rules make, and what the server itself
// has (up, ALERTS).
//
// Threads   Externally locked.
// Memory    Borrows the schema.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "schema/schema.h"

namespace tickscope::lint {

class KnownMetrics {
 public:
  /// Without a schema everything is known and nothing is known about it.
  explicit KnownMetrics(const schema::Schema* schema);

  /// A recording rule's metric: any labels.
  void AddRecorded(std::string_view name) { recorded_.emplace(name); }

  [[nodiscard]] bool has_schema() const { return schema_ != nullptr; }
  /// True for a series name of the schema, a recorded one, and one of the server's.
  [[nodiscard]] bool Knows(std::string_view series_name) const;
  /// The schema's metric that has series of that name, or null.
  [[nodiscard]] const schema::Metric* MetricOf(std::string_view series_name) const;
  /// The label of the metric or of its target; null when series of it have none of that name. Those that come with the
  /// type (le) have no definition: ask HasLabel.
  [[nodiscard]] const schema::Label* LabelOf(const schema::Metric& metric, std::string_view name) const;
  [[nodiscard]] bool HasLabel(const schema::Metric& metric, std::string_view series_name,
                              std::string_view name) const;
  [[nodiscard]] std::vector<std::string> LabelNames(const schema::Metric& metric) const;
  /// The name that was probably meant, or "".
  [[nodiscard]] std::string Closest(std::string_view series_name) const;

 private:
  const schema::Schema* schema_;
  std::vector<schema::Metric> aggregates_;  // What the schema has agents make.
  std::unordered_map<std::string, const schema::Metric*> series_;
  std::unordered_set<std::string> recorded_;
};

}  // namespace tickscope::lint
