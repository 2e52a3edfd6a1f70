// Linters: what each finds, at which place, and that good files are left alone. Material of others (rule files with promtool's
// verdicts, OpenMetrics' parser cases) is read where it lies, as in wire/exposition_conformance_test.cc.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "lint/finding.h"
#include "lint/linters.h"
#include "schema/schema_reader.h"

namespace tickscope::lint {
namespace {

namespace fs = std::filesystem;

fs::path Conformance() {
  const char* const shared = std::getenv("TICKSCOPE_SHARED");
  const fs::path root =
      shared != nullptr ? fs::path(shared) : fs::path(TICKSCOPE_SOURCE_ROOT) / ".." / "shared";
  return root / "conformance";
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

schema::Schema TheSchema() {
  const auto schema =
      schema::ReadSchema(ReadFile(fs::path(TICKSCOPE_SOURCE_ROOT) / "schema/game.yaml"), "game.yaml");
  EXPECT_TRUE(schema.has_value());
  return *schema;
}

std::vector<std::string> Told(const Findings& findings) {
  std::vector<std::string> told;
  for (const Finding& finding : findings.list()) {
    told.push_back(fmt::format("{}:{} {}{} {}", finding.position.line, finding.position.column,
                               finding.severity == Severity::kWarning ? "~" : "", finding.rule,
                               finding.message));
  }
  return told;
}

std::vector<std::string> LintRulesText(const std::string& text, const schema::Schema* schema = nullptr) {
  Findings findings;
  KnownMetrics known(schema);
  const SourceFile file{"rules.yaml", text};
  NoteRecorded(file, known);
  LintRules(file, known, findings);
  findings.Sort();
  return Told(findings);
}

// A file of one group, whose rules begin in line 4.
std::string Rules(std::string_view rules) {
  return fmt::format("groups:\n  - name: g\n    rules:\n{}", rules);
}

TEST(RuleLint, Form) {
  struct Case {
    const char* name;
    std::string text;
    const char* told;
  };
  const Case cases[] = {
      {"YAML", "groups: {", "2:1 yaml not valid YAML: end of map flow not found"},
      {"a list", "- 1\n", "1:1 form expected a map with groups, got a list"},
      {"a typo", "group: []\n", "1:1 form unknown key \"group\", did you mean \"groups\"?"},
      {"no name", "groups:\n  - rules: []\n",
       "2:5 group-name a group without a name: give it one that is unique in the file"},
      {"a name twice", "groups:\n  - name: a\n  - name: a\n",
       "3:11 group-name group \"a\" comes twice in this file: rename one"},
      {"both", Rules("      - record: a\n        alert: b\n        expr: up\n"),
       "5:16 rule-kind both record and alert: make two rules of it"},
      {"neither", Rules("      - expr: up\n"),
       "4:9 rule-kind neither record nor alert: name what the rule makes"},
      {"no expression", Rules("      - alert: a\n"), "4:9 promql no expression: give the rule an expr"},
      {"a recording that waits", Rules("      - record: a\n        expr: up\n        for: 5m\n"),
       "6:9 rule-kind for is for alerts, this rule records: leave it out"},
      {"no duration", Rules("      - alert: a\n        expr: up\n        for: soon\n"),
       "6:14 duration for: expected a duration such as 30s or 5m, got \"soon\""},
      {"braces", Rules("      - record: \"a{b='c'}\"\n        expr: up\n"),
       "4:17 record-name \"a{b='c'}\" is no metric name: leave labels to the rule's labels"},
      {"__name__", Rules("      - record: a\n        expr: up\n        labels: {__name__: x}\n"),
       "6:18 label-name \"__name__\" is no name for one of the labels"},
      {"promql in a block",
       Rules("      - alert: a\n        expr: |\n          sum(up)\n            by (x) +\n"),
       "7:21 promql parse error: unexpected end of input"},
      {"promql in quotes", Rules("      - alert: a\n        expr: \"up{job=\\\"x\\\"} ++ )\"\n"),
       "5:34 promql parse error: unexpected right parenthesis ')'"},
      {"a template",
       Rules("      - alert: a\n        expr: up\n        annotations:\n          s: 'x {{ $lables.a }}'\n"),
       "7:20 template annotations.s: variable \"$lables\" is not defined: Prometheus gives $labels, $value, "
       "$externalLabels and $externalURL"},
      {"the same again",
       Rules("      - alert: a\n        expr: up\n      - alert: a\n        expr: up == 0\n"),
       "6:16 ~duplicate-rule alert \"a\" with the same labels is in line 4 already, group \"g\": rename one, "
       "or tell them "
       "apart by a label"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(LintRulesText(c.text), testing::ElementsAre(c.told));
  }
  EXPECT_THAT(LintRulesText(Rules("      - alert: a\n        expr: up\n      - alert: a\n        expr: up\n  "
                                  "      labels: {s: x}\n")),
              testing::IsEmpty());
}

TEST(RuleLint, WhatTheSchemaKnows) {
  const schema::Schema schema = TheSchema();
  struct Case {
    const char* expr;
    const char* told;  ///< Columns count from the expression's first byte; empty for nothing.
  };
  const Case cases[] = {
      {"sum by (region) (rate(game_joins_total{platform=\"pc\"}[5m]))", ""},
      {"histogram_quantile(0.99, sum by (le, region) (rate(game_tick_duration_seconds_bucket[5m])))", ""},
      {"sum(rate(game_join_total[5m]))",
       "10 unknown-metric no series game_join_total in the schema: did you mean game_joins_total?"},
      {"game_tick_duration_seconds",
       "1 unknown-metric no series game_tick_duration_seconds in the schema: did you mean "
       "game_tick_duration_seconds_sum?"},
      {"game_joins_total{plattform=\"pc\"}",
       "18 unknown-label game_joins_total has no label plattform: did you mean platform?"},
      {"game_joins_total{platform=\"ps5\"}",
       "18 unknown-value platform is never \"ps5\": it is one of pc, playstation, switch, xbox"},
      {"game_joins_total{platform=~\"pc|ps.*\"}", ""},
      {"game_joins_total{platform=~\"ps5|ps4\"}",
       "18 unknown-value platform is never \"ps5|ps4\": it is one of pc, playstation, switch, xbox"},
      {"game_players{zone=\"eu-west\"}",
       "14 unknown-value zone is never \"eu-west\": its values look like (na|eu|apac)-[a-c]"},
      {"sum by (regoin) (game_players)",
       "9 unknown-label nothing aggregated here has a label regoin: did you mean region?"},
      {"sum by (region) (sum by (platform) (game_players))",
       "9 unknown-label nothing aggregated here has a label region: it has platform"},
      {"histogram_quantile(0.9, sum by (region) (rate(game_rtt_seconds_bucket[5m])))",
       "1 quantile-without-le histogram_quantile of buckets whose le was aggregated away: keep it, sum by "
       "(le, ...)"},
      {"rate(game_players[5m])",
       "1 ~rate-of-gauge rate of game_players, a gauge: it takes every fall for a restart; use delta or "
       "deriv"},
      {"delta(game_joins_total[5m])",
       "1 ~delta-of-counter delta of game_joins_total, a counter: it takes a restart for a fall; use rate or "
       "increase"},
      {"rate(game_joins_total[15s])",
       "1 ~short-range rate over 15s of game_joins_total, which is sent every 10s: two samples are needed; "
       "use at least 40s"},
      {"label_replace(game_players, \"x\", \"$1\", \"zone\", \"(.*)-.\")", ""},
      {"sum by (x) (label_replace(game_players, \"x\", \"$1\", \"zone\", \"(.*)-.\"))", ""},
      {"node_cpu_seconds_total{mode=\"idle\"}", ""},
      {"node_cpu_seconds_total{mode=\"ranked\"}",
       "24 unknown-value mode is never \"ranked\": it is one of idle, iowait, irq, nice, "
       "softirq, steal, system, user"},
      {"up{job=\"x\"} == 0 or ALERTS{anything=\"y\"} or tickscope_up", ""},
      {"recorded:anything{x=\"y\"}", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.expr);
    const auto told = LintRulesText(
        fmt::format("groups:\n- name: g\n  rules:\n  - {{record: \"recorded:anything\", expr: up}}\n"
                    "  - alert: a\n    expr: |1\n      {}\n",
                    c.expr),
        &schema);
    if (std::string_view(c.told).empty()) {
      EXPECT_THAT(told, testing::IsEmpty());
    } else {
      const std::string_view expected = c.told;
      const int column = std::stoi(std::string(expected.substr(0, expected.find(' ')))) + 6;
      EXPECT_THAT(told,
                  testing::ElementsAre(fmt::format("7:{}{}", column, expected.substr(expected.find(' ')))));
    }
  }
}

TEST(RuleLint, TemplatesReadOnlyLabelsThatAreThere) {
  const schema::Schema schema = TheSchema();
  const auto told = LintRulesText(
      Rules("      - alert: a\n        expr: sum by (region) (game_players) > 1\n        annotations:\n"
            "          s: '{{ $labels.region }} {{ $labels.server }}'\n"),
      &schema);
  EXPECT_THAT(told, testing::ElementsAre(
                        "7:47 ~template-label annotations.s: the expression's result has no label server, so "
                        "this is always empty: it has region"));
}

// promtool's verdicts on rule files.
TEST(RuleLint, DecidesAsPromtool) {
  const fs::path root = Conformance() / "rules";
  if (!fs::exists(root)) GTEST_SKIP() << "no conformance material at " << root << "; set TICKSCOPE_SHARED";
  const auto errors = [&](const fs::path& path) {
    Findings findings;
    KnownMetrics known(nullptr);
    LintRules({path.filename().string(), ReadFile(path)}, known, findings);
    std::string text;
    for (const std::string& one : Told(findings))
      text += one + "\n";
    return std::pair(findings.errors(), text);
  };
  std::ifstream verdicts(root / "expected.tsv");
  std::string row;
  std::size_t cases = 0;
  while (std::getline(verdicts, row)) {
    std::istringstream columns(row);
    std::string file;
    std::string command;
    std::string exit_code;
    std::getline(columns, file, '\t');
    std::getline(columns, command, '\t');
    std::getline(columns, exit_code, '\t');
    if (row.starts_with('#') || command != "check rules" || !fs::exists(root / file)) continue;
    ++cases;
    const auto [count, text] = errors(root / file);
    EXPECT_EQ(count > 0, exit_code == "1") << file << "\n" << text;
  }
  EXPECT_EQ(cases, 13U);
  for (const fs::directory_entry& file : fs::directory_iterator(root / "manager-fixtures")) {
    if (file.path().filename() == "invalid_rules.yaml") continue;
    const auto [count, text] = errors(file.path());
    EXPECT_EQ(count, 0U) << file.path() << "\n" << text;
  }
}

std::vector<std::string> LintDashboardText(const std::string& text, const schema::Schema* schema = nullptr) {
  Findings findings;
  LintDashboard({"d.json", text}, KnownMetrics(schema), findings);
  findings.Sort();
  return Told(findings);
}

TEST(DashboardLint, OwnForm) {
  EXPECT_THAT(
      LintDashboardText(
          "{\"title\": \"d\", \"panels\": [\n {\"title\": \"p\", \"queries\": "
          "[\"sum(up{r=~\\\"$r\\\"}[$__interval])\"]},\n"
          " {\"queries\": [\"up > $limit\", \"topk($n, up)\", \"sum by ($by) (a_${x}_total)\"]},\n"
          " {\"title\": \"q\"}]}"),
      testing::ElementsAre(
          "2:34 promql parse error: expected type instant vector in aggregation expression, got range vector",
          "3:2 ~panel-title a panel without a title: say what it shows, for who comes at 3 a.m.",
          "4:2 form expected queries: a list of PromQL texts"));
  EXPECT_THAT(LintDashboardText("{\"title\": 1"), testing::ElementsAre("1:12 json expected ',' or '}'"));
  EXPECT_THAT(LintDashboardText("{}"),
              testing::ElementsAre("1:1 form expected panels: a list of objects with title and queries",
                                   "1:1 ~no-queries no panel has a PromQL query"));
}

TEST(DashboardLint, GrafanaAndPerses) {
  const schema::Schema schema = TheSchema();
  // clang-format off
  const std::string grafana = R"x({"title": "d", "schemaVersion": 39,
 "templating": {"list": [{"name": "r", "type": "query", "query": "label_values(game_players, regin)"}]},
 "panels": [{"type": "row", "panels": [
  {"type": "timeseries", "title": "p", "targets": [{"expr": "sum(rate(game_join_total{region=\"$r\"}[5m]))"}]},
  {"type": "stat", "title": "", "fieldConfig": {"defaults": {"unit": "s"}}, "targets": [{"expr": "game_players"}]},
  {"type": "timeseries", "title": "logs", "targets": [{"datasource": {"type": "loki"}, "expr": "{a=\"b\"} |= \"c\""}]}]}]})x";
  // clang-format on
  EXPECT_THAT(
      LintDashboardText(grafana, &schema),
      testing::ElementsAre(
          "2:66 unknown-label game_players has no label regin: the variable would have no values",
          "4:3 ~panel-unit panel \"p\" has no unit: set fieldConfig.defaults.unit (\"none\" or \"short\" for "
          "plain numbers)",
          "4:71 unknown-metric no series game_join_total in the schema: did you mean game_joins_total?",
          "5:3 ~panel-title a panel without a title: say what it shows, for who comes at 3 a.m."));
  // clang-format off
  const std::string perses = R"x({"kind": "Dashboard", "spec": {"panels": {"a": {"spec": {"display": {"name": "A"},
 "queries": [{"spec": {"plugin": {"kind": "PrometheusTimeSeriesQuery", "spec": {"query": "sum(game_player)"}}}}]}}}}})x";
  // clang-format on
  EXPECT_THAT(
      LintDashboardText(perses, &schema),
      testing::ElementsAre(
          "1:48 ~panel-unit panel \"A\" has no unit: set its plugin's format.unit (\"none\" or \"short\" for "
          "plain numbers)",
          "2:95 unknown-metric no series game_player in the schema: did you mean game_players?"));
}

TEST(SchemaLint, WhatSlisAskIsHeldToTheSchema) {
  const std::string good = ReadFile(fs::path(TICKSCOPE_SOURCE_ROOT) / "schema/game.yaml");
  const auto lint = [&](const std::string& sli) {
    Findings findings;
    LintSchema({"s.yaml", good + "  - {name: x, title: X, help: H., unit: u, expr: '" + sli + "'}\n"},
               findings);
    return findings.list();
  };
  EXPECT_TRUE(lint("sum by ($by) (game_players{$filter})").empty());
  const auto unknown = lint("sum by ($by) (game_playerz{$filter})");
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_EQ(unknown.front().rule, "unknown-metric");
  EXPECT_GT(unknown.front().position.line, 600U) << "the place of the SLI";
  const auto broken = lint("sum by ($by (game_players{$filter})");
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_EQ(broken.front().severity, Severity::kError);
  const auto only_without =
      lint("histogram_quantile(0.9, sum by ($by,le) (rate(game_rtt_seconds_bucket{$filter}[$window])))");
  ASSERT_EQ(only_without.size(), 1U) << "by (,le) does not parse, which the form without labels tells";
}

TEST(DashboardLint, TheDashboardsWeShipFitTheSchemaWeShip) {
  const schema::Schema schema = TheSchema();
  for (const fs::directory_entry& file :
       fs::recursive_directory_iterator(fs::path(TICKSCOPE_SOURCE_ROOT) / "dashboards")) {
    if (!file.is_regular_file()) continue;
    Findings findings;
    LintDashboard({file.path().filename().string(), ReadFile(file.path())}, KnownMetrics(&schema), findings);
    EXPECT_EQ(findings.errors(), 0U) << file.path() << testing::PrintToString(Told(findings));
  }
}

std::vector<std::string> LintExpositionText(const std::string& text, wire::ExpositionFormat format,
                                            const schema::Schema* schema = nullptr) {
  Findings findings;
  LintExposition({"m", text}, {.format = format}, KnownMetrics(schema), findings);
  return Told(findings);
}

TEST(ExpositionLint, PlacesOfTheParsersMistakes) {
  EXPECT_THAT(LintExpositionText("a 1\nb{c=d} 1\n", wire::ExpositionFormat::kText),
              testing::ElementsAre("2:5 exposition expected a label value in double quotes, got \"d} 1\""));
  EXPECT_THAT(
      LintExpositionText("# TYPE a counter\na_total -1\n# EOF\n", wire::ExpositionFormat::kOpenMetrics),
      testing::ElementsAre("2:1 exposition negative value of a_total: -1"));
  EXPECT_THAT(LintExpositionText("a 1\n", wire::ExpositionFormat::kOpenMetrics),
              testing::ElementsAre("2:1 exposition end of the body: expected \"# EOF\" as the last line"));
}

TEST(ExpositionLint, WhatTheSchemaKnows) {
  const schema::Schema schema = TheSchema();
  const std::string text =
      "# TYPE game_players counter\n"
      "game_players{platform=\"pc\",region=\"eu\"} 5\n"
      "game_players{platform=\"ps5\"} 5\n"
      "game_players{plattform=\"pc\"} 5\n"
      "game_playerz 5\n"
      "game_rtt_seconds_bucket{le=\"0.7\"} 5\n"
      "game_rtt_seconds_bucket{le=\"1\"} 5\n"
      "up 1\n";
  EXPECT_THAT(LintExpositionText(text, wire::ExpositionFormat::kText, &schema),
              testing::ElementsAre(
                  "1:8 wrong-type game_players is a gauge in the schema, here a counter: a name has one type",
                  "3:1 unknown-value game_players: a value of platform that is not one of pc, playstation, "
                  "switch, xbox",
                  "4:1 unknown-label game_players has no label plattform: did you mean platform?",
                  "4:1 missing-label game_players without its label platform",
                  "5:1 unknown-metric no series game_playerz in the schema: did you mean game_players?",
                  "6:1 unknown-bucket game_rtt_seconds has no bucket with le \"0.7\": it has 0.005, 0.01, "
                  "0.015, 0.02, 0.025, 0.03, "
                  "0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.5, 1"));
}

TEST(ExpositionLint, DecidesAsTheConformanceSet) {
  const fs::path root = Conformance() / "openmetrics";
  if (!fs::exists(root)) GTEST_SKIP() << "no conformance material at " << root << "; set TICKSCOPE_SHARED";
  std::ifstream verdicts(root / "prometheus_3.16_verdict.tsv");
  std::string row;
  std::size_t cases = 0;
  while (std::getline(verdicts, row)) {
    if (row.starts_with('#')) continue;
    std::istringstream columns(row);
    std::string name;
    std::string spec;
    std::string prometheus;
    columns >> name >> spec >> prometheus;
    ++cases;
    const std::string body = ReadFile(root / "parsers" / name / "metrics");
    for (const auto& [mode, verdict] :
         {std::pair(wire::ExpositionMode::kStrict, spec), {wire::ExpositionMode::kScrape, prometheus}}) {
      Findings findings;
      LintExposition({name, body}, {.format = wire::ExpositionFormat::kOpenMetrics, .mode = mode},
                     KnownMetrics(nullptr), findings);
      EXPECT_EQ(findings.errors() == 0, verdict == "true")
          << name << testing::PrintToString(Told(findings)) << "\n"
          << body;
    }
  }
  EXPECT_EQ(cases, 152U);
}

TEST(Report, Formats) {
  Findings findings;
  findings.Add({"b c.yaml", {3, 7}, Severity::kWarning, "help", "say \"what\"\nis measured"});
  findings.Add({"b c.yaml", {1, 2}, Severity::kError, "form", "bad \xff"});
  findings.Sort();
  EXPECT_EQ(Report(findings, 1, ReportFormat::kText),
            "b c.yaml:1:2: error: bad \xff [form]\nb c.yaml:3:7: warning: say \"what\"; is measured [help]\n"
            "1 file: 1 error, 1 warning\n");
  const std::string json = Report(findings, 1, ReportFormat::kJson);
  EXPECT_THAT(json,
              testing::HasSubstr(
                  "{\"file\": \"b c.yaml\", \"line\": 1, \"column\": 2, \"severity\": \"error\", \"rule\": "
                  "\"form\", \"message\": \"bad ?\"}"));
  const std::string sarif = Report(findings, 1, ReportFormat::kSarif);
  EXPECT_THAT(sarif, testing::HasSubstr("\"uri\": \"b%20c.yaml\""));
  EXPECT_THAT(sarif, testing::HasSubstr("{\"ruleId\": \"help\", \"ruleIndex\": 1, \"level\": \"warning\""));
}

TEST(Report, IsBounded) {
  Findings findings;
  for (std::size_t i = 0; i < Findings::kFindingsMax + 5; ++i)
    findings.Add({"f", {1, 1}, Severity::kError, "r", "m"});
  EXPECT_EQ(findings.list().size(), Findings::kFindingsMax);
  EXPECT_EQ(findings.unlisted(), 5U);
  EXPECT_THAT(Report(findings, 1, ReportFormat::kText),
              testing::EndsWith("5 more are not listed\n1 file: 10005 errors, 0 warnings\n"));
}

}  // namespace
}  // namespace tickscope::lint
