#include "schema/schema_diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "base/duration.h"

namespace tickscope::schema {
namespace {

class Differ {
 public:
  Differ(const Schema& old_schema, const Schema& new_schema) : old_(old_schema), new_(new_schema) {}

  SchemaDiff Diff() {
    DiffLabels(old_.target_labels, new_.target_labels,
               [](const Label& label) { return std::string("target label ").append(label.name); });
    DiffMetrics();
    std::ranges::stable_sort(changes_, {}, [](const Change& change) {
      return std::tuple(!change.breaking, std::string_view(change.subject));
    });
    SchemaDiff diff{.changes = std::move(changes_), .version_wanted = old_.version};
    if (diff.breaking()) {
      diff.version_wanted = {old_.version.major + 1, 0};
    } else if (!diff.changes.empty()) {
      diff.version_wanted.minor += 1;
    }
    return diff;
  }

 private:
  void Breaking(std::string subject, std::string text, config::YamlPosition position) {
    changes_.push_back({true, std::move(subject), std::move(text), position});
  }
  void Compatible(std::string subject, std::string text, config::YamlPosition position) {
    changes_.push_back({false, std::move(subject), std::move(text), position});
  }

  void DiffMetrics() {
    std::unordered_map<std::string_view, const Metric*> of_new;
    for (const Metric& metric : new_.metrics)
      of_new.emplace(metric.name, &metric);
    std::set<std::string_view> of_old;
    for (const Metric& metric : old_.metrics) {
      of_old.insert(metric.name);
      const auto found = of_new.find(metric.name);
      if (found == of_new.end()) {
        Breaking(metric.name, "removed", metric.position);
      } else {
        DiffMetric(metric, *found->second);
      }
    }
    for (const Metric& metric : new_.metrics) {
      if (!of_old.contains(metric.name))
        Compatible(metric.name, fmt::format("added, a {}", MetricKindName(metric.kind)), metric.position);
    }
  }

  void DiffMetric(const Metric& was, const Metric& is) {
    const auto breaking = [&](std::string text) { Breaking(is.name, std::move(text), is.position); };
    const auto compatible = [&](std::string text) { Compatible(is.name, std::move(text), is.position); };
    if (was.kind != is.kind) {
      breaking(fmt::format("type: {} -> {}", MetricKindName(was.kind), MetricKindName(is.kind)));
      return;  // Bounds, scale and resolution belong to the type.
    }
    if (was.unit != is.unit) breaking(fmt::format("unit: {:?} -> {:?}", was.unit, is.unit));
    if (was.bounds != is.bounds)
      breaking(fmt::format("buckets: {} -> {}: servers of both cannot be added up",
                           fmt::join(was.bounds, " "), fmt::join(is.bounds, " ")));
    if (was.resolution != is.resolution) {
      const bool coarser = is.resolution > was.resolution;
      const std::string text = fmt::format("resolution: {} -> {}", was.resolution, is.resolution);
      coarser ? breaking(text) : compatible(text);
    }
    if (was.cadence_ms != is.cadence_ms) {
      const std::string text =
          fmt::format("cadence: {} -> {}", FormatDurationMs(was.cadence_ms), FormatDurationMs(is.cadence_ms));
      is.cadence_ms > was.cadence_ms
          ? breaking(text + ": ranges made for the old one may hold too few samples")
          : compatible(text);
    }
    if (was.metric_class != is.metric_class) {
      const std::string text =
          fmt::format("class: {} -> {}", MetricClassName(was.metric_class), MetricClassName(is.metric_class));
      is.metric_class > was.metric_class ? breaking(text + ": it is shed earlier") : compatible(text);
    }
    if (was.scale != is.scale) compatible(fmt::format("scale: {} -> {}", was.scale, is.scale));
    if (was.buckets_max != is.buckets_max)
      compatible(fmt::format("buckets_max: {} -> {}", was.buckets_max, is.buckets_max));
    if (was.help != is.help) compatible("help text");
    if (was.owner != is.owner) compatible(fmt::format("owner: {} -> {}", was.owner, is.owner));
    DiffAggregation(was, is);
    DiffLabels(was.labels, is.labels,
               [&](const Label& label) { return fmt::format("{}{{{}}}", is.name, label.name); });
    // Where both follow from the labels, the labels' changes have told it.
    if (was.series_max == LabelProduct(was) && is.series_max == LabelProduct(is)) return;
    const std::string text = fmt::format("series_max: {} -> {}", was.series_max, is.series_max);
    if (was.series_max > is.series_max) breaking(text + ": what is over it goes to __overflow__");
    if (was.series_max < is.series_max) compatible(text);
  }

  void DiffAggregation(const Metric& was, const Metric& is) {
    const auto breaking = [&](std::string text) { Breaking(is.name, std::move(text), is.position); };
    const auto compatible = [&](std::string text) { Compatible(is.name, std::move(text), is.position); };
    const auto keeps_raw = [](const Metric& metric) {
      return !metric.aggregate || metric.aggregate->keep_raw;
    };
    if (keeps_raw(was) && !keeps_raw(is)) breaking("keep_raw: true -> false: its own series are gone");
    if (!keeps_raw(was) && keeps_raw(is)) compatible("keep_raw: false -> true");
    if (!was.aggregate || !is.aggregate) {
      if (was.aggregate) breaking("aggregate removed: what it made is gone");
      if (is.aggregate) compatible("aggregate added");
      return;
    }
    const Aggregation& old_one = *was.aggregate;
    const Aggregation& new_one = *is.aggregate;
    const auto grouping = [](const Aggregation& aggregation) {
      return fmt::format("{} [{}]", aggregation.grouping == Aggregation::Grouping::kBy ? "by" : "without",
                         fmt::join(aggregation.labels, ", "));
    };
    if (grouping(old_one) != grouping(new_one))
      breaking(fmt::format("aggregate: {} -> {}: series change", grouping(old_one), grouping(new_one)));
    if (old_one.every_ms != new_one.every_ms) {
      const std::string text = fmt::format("aggregate every: {} -> {}", FormatDurationMs(old_one.every_ms),
                                           FormatDurationMs(new_one.every_ms));
      new_one.every_ms > old_one.every_ms
          ? breaking(text + ": ranges made for the old one may hold too few samples")
          : compatible(text);
    }
    for (const AggregateFunction function : old_one.functions) {
      if (std::ranges::find(new_one.functions, function) == new_one.functions.end())
        breaking(fmt::format("aggregate function removed: {}", AggregateFunctionName(function)));
    }
    for (const AggregateFunction function : new_one.functions) {
      if (std::ranges::find(old_one.functions, function) == old_one.functions.end())
        compatible(fmt::format("aggregate function added: {}", AggregateFunctionName(function)));
    }
  }

  template <typename SubjectOf>
  void DiffLabels(const std::vector<Label>& was, const std::vector<Label>& is, SubjectOf subject_of) {
    for (const Label& label : was) {
      const Label* const now = FindLabel(is, label.name);
      if (now == nullptr) {
        Breaking(subject_of(label), "label removed: series change, and what groups by it goes empty",
                 label.position);
      } else {
        DiffLabel(subject_of(label), label, *now);
      }
    }
    for (const Label& label : is) {
      if (FindLabel(was, label.name) != nullptr) continue;
      if (label.optional) {
        Compatible(subject_of(label), "optional label added", label.position);
      } else {
        Breaking(subject_of(label), "label added: series change, and one-to-one matches find several",
                 label.position);
      }
    }
  }

  void DiffLabel(const std::string& subject, const Label& was, const Label& is) {
    DiffValues(subject, was, is);
    if (was.budget > is.budget && is.values.empty())
      Breaking(subject,
               fmt::format("budget: {} -> {}: values over it go to __overflow__", was.budget, is.budget),
               is.position);
    if (was.budget < is.budget && is.values.empty())
      Compatible(subject, fmt::format("budget: {} -> {}", was.budget, is.budget), is.position);
    if (was.optional && !is.optional)
      Breaking(subject, "no longer optional: series without it are refused", is.position);
    if (!was.optional && is.optional) Compatible(subject, "now optional", is.position);
    if (was.help != is.help) Compatible(subject, "help text", is.position);
  }

  void DiffValues(const std::string& subject, const Label& was, const Label& is) {
    if (!was.values.empty() && !is.values.empty()) {
      for (const std::string& value : was.values) {
        if (std::ranges::find(is.values, value) == is.values.end())
          Breaking(subject, fmt::format("value removed: {:?}", value), is.position);
      }
      for (const std::string& value : is.values) {
        if (std::ranges::find(was.values, value) == was.values.end())
          Compatible(subject, fmt::format("value added: {:?}", value), is.position);
      }
    } else if (!was.values.empty()) {
      const auto refused = std::ranges::find_if_not(was.values, [&](const std::string& value) {
        return is.pattern.empty() || RE2::FullMatch(value, is.pattern);
      });
      if (refused == was.values.end() && is.budget >= was.values.size()) {
        Compatible(subject, "values -> a budget that takes all of them", is.position);
      } else if (refused != was.values.end()) {
        Breaking(subject, fmt::format("values -> a pattern that does not take {:?}", *refused), is.position);
      }
    } else if (!is.values.empty()) {
      Breaking(subject, "budget -> values: others were taken before", is.position);
    } else if (was.pattern != is.pattern) {
      if (is.pattern.empty()) {
        Compatible(subject, fmt::format("pattern removed: {:?}", was.pattern), is.position);
      } else {
        // Whether one regular expression takes all that another does is not worth deciding here.
        Breaking(subject,
                 fmt::format("pattern: {:?} -> {:?}: it may refuse what was taken", was.pattern, is.pattern),
                 is.position);
      }
    }
  }

  const Schema& old_;
  const Schema& new_;
  std::vector<Change> changes_;
};

}  // namespace

SchemaDiff DiffSchemas(const Schema& old_schema, const Schema& new_schema) {
  return Differ(old_schema, new_schema).Diff();
}

}  // namespace tickscope::schema
