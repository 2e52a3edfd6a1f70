// OpenMetricsRules: what OpenMetrics 1.0 asks of a body beyond its grammar. The strict parser feeds it line by line.
//
// A body is families, one after the other; a family is metadata, then groups of samples (one a label set),
// then per group metric points in ascending time. The rules, by level:
//
//   family   name and its suffixed names taken once; metadata once each and before the samples; info and
//            stateset have no unit
//   sample   its name is one of its type's; the labels of its type are there and valid; values that count are
//            neither NaN nor negative; info is 1, a state 0 or 1; exemplars on _bucket and _total only, of at
//            most 128 characters
//   group    never resumed once left; all samples with a time or all without; time never falls
//   point    buckets ascend in bound and count and end at +Inf, which equals the count; sum and count come
//            together
//
// Messages have no position; the parser adds the line.
// Threads   Externally locked.
// Memory    Family names and label groups of the open family, so within the size of the body.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "wire/exposition.h"
#include "wire/exposition_line.h"

namespace tickscope::wire {

class OpenMetricsRules {
 public:
  struct Sample {
    const SeriesSpans* spans = nullptr;
    double value = 0;
    std::optional<double> time_seconds;  ///< Unrounded: two times may differ by a nanosecond.
    const SeriesSpans* exemplar = nullptr;
  };

  [[nodiscard]] Status OnMetadata(ExpositionEntry entry, const ExpositionMetadata& metadata);
  [[nodiscard]] Status OnSample(const Sample& sample);
  [[nodiscard]] Status OnEnd() { return CloseFamily(); }

 private:
  struct Family {
    std::string name;
    MetricType type = MetricType::kUnknown;
    bool has_help = false;
    bool has_type = false;
    bool has_unit = false;
    bool has_samples = false;
  };
  /// One histogram or gauge histogram at one time, as far as it was read.
  struct Point {
    std::optional<double> last_bound;
    double last_bucket = 0;
    std::optional<double> count;
    std::optional<double> sum;
    bool has_negative_bound = false;
  };

  [[nodiscard]] Status OpenFamily(std::string_view name);
  [[nodiscard]] Status CloseFamily();
  /// Takes the family's names for good. Called once its type is certain.
  [[nodiscard]] Status ReserveNames();
  /// The part of a sample's name after the family's; nullopt when the name is not one of the family's.
  [[nodiscard]] std::optional<std::string_view> SuffixOf(std::string_view sample_name) const;
  [[nodiscard]] Status CheckTypeLabels(std::string_view suffix, const Labels& labels) const;
  [[nodiscard]] Status CheckValue(std::string_view suffix, double value) const;
  [[nodiscard]] Status CheckExemplar(std::string_view suffix, const SeriesSpans& exemplar) const;
  [[nodiscard]] Status EnterGroup(const Labels& group, const std::optional<double>& time_seconds);
  [[nodiscard]] Status AddToPoint(std::string_view suffix, const Labels& labels, double value);
  [[nodiscard]] Status ClosePoint();
  [[nodiscard]] bool IsHistogram() const {
    return family_ &&
           (family_->type == MetricType::kHistogram || family_->type == MetricType::kGaugeHistogram);
  }

  std::optional<Family> family_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> left_groups_;
  std::optional<Labels> group_;
  std::optional<double> group_time_;
  Point point_;
};

}  // namespace tickscope::wire
