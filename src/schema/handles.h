// Handles: a schema as C11 or C++17 source over the SDK (sdk/include/tickscope), so that a game names metrics and label values
// by identifiers that the compiler checks, and cannot send what the schema does not admit.
//
//   C++   game::Metrics metrics;
//         metrics.Register();
//         metrics.join_failures.Add(game::JoinFailuresReason::kFull);
//
//   C     static game_metrics metrics;
//         game_metrics_register(&metrics);
//         game_join_failures_add(&metrics, GAME_JOIN_FAILURES_REASON_FULL, 1);
//
// Only what the SDK can hold becomes a handle: counters, gauges and histograms whose labels all list their values, within the
// SDK's limits. What is left out is named in a comment with the reason. A counter counts in fractions when its unit is one that
// is measured (seconds), in whole numbers otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "schema/schema.h"

namespace tickscope::schema {

/// The values of a label as an enumeration. Labels of the same name and values share one.
struct HandleEnum {
  std::vector<std::string> words;  ///< Of its name: join, failures, reason.
  std::vector<std::string> values;
  std::vector<std::vector<std::string>> value_words;  ///< Of each enumerator, distinct.
};

struct HandleMetric {
  const Metric* metric = nullptr;
  std::vector<std::string> words;  ///< Of its name, without the schema's and without _total.
  std::vector<std::size_t> enums;  ///< Index of each label's enumeration.
  std::uint32_t series_count = 1;
  bool fractional = false;  ///< A counter of fractions.
};

struct LeftOut {
  std::string metric;
  std::string reason;
};

struct Handles {
  std::string prefix;  ///< An identifier, of the schema's name.
  std::vector<HandleEnum> enums;
  std::vector<HandleMetric> metrics;
  std::vector<LeftOut> left_out;
};

/// What of `schema` becomes handles: metrics whose names match the RE2 `match` as a whole (all, when it is empty). Borrows
/// `schema`. Errors: kInvalidArgument when `match` is no regular expression or nothing is left to make.
[[nodiscard]] Result<Handles> PlanHandles(const Schema& schema, std::string_view match);

[[nodiscard]] std::string HandlesC(const Handles& handles, const Schema& schema, std::string_view source);
[[nodiscard]] std::string HandlesCpp(const Handles& handles, const Schema& schema, std::string_view source);

/// How the SDK calls what a metric is.
struct SdkKind {
  std::string_view type;      ///< TS_COUNTER
  std::string_view handle;    ///< ts_counter, which ts_counter_of makes
  std::string_view call;      ///< ts_counter_add_inline
  std::string_view verb;      ///< add
  std::string_view argument;  ///< amount
};
[[nodiscard]] SdkKind SdkKindOf(const HandleMetric& handle);

/// Statements of C and C++, indented by four, before and after `ts_metric metric` is declared and zeroed: the texts and bounds it
/// points to, and its fields.
[[nodiscard]] std::string MetricStatics(const HandleMetric& handle);
[[nodiscard]] std::string MetricFields(const HandleMetric& handle);

/// `text` as a string literal of C and C++.
[[nodiscard]] std::string StringLiteral(std::string_view text);
/// A double as a literal that reads back as the same double.
[[nodiscard]] std::string DoubleLiteral(double value);

}  // namespace tickscope::schema
