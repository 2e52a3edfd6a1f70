// AggregationRules: which of an agent's series are added up to what, as the schema says.
//
// Threads   Immutable once made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/write_batch.h"
#include "aggregate/windows.h"
#include "schema/schema.h"

namespace tickscope::agent {

class AggregationRules {
 public:
  /// Labels named in `external` stay on what is made, whatever a rule says.
  AggregationRules(const schema::Schema& schema, const Labels& external);

  struct Match {
    aggregate::GroupSpec group;
    bool keep_raw = true;
  };
  /// Nullopt for a series that is not added up, also when the sample is a histogram where the schema has numbers.
  [[nodiscard]] std::optional<Match> MatchOf(const Labels& labels, bool is_histogram) const;

  /// The family of what a group says.
  [[nodiscard]] std::shared_ptr<const Family> FamilyOf(const aggregate::GroupSpec& group,
                                                       schema::AggregateFunction function) const;

  [[nodiscard]] bool empty() const { return rules_.empty(); }
  [[nodiscard]] std::size_t size() const { return rules_.size(); }
  /// Of all rules: what is stored of others is of no use.
  [[nodiscard]] std::vector<std::uint64_t> ids() const;

  friend bool operator==(const AggregationRules& a, const AggregationRules& b) {
    return a.ids() == b.ids() && a.external_ == b.external_;
  }

 private:
  struct Rule {
    std::uint64_t id = 0;
    schema::MetricKind kind = schema::MetricKind::kUnknown;
    std::string metric;
    std::string help;
    std::string unit;
    std::uint32_t buckets_max = 0;
    schema::Aggregation aggregation;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Place {
    std::size_t rule = 0;
    std::string suffix;
  };

  std::vector<Rule> rules_;
  std::unordered_map<std::string, Place, TextHash, std::equal_to<>> places_;  // By name of series.
  Labels external_;
};

/// The labels of the series in which a group says it.
[[nodiscard]] Labels LabelsOf(const aggregate::GroupSpec& group, schema::AggregateFunction function);

}  // namespace tickscope::agent
