// Dashboards: our own form, Grafana's classic model, Perses. Queries are found by walking the JSON, so that each keeps its place.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

#include "lint/expression_check.h"
#include "lint/json_tree.h"
#include "lint/linters.h"
#include "lint/source_text.h"
#include "lint/variables.h"

namespace tickscope::lint {
namespace {

constexpr int kRowDepthMax = 4;

// Panels of Grafana whose numbers have a unit.
constexpr std::array<std::string_view, 12> kPanelsWithUnits = {
    "timeseries", "graph",    "stat",    "singlestat", "gauge", "bargauge",
    "barchart",   "piechart", "heatmap", "histogram",  "trend", "xychart"};

const JsonValue* Under(const JsonValue* value, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    value = value == nullptr ? nullptr : value->Find(key);
  return value;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

bool IsPromql(const JsonValue& target) {
  const JsonValue* const source = target.Find("datasource");
  if (source == nullptr || source->kind != JsonKind::kObject) return true;
  const std::string_view type = source->TextOf("type");
  return type.empty() || type == "prometheus" || type == "-- Mixed --" || type == "datasource";
}

class Dashboard {
 public:
  Dashboard(const SourceFile& file, const KnownMetrics& known, Findings& findings)
      : file_(file), source_(file.text), known_(known), findings_(findings) {}

  void Lint() {
    auto root = ParseJson(file_.text);
    if (!root) {
      Tell(root.error().offset, Severity::kError, "json", std::move(root.error().text));
      return;
    }
    if (root->kind != JsonKind::kObject) {
      Tell(root->offset, Severity::kError, "form", "expected a dashboard: an object with panels");
      return;
    }
    const JsonValue* const inner = root->Find("dashboard");
    if (inner != nullptr && inner->kind == JsonKind::kObject) {
      LintGrafana(*inner);
    } else if (root->Find("spec") != nullptr) {
      LintPerses(*root);
    } else if (LooksLikeGrafana(*root)) {
      LintGrafana(*root);
    } else {
      LintOwn(*root);
    }
    if (queries_ == 0) Tell(root->offset, Severity::kWarning, "no-queries", "no panel has a PromQL query");
  }

 private:
  void Tell(std::size_t offset, Severity severity, std::string_view rule, std::string message) {
    findings_.Add({file_.name, source_.PositionAt(offset), severity, std::string(rule), std::move(message)});
  }

  static bool LooksLikeGrafana(const JsonValue& root) {
    if (root.Find("schemaVersion") != nullptr || root.Find("templating") != nullptr ||
        root.Find("rows") != nullptr)
      return true;
    const JsonValue* const panels = root.Find("panels");
    return panels != nullptr && std::ranges::any_of(panels->items, [](const JsonValue& panel) {
             return panel.Find("targets") != nullptr;
           });
  }

  // A list, or nothing when the key is left out; another kind is told.
  std::span<const JsonValue> ListOf(const JsonValue& parent, std::string_view key) {
    const JsonValue* const list = parent.Find(key);
    if (list == nullptr || list->kind == JsonKind::kNull) return {};
    if (list->kind == JsonKind::kArray) return list->items;
    Tell(list->offset, Severity::kError, "form", fmt::format("{}: expected a list", key));
    return {};
  }

  void CheckTitle(const JsonValue& panel, std::string_view title) {
    if (Trimmed(title).empty()) {
      Tell(panel.offset, Severity::kWarning, "panel-title",
           "a panel without a title: say what it shows, for who comes at 3 a.m.");
    }
  }

  void CheckUnit(const JsonValue& panel, std::string_view title, std::string_view unit,
                 std::string_view where) {
    if (!unit.empty()) return;
    Tell(panel.offset, Severity::kWarning, "panel-unit",
         fmt::format("panel {:?} has no unit: set {} (\"none\" or \"short\" for plain numbers)", title,
                     where));
  }

  void CheckQuery(const JsonValue& query) {
    if (query.kind != JsonKind::kString) {
      Tell(query.offset, Severity::kError, "form", "expected a query as a string");
      return;
    }
    ++queries_;
    // A free variable may be a name, a number or a duration; the query is right when one of them is.
    Substituted best = SubstituteVariables(query.text, VariableForm::kWord);
    ExpressionCheck check = CheckExpression(best.text, known_);
    for (const VariableForm form : {VariableForm::kNumber, VariableForm::kDuration}) {
      if (check.expr != nullptr || !best.has_free_variables) break;
      Substituted other = SubstituteVariables(query.text, form);
      ExpressionCheck other_check = CheckExpression(other.text, known_);
      if (other_check.expr == nullptr) continue;
      best = std::move(other);
      check = std::move(other_check);
    }
    for (ExpressionProblem& problem : check.problems) {
      findings_.Add({file_.name, source_.InJsonString(query.offset, best.OriginalOffset(problem.offset)),
                     problem.severity, std::move(problem.rule), std::move(problem.message)});
    }
  }

  // A selector that a variable's values are asked of, or the label they are of.
  void CheckVariableSource(const JsonValue& at, std::string_view selector, std::string_view label) {
    if (!selector.empty()) {
      const Substituted substituted = SubstituteVariables(selector, VariableForm::kWord);
      const ExpressionCheck check = CheckExpression(substituted.text, known_);
      for (const ExpressionProblem& problem : check.problems)
        Tell(at.offset, problem.severity, problem.rule, problem.message);
      if (check.expr == nullptr || label.empty() || label.starts_with('$') || !known_.has_schema()) return;
      const auto labels = ResultLabels(*check.expr, known_);
      if (labels && !labels->contains(std::string(label))) {
        Tell(at.offset, Severity::kError, "unknown-label",
             fmt::format("{} has no label {}: the variable would have no values", selector, label));
      }
    }
  }

  void LintOwn(const JsonValue& root) {
    if (root.Find("panels") == nullptr) {
      Tell(root.offset, Severity::kError, "form",
           "expected panels: a list of objects with title and queries");
      return;
    }
    CheckDashboardTitle(root, root.TextOf("title"));
    for (const JsonValue& variable : ListOf(root, "variables")) {
      if (variable.TextOf("name").empty())
        Tell(variable.offset, Severity::kError, "form", "a variable without a name");
      CheckVariableSource(variable, variable.TextOf("match"), variable.TextOf("label"));
    }
    for (const JsonValue& panel : ListOf(root, "panels")) {
      CheckTitle(panel, panel.TextOf("title"));
      const std::span<const JsonValue> queries = ListOf(panel, "queries");
      if (queries.empty())
        Tell(panel.offset, Severity::kError, "form", "expected queries: a list of PromQL texts");
      for (const JsonValue& query : queries)
        CheckQuery(query);
    }
  }

  void CheckDashboardTitle(const JsonValue& root, std::string_view title) {
    if (Trimmed(title).empty())
      Tell(root.offset, Severity::kWarning, "dashboard-title", "a dashboard without a title");
  }

  void LintGrafana(const JsonValue& root) {
    CheckDashboardTitle(root, root.TextOf("title"));
    if (const JsonValue* const list = Under(&root, {"templating", "list"})) {
      for (const JsonValue& variable : list->items)
        LintGrafanaVariable(variable);
    }
    LintGrafanaPanels(root, 0);
    for (const JsonValue& row : ListOf(root, "rows"))
      LintGrafanaPanels(row, 1);
  }

  void LintGrafanaVariable(const JsonValue& variable) {
    if (variable.TextOf("type") != "query" || !IsPromql(variable)) return;
    const JsonValue* query = variable.Find("query");
    if (query != nullptr && query->kind == JsonKind::kObject) query = query->Find("query");
    if (query == nullptr || query->kind != JsonKind::kString) return;
    const std::string_view text = Trimmed(query->text);
    constexpr std::string_view kLabelValues = "label_values(";
    constexpr std::string_view kQueryResult = "query_result(";
    if (text.starts_with(kQueryResult) && text.ends_with(')')) {
      CheckVariableSource(*query, text.substr(kQueryResult.size(), text.size() - kQueryResult.size() - 1),
                          "");
    }
    if (!text.starts_with(kLabelValues) || !text.ends_with(')')) return;
    const std::string_view inside = text.substr(kLabelValues.size(), text.size() - kLabelValues.size() - 1);
    const std::size_t comma = inside.rfind(',');
    if (comma == std::string_view::npos) return;
    CheckVariableSource(*query, Trimmed(inside.substr(0, comma)), Trimmed(inside.substr(comma + 1)));
  }

  void LintGrafanaPanels(const JsonValue& parent, int depth) {
    if (depth > kRowDepthMax) return;
    for (const JsonValue& panel : ListOf(parent, "panels")) {
      LintGrafanaPanels(panel, depth + 1);
      if (panel.Find("targets") == nullptr) continue;
      const std::string_view title = panel.TextOf("title");
      bool has_query = false;
      for (const JsonValue& target : ListOf(panel, "targets")) {
        const JsonValue* const expr = target.Find("expr");
        if (expr == nullptr || !IsPromql(target) || (expr->kind == JsonKind::kString && expr->text.empty()))
          continue;
        has_query = true;
        CheckQuery(*expr);
      }
      if (!has_query) continue;
      CheckTitle(panel, title);
      if (std::ranges::find(kPanelsWithUnits, panel.TextOf("type")) == kPanelsWithUnits.end()) continue;
      const JsonValue* const defaults = Under(&panel, {"fieldConfig", "defaults"});
      std::string_view unit = defaults == nullptr ? std::string_view() : defaults->TextOf("unit");
      // The classic graph and single number say it elsewhere.
      if (unit.empty()) unit = panel.TextOf("format");
      const JsonValue* const axes = panel.Find("yaxes");
      if (unit.empty() && axes != nullptr && !axes->items.empty())
        unit = axes->items.front().TextOf("format");
      CheckUnit(panel, title, unit, "fieldConfig.defaults.unit");
    }
  }

  void LintPerses(const JsonValue& root) {
    const JsonValue* const panels = Under(&root, {"spec", "panels"});
    if (panels == nullptr || panels->kind != JsonKind::kObject) {
      Tell(root.offset, Severity::kError, "form", "expected spec.panels: an object");
      return;
    }
    if (const JsonValue* const variables = Under(&root, {"spec", "variables"})) {
      for (const JsonValue& variable : variables->items) {
        const JsonValue* const plugin = Under(&variable, {"spec", "plugin", "spec"});
        if (plugin == nullptr) continue;
        const JsonValue* const matchers = plugin->Find("matchers");
        if (matchers == nullptr || matchers->items.empty()) continue;
        CheckVariableSource(matchers->items.front(), matchers->items.front().text,
                            plugin->TextOf("labelName"));
      }
    }
    for (const auto& [key, panel] : panels->members)
      LintPersesPanel(key, panel);
  }

  void LintPersesPanel(std::string_view key, const JsonValue& panel) {
    const JsonValue* const queries = Under(&panel, {"spec", "queries"});
    if (queries == nullptr) return;
    bool has_query = false;
    for (const JsonValue& query : queries->items) {
      const JsonValue* const plugin = Under(&query, {"spec", "plugin"});
      const JsonValue* const text = Under(plugin, {"spec", "query"});
      if (text == nullptr || plugin->TextOf("kind") != "PrometheusTimeSeriesQuery") continue;
      has_query = true;
      CheckQuery(*text);
    }
    if (!has_query) return;
    const JsonValue* const display = Under(&panel, {"spec", "display"});
    const std::string_view title = display == nullptr ? std::string_view() : display->TextOf("name");
    CheckTitle(panel, title);
    const JsonValue* const axis = Under(&panel, {"spec", "plugin", "spec", "yAxis", "format"});
    const JsonValue* const format = Under(&panel, {"spec", "plugin", "spec", "format"});
    std::string_view unit = axis == nullptr ? std::string_view() : axis->TextOf("unit");
    if (unit.empty() && format != nullptr) unit = format->TextOf("unit");
    CheckUnit(panel, title.empty() ? key : title, unit, "its plugin's format.unit");
  }

  const SourceFile& file_;
  SourceText source_;
  const KnownMetrics& known_;
  Findings& findings_;
  std::size_t queries_ = 0;
};

}  // namespace

void LintDashboard(const SourceFile& file, const KnownMetrics& known, Findings& findings) {
  Dashboard(file, known, findings).Lint();
}

}  // namespace tickscope::lint
