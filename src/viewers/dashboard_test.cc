// Dashboards: the queries, windows and variables that each form of JSON gives, and what is refused.
#include "viewers/dashboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickscope::viewers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Dashboard, ReadsOurForm) {
  const auto dashboard = ReadDashboard(R"json({"title": "Fleet", "range": "12h",
    "variables": [{"name": "region", "label": "region", "match": "up", "value": "eu"}],
    "panels": [{"title": "a", "queries": ["x", "y"]}, {"queries": ["z"], "range": "7d", "step": "10m"}]})json");
  ASSERT_TRUE(dashboard.has_value()) << dashboard.error().message;
  EXPECT_EQ(dashboard->title, "Fleet");
  EXPECT_EQ(dashboard->range_ms, 43'200'000);
  ASSERT_EQ(dashboard->variables.size(), 1U);
  EXPECT_EQ(dashboard->variables[0].match, "up");
  ASSERT_EQ(dashboard->panels.size(), 2U);
  EXPECT_THAT(dashboard->panels[0].queries, ElementsAre("x", "y"));
  EXPECT_EQ(dashboard->panels[1].range_ms, 604'800'000);
  EXPECT_EQ(dashboard->panels[1].step_ms, 600'000);
}

TEST(Dashboard, ReadsGrafana) {
  const auto dashboard = ReadDashboard(R"json({"dashboard": {"title": "G", "schemaVersion": 39,
    "time": {"from": "now-7d", "to": "now"},
    "templating": {"list": [
      {"name": "ds", "type": "datasource", "query": "prometheus"},
      {"name": "region", "type": "query", "query": {"query": "label_values(up{job=\"a\"}, region)"},
       "current": {"value": "$__all"}},
      {"name": "server", "type": "query", "query": "label_values(server)", "current": {"value": ["s1", "s2"]}},
      {"name": "q", "type": "custom", "query": "0.5,0.9", "current": {"value": "0.9"}}]},
    "panels": [
      {"type": "row", "panels": [{"title": "inner", "targets": [{"expr": "a"}]}]},
      {"title": "main", "timeFrom": "12h", "interval": "30s", "maxDataPoints": 500, "datasource": {"type": "prometheus"},
       "targets": [{"expr": "b"}, {"expr": "c", "hide": true}, {"expr": "d", "datasource": {"type": "loki"}}]},
      {"type": "text"}]}})json");
  ASSERT_TRUE(dashboard.has_value()) << dashboard.error().message;
  EXPECT_EQ(dashboard->range_ms, 604'800'000);
  ASSERT_EQ(dashboard->variables.size(), 3U);
  EXPECT_EQ(dashboard->variables[0].label, "region");
  EXPECT_EQ(dashboard->variables[0].match, "up{job=\"a\"}");
  EXPECT_EQ(dashboard->variables[0].value, ".*");
  EXPECT_EQ(dashboard->variables[1].label, "server");
  EXPECT_EQ(dashboard->variables[1].value, "s1|s2");
  EXPECT_EQ(dashboard->variables[2].value, "0.9");
  ASSERT_EQ(dashboard->panels.size(), 2U);
  EXPECT_EQ(dashboard->panels[0].title, "inner");
  EXPECT_THAT(dashboard->panels[1].queries, ElementsAre("b"));
  EXPECT_EQ(dashboard->panels[1].range_ms, 43'200'000);
  EXPECT_EQ(dashboard->panels[1].step_min_ms, 30'000);
  EXPECT_EQ(dashboard->panels[1].points, 500);
  EXPECT_EQ(dashboard->skipped_queries, 2U);
}

TEST(Dashboard, ReadsPerses) {
  const auto dashboard = ReadDashboard(R"json({"kind": "Dashboard", "metadata": {"name": "p"}, "spec": {
    "display": {"name": "P"}, "duration": "12h",
    "variables": [{"kind": "ListVariable", "spec": {"name": "region", "defaultValue": "eu",
                   "plugin": {"kind": "PrometheusLabelValuesVariable", "spec": {"labelName": "region"}}}}],
    "panels": {"cpu": {"kind": "Panel", "spec": {"queries": [{"kind": "TimeSeriesQuery", "spec": {"plugin": {
      "kind": "PrometheusTimeSeriesQuery", "spec": {"query": "a", "minStep": "1m"}}}}]}}}}})json");
  ASSERT_TRUE(dashboard.has_value()) << dashboard.error().message;
  EXPECT_EQ(dashboard->title, "P");
  EXPECT_EQ(dashboard->range_ms, 43'200'000);
  ASSERT_EQ(dashboard->panels.size(), 1U);
  EXPECT_THAT(dashboard->panels[0].queries, ElementsAre("a"));
  EXPECT_EQ(dashboard->panels[0].step_min_ms, 60'000);
  EXPECT_EQ(dashboard->variables[0].value, "eu");
}

TEST(Dashboard, RefusesWithReasons) {
  struct Case {
    const char* name;
    std::string json;
    const char* message;
  };
  std::string many = R"({"panels":[)";
  for (int i = 0; i < 201; ++i)
    many.append(i == 0 ? "" : ",").append(R"({"queries":["a"]})");
  many.append("]}");
  const Case cases[] = {
      {"no JSON", "panels", "not a JSON object"},
      {"a list", "[]", "not a JSON object"},
      {"empty", "{}", "panels: want a list"},
      {"no queries", R"({"panels":[{"title":"a"}]})", "panel 0: queries: want a list of texts"},
      {"query of another kind", R"({"panels":[{"queries":[1]}]})", "panel 0: queries: want a list of texts"},
      {"no queries at all", R"({"panels":[{"queries":[]}]})", "no panel has a PromQL query"},
      {"bad range", R"({"range":"soon","panels":[{"queries":["a"]}]})", "dashboard: range"},
      {"bad step", R"({"panels":[{"queries":["a"],"step":10}]})", "panel 0: step: want a duration"},
      {"nameless variable", R"({"variables":[{}],"panels":[{"queries":["a"]}]})", "want a name"},
      {"too many panels", many, "too many panels"},
      {"too large", std::string(kDashboardBytesMax + 1, ' '), "want at most"},
      {"Grafana without queries", R"({"schemaVersion":1,"panels":[{"type":"text"}]})",
       "no panel has a PromQL query"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto dashboard = ReadDashboard(c.json);
    ASSERT_FALSE(dashboard.has_value());
    EXPECT_THAT(dashboard.error().message, HasSubstr(c.message));
  }
}

TEST(Dashboard, WindowsAreRoundAsGrafanas) {
  const auto window = [](std::int64_t range_ms, Panel panel) {
    return WindowOf({.title = {}, .range_ms = range_ms}, panel);
  };
  EXPECT_EQ(window(3'600'000, {}).step_ms, 10'000) << "no shorter than the scrape interval";
  EXPECT_EQ(window(43'200'000, {}).step_ms, 60'000);
  EXPECT_EQ(window(604'800'000, {}).step_ms, 900'000);
  EXPECT_EQ(window(604'800'000, {.points = 1500}).step_ms, 300'000);
  EXPECT_EQ(window(43'200'000, {.step_min_ms = 120'000}).step_ms, 120'000);
  EXPECT_EQ(window(43'200'000, {.step_ms = 7'000}).step_ms, 7'000);
  EXPECT_EQ(window(3'600'000, {}).rate_interval_ms, 40'000);
  EXPECT_EQ(window(43'200'000, {}).rate_interval_ms, 70'000);
  EXPECT_EQ(window(604'800'000, {.range_ms = 3'600'000}).range_ms, 3'600'000);
}

TEST(Dashboard, SubstitutesVariables) {
  const std::map<std::string, std::string> values = {{"region", "eu"}, {"region_x", "no"}};
  const Window window{.range_ms = 3'600'000, .step_ms = 10'000, .rate_interval_ms = 40'000};
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"rate(a{r=\"$region\"}[$__rate_interval])", "rate(a{r=\"eu\"}[40s])"},
      {"${region} ${region:regex} [[region]]", "eu eu eu"},
      {"$region_x $region", "no eu"},
      {"$__interval $__interval_ms $__range $__range_s", "10s 10000 1h 3600"},
      {"$unknown ${unknown} [[unknown]]", "$unknown ${unknown} [[unknown]]"},
      {"a[5m] $", "a[5m] $"},
      {"${open [[open", "${open [[open"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Substitute(c.text, values, window), c.want);
  }
}

}  // namespace
}  // namespace tickscope::viewers
