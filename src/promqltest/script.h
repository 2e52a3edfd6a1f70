// Script: a PromQL test script (.test file) as a list of commands.
//
// A script loads series into an empty storage and states what expressions must give:
//
//   load 1m
//     up{job="a"}  1 1 0 _ 1x5
//
//   eval instant at 2m up == 0
//     up{job="a"} 0
//
// Lines are trimmed; a line that is empty or starts with '#' ends a block. Times count from the Unix epoch.
// Source   promqltest of Prometheus 3.16, whose scripts run here unchanged.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/labels.h"
#include "promqltest/value_notation.h"

namespace tickscope::promqltest {

struct LoadedSeries {
  Labels labels;
  SlotValues values;
  SlotOffsets start_offsets;  ///< Empty, or one a value.
};

/// `clear`
struct ClearCommand {};

/// `load STEP`, `load_with_nhcb STEP`: value i of a series lands at i * step.
struct LoadCommand {
  std::int64_t step_ms = 0;
  bool with_custom_buckets = false;  ///< Also collate classic histograms into native ones.
  std::vector<LoadedSeries> series;
};

enum class AnnotationKind : std::uint8_t { kWarning, kInfo };

/// A text something must have, whole or by regular expression; unset means any.
struct TextPattern {
  std::optional<std::string> text;
  std::optional<std::string> regex;
  /// Errors: kInvalidArgument when the expression does not compile.
  [[nodiscard]] Result<bool> Matches(std::string_view got) const;
  [[nodiscard]] std::string ToString() const;
};

/// What is said about annotations of one kind.
struct AnnotationExpectation {
  bool none = false;  ///< `no_warn`, `no_info`
  std::vector<TextPattern>
      patterns;  ///< Not empty: at least one annotation, and each must match one of these.
};

struct ExpectedSeries {
  Labels labels;
  SlotValues values;
};

/// A grid of times.
struct TimeGrid {
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::int64_t step_ms = 0;
};

/// `eval instant at T EXPR`, `eval range from A to B step S EXPR`
struct EvalCommand {
  bool is_range = false;
  TimeGrid times;  ///< start_ms alone for an instant query.
  std::string expression;

  std::optional<TextPattern> failure;  ///< Set when evaluation must fail.
  bool ordered = false;
  AnnotationExpectation warnings;
  AnnotationExpectation infos;
  std::optional<std::string> string;
  std::optional<double> scalar;
  std::optional<TimeGrid> range_vector;  ///< The instant query yields a range vector on this grid.
  std::vector<ExpectedSeries> series;
};

struct Command {
  std::size_t line = 0;  ///< From 1.
  std::variant<ClearCommand, LoadCommand, EvalCommand> body;
};

/// Parses a whole script.
/// Errors: kInvalidArgument "line N: what"; kOutOfRange when its series fill more than kSlotsMax slots.
[[nodiscard]] Result<std::vector<Command>> ParseScript(std::string_view text);

}  // namespace tickscope::promqltest
