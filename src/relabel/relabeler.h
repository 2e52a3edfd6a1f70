// Relabeler: rules that change the labels of a target or a series, or drop it, one after the other.
//
//   - {source_labels: [zone, kind], regex: "(.*);game", target_label: cell, replacement: "cell-$1"}
//   - {regex: "tmp_.*", action: labeldrop}
//
// Done once for a target and once for a series at its first sight, never for a sample.
//
// Invariants   R1 the result is a function of the labels and the rules.
//              R2 what rules make is no label set that may not be: names are UTF-8 and not empty, or the rule does nothing.
// Threads      Immutable; apply on any thread.
// Source       Prometheus configuration, relabel_config.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "relabel/relabel_rule.h"

namespace re2 {
class RE2;
}

namespace tickscope::relabel {

class Relabeler {
 public:
  Relabeler() = default;
  /// Errors: kInvalidArgument naming what is wrong with which rule, counted from 1.
  [[nodiscard]] static Result<Relabeler> Make(std::vector<RelabelRule> rules);

  /// Changes the labels; false when they are dropped, and they are of no use then.
  [[nodiscard]] bool Apply(LabelsBuilder& labels) const;

  [[nodiscard]] bool empty() const { return steps_.empty(); }
  [[nodiscard]] std::vector<RelabelRule> rules() const;

  friend bool operator==(const Relabeler& a, const Relabeler& b) { return a.rules() == b.rules(); }

 private:
  struct Step {
    RelabelRule rule;
    std::shared_ptr<const re2::RE2> regex;
  };
  static bool ApplyStep(const Step& step, LabelsBuilder& labels);

  std::vector<Step> steps_;
};

/// What is wrong with the rule; nothing when it is right.
[[nodiscard]] Status CheckRule(const RelabelRule& rule);

}  // namespace tickscope::relabel
