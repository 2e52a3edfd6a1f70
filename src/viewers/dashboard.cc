#include "viewers/dashboard.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>

#include "base/duration.h"

namespace tickscope::viewers {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Points across a panel of a usual page, when nothing says how many.
constexpr std::int64_t kPointsDefault = 700;
constexpr int kRowDepthMax = 4;

std::string_view TextOf(const element& value, std::string_view key) {
  std::string_view text;
  return value[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

bool IsTrue(const element& value, std::string_view key) {
  bool flag = false;
  return value[key].get(flag) == simdjson::SUCCESS && flag;
}

// A duration's text in milliseconds; nothing when there is none or it is none ("$interval").
std::optional<std::int64_t> DurationOf(std::string_view text) {
  if (text.starts_with('>')) text.remove_prefix(1);
  const auto duration_ms = ParseDurationMs(text);
  if (!duration_ms || *duration_ms <= 0) return std::nullopt;
  return *duration_ms;
}

// Like DurationOf, for a key whose value must be right when it is there.
Status ReadDuration(const element& value, std::string_view key, std::string_view where,
                    std::int64_t& duration_ms) {
  element member;
  if (value[key].get(member) != simdjson::SUCCESS) return {};
  std::string_view text;
  if (member.get(text) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {}: want a duration such as \"12h\"", where, key));
  auto parsed = ParseDurationMs(text);
  if (!parsed) return FailWith(fmt::format("{}: {}", where, key), std::move(parsed).error());
  if (*parsed <= 0)
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}: want more than 0", where, key));
  duration_ms = *parsed;
  return {};
}

// "now-12h" is 12 hours.
std::optional<std::int64_t> AgoOf(std::string_view text) {
  return text.starts_with("now-") ? DurationOf(text.substr(4)) : std::nullopt;
}

Status CheckBounds(const Dashboard& dashboard) {
  std::size_t queries = 0;
  for (const Panel& panel : dashboard.panels)
    queries += panel.queries.size();
  if (dashboard.panels.size() > kPanelsMax)
    return Fail(ErrorCode::kOutOfRange, fmt::format("too many panels: want at most {}", kPanelsMax));
  if (queries > kQueriesMax)
    return Fail(ErrorCode::kOutOfRange, fmt::format("too many queries: want at most {}", kQueriesMax));
  if (queries == 0) return Fail(ErrorCode::kInvalidArgument, "no panel has a PromQL query");
  return {};
}

// Our own form.

Result<Panel> ReadPanel(const element& value, std::size_t index) {
  const std::string where = fmt::format("panel {}", index);
  Panel panel{.title = std::string(TextOf(value, "title"))};
  array queries;
  if (value["queries"].get(queries) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, where + ": queries: want a list of texts");
  for (const element& query : queries) {
    std::string_view text;
    if (query.get(text) != simdjson::SUCCESS)
      return Fail(ErrorCode::kInvalidArgument, where + ": queries: want a list of texts");
    panel.queries.emplace_back(text);
  }
  TICKSCOPE_RETURN_IF_ERROR(ReadDuration(value, "range", where, panel.range_ms));
  TICKSCOPE_RETURN_IF_ERROR(ReadDuration(value, "step", where, panel.step_ms));
  return panel;
}

Result<Dashboard> ReadOwn(const element& root) {
  Dashboard dashboard{.title = std::string(TextOf(root, "title"))};
  TICKSCOPE_RETURN_IF_ERROR(ReadDuration(root, "range", "dashboard", dashboard.range_ms));
  array list;
  if (root["variables"].get(list) == simdjson::SUCCESS) {
    for (const element& one : list) {
      Variable variable{.name = std::string(TextOf(one, "name")),
                        .label = std::string(TextOf(one, "label")),
                        .match = std::string(TextOf(one, "match")),
                        .value = std::string(TextOf(one, "value"))};
      if (variable.name.empty()) return Fail(ErrorCode::kInvalidArgument, "variables: want a name in each");
      dashboard.variables.push_back(std::move(variable));
    }
  }
  if (root["panels"].get(list) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "panels: want a list of objects");
  for (const element& one : list) {
    TICKSCOPE_ASSIGN_OR_RETURN(Panel panel, ReadPanel(one, dashboard.panels.size()));
    dashboard.panels.push_back(std::move(panel));
  }
  return dashboard;
}

// Grafana.

// label_values(metric, label) or label_values(label), as a variable's query says it.
void ReadLabelValues(std::string_view query, Variable& variable) {
  constexpr std::string_view kCall = "label_values(";
  const auto trim = [](std::string_view text) {
    while (!text.empty() && text.front() == ' ')
      text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
      text.remove_suffix(1);
    return text;
  };
  query = trim(query);
  if (!query.starts_with(kCall) || !query.ends_with(')')) return;
  query = query.substr(kCall.size(), query.size() - kCall.size() - 1);
  const std::size_t comma = query.rfind(',');
  variable.label = trim(comma == std::string_view::npos ? query : query.substr(comma + 1));
  if (comma != std::string_view::npos) variable.match = trim(query.substr(0, comma));
}

Variable ReadGrafanaVariable(const element& value) {
  Variable variable{.name = std::string(TextOf(value, "name")), .label = {}, .match = {}, .value = {}};
  if (TextOf(value, "type") == "query") {
    std::string_view query = TextOf(value, "query");
    element object_query;
    if (query.empty() && value["query"].get(object_query) == simdjson::SUCCESS)
      query = TextOf(object_query, "query");
    ReadLabelValues(query, variable);
  }
  element current;
  if (value["current"].get(current) != simdjson::SUCCESS) return variable;
  std::string_view text;
  array several;
  if (current["value"].get(several) == simdjson::SUCCESS) {
    for (const element& one : several) {
      if (one.get(text) != simdjson::SUCCESS) continue;
      if (!variable.value.empty()) variable.value += '|';
      variable.value += text;
    }
  } else {
    variable.value = TextOf(current, "value");
  }
  if (variable.value == "$__all") {
    const std::string_view all = TextOf(value, "allValue");
    variable.value = all.empty() ? ".*" : all;
  }
  return variable;
}

bool IsPromql(const element& target) {
  element source;
  if (target["datasource"].get(source) != simdjson::SUCCESS) return true;
  const std::string_view type = TextOf(source, "type");
  return type.empty() || type == "prometheus" || type == "-- Mixed --" || type == "datasource";
}

void ReadGrafanaPanels(const element& parent, int depth, Dashboard& dashboard) {
  array panels;
  if (depth > kRowDepthMax || parent["panels"].get(panels) != simdjson::SUCCESS) return;
  for (const element& one : panels) {
    if (dashboard.panels.size() > kPanelsMax) return;
    ReadGrafanaPanels(one, depth + 1, dashboard);
    array targets;
    if (one["targets"].get(targets) != simdjson::SUCCESS) continue;
    Panel panel{.title = std::string(TextOf(one, "title"))};
    for (const element& target : targets) {
      const std::string_view expr = TextOf(target, "expr");
      if (expr.empty() || IsTrue(target, "hide") || !IsPromql(target)) {
        ++dashboard.skipped_queries;
        continue;
      }
      panel.queries.emplace_back(expr);
      panel.step_min_ms = std::max(panel.step_min_ms, DurationOf(TextOf(target, "interval")).value_or(0));
    }
    if (panel.queries.empty()) continue;
    panel.step_min_ms = std::max(panel.step_min_ms, DurationOf(TextOf(one, "interval")).value_or(0));
    panel.range_ms = DurationOf(TextOf(one, "timeFrom")).value_or(0);
    std::int64_t points = 0;
    if (one["maxDataPoints"].get(points) == simdjson::SUCCESS && points > 0) panel.points = points;
    dashboard.panels.push_back(std::move(panel));
  }
}

Result<Dashboard> ReadGrafana(const element& root) {
  Dashboard dashboard{.title = std::string(TextOf(root, "title"))};
  element time;
  if (root["time"].get(time) == simdjson::SUCCESS)
    dashboard.range_ms = AgoOf(TextOf(time, "from")).value_or(dashboard.range_ms);
  element templating;
  array list;
  if (root["templating"].get(templating) == simdjson::SUCCESS &&
      templating["list"].get(list) == simdjson::SUCCESS) {
    for (const element& one : list) {
      if (TextOf(one, "type") == "datasource") continue;
      Variable variable = ReadGrafanaVariable(one);
      if (!variable.name.empty()) dashboard.variables.push_back(std::move(variable));
    }
  }
  ReadGrafanaPanels(root, 0, dashboard);
  array rows;
  if (root["rows"].get(rows) == simdjson::SUCCESS) {
    for (const element& row : rows)
      ReadGrafanaPanels(row, 1, dashboard);
  }
  return dashboard;
}

// Perses.

// The element under nested keys.
std::optional<element> Under(element value, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (value[key].get(value) != simdjson::SUCCESS) return std::nullopt;
  }
  return value;
}

Result<Dashboard> ReadPerses(const element& root) {
  Dashboard dashboard;
  const element spec = root["spec"];
  if (const auto display = Under(spec, {"display"})) dashboard.title = TextOf(*display, "name");
  dashboard.range_ms = DurationOf(TextOf(spec, "duration")).value_or(dashboard.range_ms);
  array variables;
  if (spec["variables"].get(variables) == simdjson::SUCCESS) {
    for (const element& one : variables) {
      const auto its = Under(one, {"spec"});
      if (!its) continue;
      Variable variable{.name = std::string(TextOf(*its, "name")), .label = {}, .match = {}, .value = {}};
      variable.value = TextOf(*its, TextOf(one, "kind") == "TextVariable" ? "value" : "defaultValue");
      if (variable.value == "$__all") variable.value = ".*";
      if (const auto plugin = Under(*its, {"plugin", "spec"})) variable.label = TextOf(*plugin, "labelName");
      if (!variable.name.empty()) dashboard.variables.push_back(std::move(variable));
    }
  }
  object panels;
  if (spec["panels"].get(panels) != simdjson::SUCCESS)
    return Fail(ErrorCode::kInvalidArgument, "spec.panels: want an object");
  for (const auto& [key, one] : panels) {
    if (dashboard.panels.size() > kPanelsMax) break;
    const auto its = Under(one, {"spec"});
    array queries;
    if (!its || (*its)["queries"].get(queries) != simdjson::SUCCESS) continue;
    Panel panel{.title = std::string(key)};
    for (const element& query : queries) {
      const auto plugin = Under(query, {"spec", "plugin"});
      const auto query_spec = plugin ? Under(*plugin, {"spec"}) : std::nullopt;
      const std::string_view text = query_spec ? TextOf(*query_spec, "query") : std::string_view();
      if (text.empty() || TextOf(*plugin, "kind") != "PrometheusTimeSeriesQuery") {
        ++dashboard.skipped_queries;
        continue;
      }
      panel.queries.emplace_back(text);
      panel.step_min_ms = std::max(panel.step_min_ms, DurationOf(TextOf(*query_spec, "minStep")).value_or(0));
    }
    if (!panel.queries.empty()) dashboard.panels.push_back(std::move(panel));
  }
  return dashboard;
}

bool LooksLikeGrafana(const element& root) {
  if (root["schemaVersion"].error() == simdjson::SUCCESS || root["templating"].error() == simdjson::SUCCESS ||
      root["rows"].error() == simdjson::SUCCESS)
    return true;
  array panels;
  if (root["panels"].get(panels) != simdjson::SUCCESS) return false;
  return std::any_of(panels.begin(), panels.end(),
                     [](const element& panel) { return panel["targets"].error() == simdjson::SUCCESS; });
}

Result<Dashboard> ReadAny(const element& root) {
  // What Grafana's API and Kubernetes wrap it in.
  element inner;
  if (root["dashboard"].get(inner) == simdjson::SUCCESS) return ReadGrafana(inner);
  if (root["spec"].error() == simdjson::SUCCESS) return ReadPerses(root);
  return LooksLikeGrafana(root) ? ReadGrafana(root) : ReadOwn(root);
}

// Grafana's round numbers.
std::int64_t RoundStep(std::int64_t step_ms) {
  constexpr std::pair<std::int64_t, std::int64_t> kRounds[] = {{10, 1},
                                                               {15, 10},
                                                               {35, 20},
                                                               {75, 50},
                                                               {150, 100},
                                                               {350, 200},
                                                               {750, 500},
                                                               {1'500, 1'000},
                                                               {3'500, 2'000},
                                                               {7'500, 5'000},
                                                               {12'500, 10'000},
                                                               {17'500, 15'000},
                                                               {25'000, 20'000},
                                                               {45'000, 30'000},
                                                               {90'000, 60'000},
                                                               {210'000, 120'000},
                                                               {450'000, 300'000},
                                                               {750'000, 600'000},
                                                               {1'050'000, 900'000},
                                                               {1'500'000, 1'200'000},
                                                               {2'700'000, 1'800'000},
                                                               {5'400'000, 3'600'000},
                                                               {9'000'000, 7'200'000},
                                                               {16'200'000, 10'800'000},
                                                               {32'400'000, 21'600'000},
                                                               {86'400'000, 43'200'000},
                                                               {604'800'000, 86'400'000}};
  for (const auto& [below, rounded] : kRounds) {
    if (step_ms < below) return rounded;
  }
  return 604'800'000;
}

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::optional<std::string> ValueOf(std::string_view name, const std::map<std::string, std::string>& values,
                                   const Window& window) {
  if (name == "__interval") return FormatDurationMs(window.step_ms);
  if (name == "__interval_ms") return std::to_string(window.step_ms);
  if (name == "__rate_interval") return FormatDurationMs(window.rate_interval_ms);
  if (name == "__rate_interval_ms") return std::to_string(window.rate_interval_ms);
  if (name == "__range") return FormatDurationMs(window.range_ms);
  if (name == "__range_s") return std::to_string(window.range_ms / 1000);
  if (name == "__range_ms") return std::to_string(window.range_ms);
  if (const auto found = values.find(std::string(name)); found != values.end()) return found->second;
  return std::nullopt;
}

}  // namespace

Result<Dashboard> ReadDashboard(std::string_view json) {
  if (json.size() > kDashboardBytesMax) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("dashboard of {} bytes, want at most {}", json.size(), kDashboardBytesMax));
  }
  simdjson::dom::parser parser(kDashboardBytesMax + simdjson::SIMDJSON_PADDING);
  const simdjson::padded_string padded(json);
  element root;
  if (parser.parse(padded).get(root) != simdjson::SUCCESS || !root.is_object())
    return Fail(ErrorCode::kInvalidArgument, "not a JSON object");
  TICKSCOPE_ASSIGN_OR_RETURN(Dashboard dashboard, ReadAny(root));
  TICKSCOPE_RETURN_IF_ERROR(CheckBounds(dashboard));
  return dashboard;
}

Window WindowOf(const Dashboard& dashboard, const Panel& panel) {
  Window window{.range_ms = panel.range_ms > 0 ? panel.range_ms : dashboard.range_ms};
  window.step_ms = panel.step_ms;
  if (window.step_ms == 0) {
    const std::int64_t points = panel.points > 0 ? panel.points : kPointsDefault;
    window.step_ms = std::max({RoundStep(window.range_ms / points), panel.step_min_ms, kScrapeIntervalMs});
    // The API's bound, as the data source keeps to it.
    window.step_ms = std::max(window.step_ms, window.range_ms / 11'000 + 1);
  }
  window.rate_interval_ms = std::max(window.step_ms + kScrapeIntervalMs, 4 * kScrapeIntervalMs);
  return window;
}

std::string Substitute(std::string_view text, const std::map<std::string, std::string>& values,
                       const Window& window) {
  std::string out;
  const auto put = [&](std::string_view name, std::string_view whole) {
    const std::optional<std::string> value = ValueOf(name.substr(0, name.find(':')), values, window);
    out += value ? std::string_view(*value) : whole;
  };
  while (!text.empty()) {
    const std::size_t at = text.find_first_of("$[");
    out += text.substr(0, at);
    if (at == std::string_view::npos) break;
    text.remove_prefix(at);
    std::size_t length = 1;
    if (text.starts_with("${") && text.contains('}')) {
      length = text.find('}') + 1;
      put(text.substr(2, length - 3), text.substr(0, length));
    } else if (text.starts_with("[[") && text.contains("]]")) {
      length = text.find("]]") + 2;
      put(text.substr(2, length - 4), text.substr(0, length));
    } else if (text.front() == '$') {
      while (length < text.size() && IsNameChar(text[length]))
        ++length;
      put(text.substr(1, length - 1), text.substr(0, length));
    } else {
      out += text.front();
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace tickscope::viewers
