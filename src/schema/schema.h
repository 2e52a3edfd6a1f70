// Schema: which metrics there may be, what each means, and how many series it can have.
//
//   schema: game
//   version: "1.0"
//   defaults: {owner: gameplay, class: ops, cadence: 10s}
//   target_labels:
//     region: {values: [na, eu, apac]}
//     server: {pattern: "[a-z]+-[a-c]-[0-9]{5}", budget: 20000}
//   labels:
//     platform: {values: [pc, playstation, switch, xbox]}
//   metrics:
//     - name: game_joins_total
//       type: counter
//       help: Players who joined.
//       class: sli
//       labels: {platform: }
//   slis:
//     - name: players
//       title: Players
//       expr: sum by ($by) (game_players{$filter})
//
// The schema is the law for what a game may send: agent and gateway refuse what it does not name, lint holds rules
// and dashboards to it, and typed handles and the catalogue are made from it. A schema that ReadSchema
// (schema_reader.h) returned keeps these invariants:
//
//   S1  metric names are distinct, and so are all names their series have (SeriesNames).
//   S2  every label has a bound: its values, or a budget.
//   S3  no label is reserved (le, quantile, __*); a metric's own label takes the place of an optional target label of that
//       name, and there is none with the name of another target label.
//   S4  a counter ends in _total, a name ends in its unit, bounds ascend and are finite.
//   S5  patterns compile as RE2.
//   S6  metrics and SLIs are in file order; labels of a metric are in name order.
//   S7  names of SLIs are distinct; what they ask has $filter and $by and no other placeholder but $window.
//
// Threads   Plain data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_tree.h"
#include "schema/aggregation.h"

namespace tickscope::schema {

/// Limits of a schema file; what is past one is a mistake in it.
inline constexpr std::size_t kMetricsMax = 10'000;
inline constexpr std::size_t kLabelsMax = 16;           ///< Of a metric, and of targets.
inline constexpr std::size_t kSharedLabelsMax = 1'000;  ///< Defined once for several metrics.
inline constexpr std::size_t kValuesMax = 1'000;        ///< Of a label.
inline constexpr std::size_t kBoundsMax = 200;          ///< Of a classic histogram.
inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::size_t kTextBytesMax = 1'000;  ///< Help text, a pattern, a label value.
inline constexpr std::uint64_t kBudgetMax = 10'000'000;
inline constexpr std::size_t kSlisMax = 50;

enum class MetricKind : std::uint8_t {
  kUnknown,  ///< What an exporter does not type, as node_exporter's vmstat.
  kCounter,
  kGauge,
  kHistogram,  ///< Classic, with `bounds`.
  kNativeHistogram,
  kSummary,
  kInfo,
  kStateSet,
};

/// "unknown", "counter", "gauge", "histogram", "native_histogram", "summary", "info", "stateset", in the enum's order.
inline constexpr std::array<std::string_view, 8> kMetricKindNames = {
    "unknown", "counter", "gauge", "histogram", "native_histogram", "summary", "info", "stateset"};
[[nodiscard]] std::string_view MetricKindName(MetricKind kind);

/// How much a metric matters when not all can be kept: debug is shed first, sli last.
enum class MetricClass : std::uint8_t { kSli, kOps, kDebug };
inline constexpr std::array<std::string_view, 3> kMetricClassNames = {"sli", "ops", "debug"};
[[nodiscard]] std::string_view MetricClassName(MetricClass metric_class);

struct Label {
  std::string name;
  std::string help;
  /// All the values there are, in file order. Empty for a label with a budget.
  std::vector<std::string> values;
  /// RE2, for the whole value. Empty for any text.
  std::string pattern;
  /// Most distinct values that a tenant may have of it, in one metric; later ones go to __overflow__. As many as there
  /// are `values` when those are given.
  std::uint64_t budget = 0;
  /// A series may be without it.
  bool optional = false;
  /// Of the definition in the file.
  config::YamlPosition position;

  friend bool operator==(const Label& a, const Label& b) {
    return a.name == b.name && a.values == b.values && a.pattern == b.pattern && a.budget == b.budget &&
           a.optional == b.optional;
  }
};

struct Metric {
  /// As series carry it, `_total` and `_info` included; a histogram's without _bucket, _sum, _count.
  std::string name;
  MetricKind kind = MetricKind::kUnknown;
  std::string unit;  ///< "seconds"; empty for none.
  std::string help;
  std::string owner;
  MetricClass metric_class = MetricClass::kOps;
  std::int64_t cadence_ms = 10'000;  ///< Between samples in normal operation.
  std::vector<Label> labels;         ///< Besides those of the target.
  /// Of kHistogram: upper bounds, ascending and finite; +Inf is understood.
  std::vector<double> bounds;
  /// Of kNativeHistogram: the finest schema, -4 to 8, and how many buckets before it is made coarser.
  int scale = 3;
  std::uint32_t buckets_max = 160;
  /// Of kGauge: values are rounded to multiples of it; 0 keeps them as they are.
  double resolution = 0;
  /// Most series a target may have of it, a histogram counted once; later ones go to __overflow__. The product of
  /// its labels' budgets when the file gives none.
  std::uint64_t series_max = 1;
  /// What agents add up of it, if anything.
  std::optional<Aggregation> aggregate;
  /// Of the name in the file.
  config::YamlPosition position;
};

/// Which values of an SLI players like.
enum class SliGood : std::uint8_t { kHigh, kLow };
inline constexpr std::array<std::string_view, 2> kSliGoodNames = {"high", "low"};

/// What players feel, as one number for any part of the game.
struct Sli {
  std::string name;   ///< "join_success"
  std::string title;  ///< "Join success"
  std::string help;
  std::string unit;  ///< "ratio", "seconds", "count", or words to write after the number.
  std::string owner;
  /// PromQL with placeholders: $filter, label matchers or nothing; $by, label names or nothing; $window, a duration. They
  /// stand where both forms parse: {le="1",$filter}, by (le,$by).
  std::string expr;
  SliGood good = SliGood::kHigh;
  /// Where it begins to be worth a look, and where it is bad. Both or neither.
  std::optional<double> warn;
  std::optional<double> bad;
  /// Of its place in the file.
  config::YamlPosition position;
};

struct SchemaVersion {
  std::uint32_t major = 1;  ///< Grows with a breaking change.
  std::uint32_t minor = 0;  ///< Grows with a compatible one.
  friend auto operator<=>(const SchemaVersion&, const SchemaVersion&) = default;
};

struct Schema {
  std::string name;
  SchemaVersion version;
  config::YamlPosition version_position;
  std::vector<Label> target_labels;  ///< Every series has them (or may, when optional), in name order.
  std::vector<Metric> metrics;
  std::vector<Sli> slis;
};

/// What the placeholders of an SLI stand for.
struct SliPart {
  std::string filter;  ///< Label matchers, 'region="eu"'; empty for everything.
  std::string window = "5m";
  std::string by;  ///< Label names, "region,mode"; empty for one number.
};

/// PromQL of an SLI for a part of the game.
[[nodiscard]] std::string SliQuery(const Sli& sli, const SliPart& part);

/// The names that series of the metric have: the name itself; _bucket, _sum and _count of a histogram (and the bare name
/// of a native one); name, _sum, _count of a summary.
[[nodiscard]] std::vector<std::string> SeriesNames(const Metric& metric);

/// The label that splits a series of that kind and needs no definition: le, quantile, or the metric's name for a
/// state set. Empty for none.
[[nodiscard]] std::string_view KindLabel(const Metric& metric);

/// The label of that name, or null. Owned by the span.
[[nodiscard]] const Label* FindLabel(std::span<const Label> labels, std::string_view name);

/// The product of its labels' budgets, at most kBudgetMax: how many label sets it can have.
[[nodiscard]] std::uint64_t LabelProduct(const Metric& metric);

/// Most series one target can have of the metric, buckets, sums and counts counted: what the schema admits.
[[nodiscard]] std::uint64_t SeriesPerTarget(const Metric& metric);

/// "1.0".
[[nodiscard]] std::string VersionText(SchemaVersion version);

}  // namespace tickscope::schema
