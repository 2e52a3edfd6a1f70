// DashboardDocument: a Perses dashboard that was looked at: its form is right, its name can be an address, and its queries are
// found.
//
//   {"kind": "Dashboard", "metadata": {"name": "fleet"}, "spec": {"panels": {...}, "layouts": [...]}}
//
// Only what pages rely on is checked; plugins and members that nobody knows are kept as they came, so that a dashboard of
// another program goes through here unharmed.
//
// Threads   Immutable once read.
// Source    Perses' dashboard model (github.com/perses/perses, pkg/model/api/v1/dashboard).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "console/json_document.h"

namespace tickscope::console {

inline constexpr std::size_t kDashboardNameBytesMax = 75;
inline constexpr std::size_t kPanelsMax = 500;
inline constexpr std::size_t kVariablesMax = 50;

/// Letters, digits, '_', '-' and, but for the first, '.'; at most kDashboardNameBytesMax.
[[nodiscard]] bool IsDashboardName(std::string_view name);

/// One mistake in a dashboard, at a byte of its text.
struct DashboardMistake {
  std::size_t offset = 0;
  std::string text;
};

/// Everything that is wrong with the form of a tree, in no order; empty for a good one.
[[nodiscard]] std::vector<DashboardMistake> CheckDashboard(const JsonValue& root);

/// Values of variables, by name; several for one that stands for any of them.
using VariableValues = std::map<std::string, std::vector<std::string>, std::less<>>;

/// A PromQL query of a panel.
struct PanelQuery {
  std::string panel;      ///< Its key in spec.panels.
  std::size_t index = 0;  ///< Its place in spec.queries.
  std::string text;       ///< With variables.
};

class DashboardDocument {
 public:
  /// Errors: kInvalidArgument with the first mistakes, a line each: "line 3, column 5: ...".
  [[nodiscard]] static Result<DashboardDocument> Read(std::string_view text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& title() const { return title_; }
  [[nodiscard]] const std::string& description() const { return description_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const std::vector<std::string>& tags() const { return tags_; }
  [[nodiscard]] const JsonValue& root() const { return root_; }
  /// The document as one line: what is stored.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// What the document takes in memory, about.
  [[nodiscard]] std::uint64_t tree_bytes() const { return text_.size() * kTreeBytesAByte; }
  /// Another for other content: 16 hexadecimal digits.
  [[nodiscard]] const std::string& revision() const { return revision_; }

  [[nodiscard]] std::vector<PanelQuery> Queries() const;
  /// What variables are when nobody chose: defaults and constants; those that only a query could tell are any text (.*).
  [[nodiscard]] VariableValues Defaults() const;

 private:
  // A member of a tree takes 150 bytes beside its texts, and in a dashboard's text 10 to 20.
  static constexpr std::uint64_t kTreeBytesAByte = 16;

  JsonValue root_;
  std::string text_;
  std::string revision_;
  std::string name_;
  std::string title_;
  std::string description_;
  std::string folder_;
  std::vector<std::string> tags_;
};

/// `text` with $name, ${name} and ${name:format} replaced; names that are not among `values` stay. Several values, and those of
/// the format regex, become a regular expression; format csv joins by commas, and any other takes the first form.
[[nodiscard]] std::string FillVariables(std::string_view text, const VariableValues& values);

/// The variables that depend on how a query is asked: $__interval, $__rate_interval (as Grafana has it: the step and a scrape, at
/// least four scrapes) and $__range.
[[nodiscard]] VariableValues IntervalVariables(std::int64_t step_ms, std::int64_t range_ms);

}  // namespace tickscope::console
