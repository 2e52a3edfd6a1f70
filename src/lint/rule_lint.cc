// Rule files: groups of recording and alerting rules.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/duration.h"
#include "config/closest_name.h"
#include "config/yaml_tree.h"
#include "lint/expression_check.h"
#include "lint/linters.h"
#include "lint/source_text.h"
#include "lint/template_check.h"
#include "model/labels.h"

namespace tickscope::lint {
namespace {

using config::YamlEntry;
using config::YamlKind;
using config::YamlNode;
using config::YamlPosition;

// What the top of a file, a group and a rule may have, as Prometheus reads them.
constexpr std::string_view kFileKeys[] = {"groups"};
constexpr std::string_view kGroupKeys[] = {"name", "interval", "query_offset", "limit", "labels", "rules"};
constexpr std::string_view kRuleKeys[] = {"record",          "alert",  "expr",       "for",
                                          "keep_firing_for", "labels", "annotations"};

// Characters that would make another thing of a metric's name.
constexpr std::string_view kNotInNames = "{}";

class RuleFile {
 public:
  RuleFile(const SourceFile& file, const KnownMetrics& known, Findings& findings)
      : file_(file), source_(file.text), known_(known), findings_(findings) {}

  void Lint() {
    auto root = config::ReadYaml(file_.text, {.aliases = true, .only_first_document = true});
    if (!root) {
      Tell(root.error().position, Severity::kError, "yaml", std::move(root.error().text));
      return;
    }
    if (root->kind == YamlKind::kNull) {
      Tell({}, Severity::kWarning, "no-rules", "no rules: expected groups");
      return;
    }
    if (!IsMap(*root, "a map with groups", kFileKeys)) return;
    const YamlNode* const groups = ListOf(*root, "groups");
    if (groups == nullptr) return;
    for (const YamlNode& group : groups->items)
      LintGroup(group);
  }

 private:
  void Tell(YamlPosition position, Severity severity, std::string_view rule, std::string message) {
    findings_.Add({file_.name, position, severity, std::string(rule), std::move(message)});
  }
  void Error(YamlPosition position, std::string_view rule, std::string message) {
    Tell(position, Severity::kError, rule, std::move(message));
  }

  // Whether it is a map; tells keys that no such map has.
  bool IsMap(const YamlNode& node, std::string_view expected, std::span<const std::string_view> keys) {
    if (node.kind != YamlKind::kMap) {
      Error(node.position, "form",
            fmt::format("expected {}, got {}", expected, config::YamlKindName(node.kind)));
      return false;
    }
    const std::vector<std::string> candidates(keys.begin(), keys.end());
    for (const YamlEntry& entry : node.entries) {
      if (std::ranges::find(keys, entry.key) != keys.end()) continue;
      const std::string closest = config::ClosestName(entry.key, candidates);
      Error(entry.key_position, "form",
            closest.empty()
                ? fmt::format("unknown key {:?}, expected one of {}", entry.key, fmt::join(keys, ", "))
                : fmt::format("unknown key {:?}, did you mean {:?}?", entry.key, closest));
    }
    return true;
  }

  // The value of a key; null when it is left out or of another kind, which is told.
  const YamlNode* ValueOf(const YamlNode& map, std::string_view key, YamlKind kind) {
    const YamlEntry* const entry = map.Find(key);
    if (entry == nullptr || entry->value.kind == YamlKind::kNull) return nullptr;
    if (entry->value.kind == kind) return &entry->value;
    Error(entry->value.position, "form",
          fmt::format("{}: expected {}, got {}", key, config::YamlKindName(kind),
                      config::YamlKindName(entry->value.kind)));
    return nullptr;
  }
  const YamlNode* ListOf(const YamlNode& map, std::string_view key) {
    return ValueOf(map, key, YamlKind::kList);
  }
  const YamlNode* ScalarOf(const YamlNode& map, std::string_view key) {
    return ValueOf(map, key, YamlKind::kScalar);
  }

  void CheckDuration(const YamlNode& map, std::string_view key) {
    const YamlNode* const node = ScalarOf(map, key);
    if (node == nullptr) return;
    const auto duration_ms = ParseDurationMs(node->scalar);
    if (!duration_ms) {
      Error(node->position, "duration",
            fmt::format("{}: expected a duration such as 30s or 5m, got {:?}", key, node->scalar));
    }
  }

  void LintGroup(const YamlNode& group) {
    if (!IsMap(group, "a group: a map with name and rules", kGroupKeys)) return;
    const YamlNode* const name = ScalarOf(group, "name");
    if (name == nullptr || name->scalar.empty()) {
      Error(group.position, "group-name", "a group without a name: give it one that is unique in the file");
    } else if (!group_names_.insert(name->scalar).second) {
      Error(name->position, "group-name",
            fmt::format("group {:?} comes twice in this file: rename one", name->scalar));
    }
    CheckDuration(group, "interval");
    CheckDuration(group, "query_offset");
    if (const YamlNode* const limit = ScalarOf(group, "limit")) {
      const bool number = !limit->scalar.empty() &&
                          std::ranges::all_of(limit->scalar, [](char c) { return c >= '0' && c <= '9'; });
      if (!number)
        Error(limit->position, "form",
              fmt::format("limit: expected a whole number, got {:?}", limit->scalar));
    }
    CheckNames(group, "labels");
    const YamlNode* const rules = ListOf(group, "rules");
    if (rules == nullptr) return;
    for (const YamlNode& rule : rules->items)
      LintRule(rule, name == nullptr ? "" : name->scalar);
  }

  void LintRule(const YamlNode& rule, const std::string& group) {
    if (!IsMap(rule, "a rule: a map with record or alert, and expr", kRuleKeys)) return;
    const YamlNode* const record = ScalarOf(rule, "record");
    const YamlNode* const alert = ScalarOf(rule, "alert");
    if (record != nullptr && alert != nullptr) {
      Error(alert->position, "rule-kind", "both record and alert: make two rules of it");
    } else if ((record == nullptr || record->scalar.empty()) && (alert == nullptr || alert->scalar.empty())) {
      Error(rule.position, "rule-kind", "neither record nor alert: name what the rule makes");
    }
    if (record != nullptr) LintRecording(rule, *record);
    CheckDuration(rule, "for");
    CheckDuration(rule, "keep_firing_for");
    CheckNames(rule, "labels");
    CheckNames(rule, "annotations");
    const ExpressionCheck check = LintExpression(rule);
    if (alert != nullptr) LintTemplates(rule, check);
    const YamlNode* const name = record != nullptr ? record : alert;
    if (name != nullptr) NoteDuplicate(rule, *name, record != nullptr ? "record" : "alert", group);
  }

  void LintRecording(const YamlNode& rule, const YamlNode& record) {
    const std::string& name = record.scalar;
    if (!IsValidUtf8(name) || name.find_first_of(kNotInNames) != std::string::npos) {
      Error(record.position, "record-name",
            fmt::format("{:?} is no metric name: leave labels to the rule's labels", name));
    }
    for (const std::string_view key : {"for", "keep_firing_for", "annotations"}) {
      const YamlEntry* const entry = rule.Find(key);
      if (entry != nullptr && entry->value.kind != YamlKind::kNull)
        Error(entry->key_position, "rule-kind",
              fmt::format("{} is for alerts, this rule records: leave it out", key));
    }
    if (known_.has_schema() && known_.MetricOf(name) != nullptr)
      Error(record.position, "record-name",
            fmt::format("{} is a metric of the schema: record under another name", name));
  }

  // Keys of labels and annotations.
  void CheckNames(const YamlNode& map, std::string_view key) {
    const YamlNode* const names = ValueOf(map, key, YamlKind::kMap);
    if (names == nullptr) return;
    for (const YamlEntry& one : names->entries) {
      if (one.key.empty() || !IsValidUtf8(one.key) || (key == "labels" && one.key == kMetricName))
        Error(one.key_position, "label-name", fmt::format("{:?} is no name for one of the {}", one.key, key));
      if (one.value.kind != YamlKind::kScalar && one.value.kind != YamlKind::kNull) {
        Error(one.value.position, "form",
              fmt::format("{}.{}: expected a single value, got {}", key, one.key,
                          config::YamlKindName(one.value.kind)));
      } else if (!IsValidUtf8(one.value.scalar)) {
        Error(one.value.position, "form", fmt::format("{}.{}: expected valid UTF-8", key, one.key));
      }
    }
  }

  ExpressionCheck LintExpression(const YamlNode& rule) {
    const YamlNode* const expr = ScalarOf(rule, "expr");
    if (expr == nullptr || expr->scalar.empty()) {
      const YamlEntry* const entry = rule.Find("expr");
      Error(entry == nullptr ? rule.position : entry->key_position, "promql",
            "no expression: give the rule an expr");
      return {};
    }
    ExpressionCheck check = CheckExpression(expr->scalar, known_);
    for (ExpressionProblem& problem : check.problems) {
      Tell(source_.InYamlScalar(expr->position, expr->scalar, problem.offset), problem.severity, problem.rule,
           std::move(problem.message));
    }
    return check;
  }

  void LintTemplates(const YamlNode& rule, const ExpressionCheck& check) {
    const auto labels =
        check.expr == nullptr || !known_.has_schema() ? std::nullopt : ResultLabels(*check.expr, known_);
    for (const std::string_view key : {"labels", "annotations"}) {
      const YamlEntry* const entry = rule.Find(key);
      if (entry == nullptr) continue;
      for (const YamlEntry& one : entry->value.entries) {
        const TemplateReading reading = ReadTemplate(one.value.scalar);
        const auto place = [&](std::size_t offset) {
          return source_.InYamlScalar(one.value.position, one.value.scalar, offset);
        };
        for (const TemplateProblem& problem : reading.problems)
          Error(place(problem.offset), "template", fmt::format("{}.{}: {}", key, one.key, problem.message));
        for (const TemplateLabel& label : reading.labels) {
          // Labels of the rule itself are the alert's, but $labels are those of the expression.
          if (!labels || labels->contains(label.name) || label.name == "alertname") continue;
          Tell(place(label.offset), Severity::kWarning, "template-label",
               fmt::format("{}.{}: the expression's result has no label {}, so this is always empty: {}", key,
                           one.key, label.name,
                           labels->empty() ? std::string("it has none")
                                           : fmt::format("it has {}", fmt::join(*labels, ", "))));
        }
      }
    }
  }

  // The same name with the same labels makes the same series twice.
  void NoteDuplicate(const YamlNode& rule, const YamlNode& name, std::string_view kind,
                     const std::string& group) {
    std::map<std::string, std::string> labels;
    if (const YamlEntry* const entry = rule.Find("labels")) {
      for (const YamlEntry& one : entry->value.entries)
        labels[one.key] = one.value.scalar;
    }
    std::string identity = fmt::format("{}\n{}", kind, name.scalar);
    for (const auto& [label, value] : labels)
      identity += fmt::format("\n{:?}={:?}", label, value);
    const auto [first, is_new] = rules_.try_emplace(std::move(identity), name.position, group);
    if (is_new) return;
    Tell(name.position, Severity::kWarning, "duplicate-rule",
         fmt::format("{} {:?} with the same labels is in line {} already, group {:?}: rename one, or tell "
                     "them apart by a label",
                     kind, name.scalar, first->second.first.line, first->second.second));
  }

  const SourceFile& file_;
  SourceText source_;
  const KnownMetrics& known_;
  Findings& findings_;
  std::set<std::string> group_names_;
  std::map<std::string, std::pair<YamlPosition, std::string>> rules_;
};

}  // namespace

void NoteRecorded(const SourceFile& file, KnownMetrics& known) {
  const auto root = config::ReadYaml(file.text, {.aliases = true, .only_first_document = true});
  if (!root) return;
  const YamlEntry* const groups = root->Find("groups");
  if (groups == nullptr) return;
  for (const YamlNode& group : groups->value.items) {
    const YamlEntry* const rules = group.Find("rules");
    if (rules == nullptr) continue;
    for (const YamlNode& rule : rules->value.items) {
      const YamlEntry* const record = rule.Find("record");
      // What takes a schema's name is told as a mistake, and does not change what the name means.
      if (record != nullptr && !record->value.scalar.empty() && !known.Knows(record->value.scalar))
        known.AddRecorded(record->value.scalar);
    }
  }
}

void LintRules(const SourceFile& file, const KnownMetrics& known, Findings& findings) {
  RuleFile(file, known, findings).Lint();
}

}  // namespace tickscope::lint
