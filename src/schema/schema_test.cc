// Schema reader and rules: what a good file means, that each mistake is told at its place with what was expected, and that
// the file we ship is free of them.
#include "schema/schema.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "schema/handles.h"
#include "schema/schema_reader.h"
#include "schema/schema_rules.h"

namespace tickscope::schema {
namespace {

constexpr std::string_view kGood = R"(schema: game
version: "2.1"
defaults: {owner: gameplay, class: ops, cadence: 10s}
target_labels:
  region: {values: [na, eu], help: Where.}
  mode: {values: [ranked], optional: true}
labels:
  platform: {values: [pc, xbox]}
metrics:
  - name: game_joins_total
    type: counter
    help: Players who joined.
    class: sli
    labels: {reason: {values: [a, b, c]}, platform: }
  - name: game_tick_seconds
    type: histogram
    unit: seconds
    help: Time of a tick.
    owner: engine
    cadence: 5s
    buckets: [0.001, 0.01, 1e-1, 1]
  - name: game_load_ratio
    type: gauge
    unit: ratio
    help: Load.
    resolution: 0.001
    labels: {shard: {pattern: "[0-9]+", budget: 8}}
  - name: game_rtt_seconds
    type: native_histogram
    unit: seconds
    help: Round trips.
    scale: 5
    buckets_max: 40
    labels: {mode: {values: [x, y]}}
    series_max: 1
)";

TEST(Schema, ReadsEverything) {
  const auto schema = ReadSchema(kGood, "t.yaml");
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  EXPECT_EQ(schema->name, "game");
  EXPECT_EQ(schema->version, (SchemaVersion{2, 1}));
  ASSERT_EQ(schema->target_labels.size(), 2U);
  EXPECT_EQ(schema->target_labels[0].name, "mode");
  EXPECT_TRUE(schema->target_labels[0].optional);
  ASSERT_EQ(schema->metrics.size(), 4U);

  const Metric& joins = schema->metrics[0];
  EXPECT_EQ(joins.kind, MetricKind::kCounter);
  EXPECT_EQ(joins.metric_class, MetricClass::kSli);
  EXPECT_EQ(joins.owner, "gameplay");
  EXPECT_EQ(joins.cadence_ms, 10'000);
  ASSERT_EQ(joins.labels.size(), 2U);
  EXPECT_EQ(joins.labels[0].name, "platform");
  EXPECT_THAT(joins.labels[0].values, testing::ElementsAre("pc", "xbox"));
  EXPECT_EQ(joins.labels[1].name, "reason");
  EXPECT_EQ(joins.series_max, 6U);
  EXPECT_EQ(joins.position.line, 10);

  const Metric& tick = schema->metrics[1];
  EXPECT_THAT(tick.bounds, testing::ElementsAre(0.001, 0.01, 0.1, 1));
  EXPECT_EQ(tick.owner, "engine");
  EXPECT_EQ(tick.cadence_ms, 5'000);
  EXPECT_EQ(SeriesPerTarget(tick), 7U);
  EXPECT_THAT(SeriesNames(tick), testing::ElementsAre("game_tick_seconds_bucket", "game_tick_seconds_sum",
                                                      "game_tick_seconds_count"));

  EXPECT_EQ(schema->metrics[2].resolution, 0.001);
  EXPECT_EQ(schema->metrics[2].labels[0].budget, 8U);
  EXPECT_EQ(schema->metrics[2].series_max, 8U);
  EXPECT_EQ(schema->metrics[3].scale, 5);
  EXPECT_EQ(schema->metrics[3].buckets_max, 40U);
  EXPECT_EQ(schema->metrics[3].series_max, 1U);
}

// A schema of one metric, given from its second line on.
std::string OneMetric(std::string_view rest) {
  return fmt::format("schema: s\nversion: \"1.0\"\ndefaults: {{owner: o}}\nmetrics:\n  - {}\n", rest);
}

TEST(Schema, TellsEachMistakeAtItsPlace) {
  struct Case {
    const char* name;
    std::string text;
    const char* told;
  };
  const Case cases[] = {
      {"not YAML", "schema: [", "2:1 yaml not valid YAML: end of sequence flow not found"},
      {"a list", "- 1\n", "1:1 yaml expected a map of settings, got a list"},
      {"no version", "schema: s\nmetrics: []\n", "1:1 form version: required, but not given"},
      {"a version of one number", "schema: s\nversion: 1\nmetrics: []\n",
       "2:10 form version: expected MAJOR.MINOR, for example \"1.0\", got \"1\""},
      {"nothing in it", "schema: s\nversion: \"1.0\"\n",
       "1:1 no-metrics no metrics: list at least one under metrics"},
      {"a key nobody knows", OneMetric("{name: a, type: gauge, help: h, lables: {}}"),
       "5:37 form unknown key \"lables\" in metrics[0], did you mean \"labels\"?"},
      {"a type nobody knows", OneMetric("{name: a, type: meter, help: h}"),
       "5:21 form metrics[0].type: expected one of unknown, counter, gauge, histogram, native_histogram, "
       "summary, "
       "info, stateset, got \"meter\""},
      {"no help", OneMetric("{name: a, type: gauge}"), "5:5 form metrics[0].help: required, but not given"},
      {"a name with a dash", OneMetric("{name: a-b, type: gauge, help: h}"),
       "5:5 metric-name a-b: expected letters, digits and underscores, not beginning with a digit"},
      {"a name with a colon", OneMetric("{name: \"a:b\", type: gauge, help: h}"),
       "5:5 metric-name a:b: a colon is for the names of recording rules: use underscores"},
      {"a counter without total", OneMetric("{name: joins, type: counter, help: h}"),
       "5:5 counter-suffix joins: a counter's name ends in _total: call it joins_total"},
      {"a gauge with total", OneMetric("{name: joins_total, type: gauge, help: h}"),
       "5:5 counter-suffix joins_total: only a counter's name ends in _total, not a gauge's: rename it, or "
       "make it "
       "a counter"},
      {"a unit the name lacks", OneMetric("{name: lag, type: gauge, unit: seconds, help: h}"),
       "5:5 unit-suffix lag: the name of a metric in seconds ends in _seconds"},
      {"a counter's unit after total",
       OneMetric("{name: sent_total_bytes, type: gauge, unit: seconds, help: h}"),
       "5:5 unit-suffix sent_total_bytes: the name of a metric in seconds ends in _seconds"},
      {"no buckets", OneMetric("{name: t, type: histogram, help: h}"),
       "5:5 form metrics[0].buckets: required: the upper bounds of a histogram, ascending, without +Inf"},
      {"buckets of a gauge", OneMetric("{name: t, type: gauge, help: h, buckets: [1]}"),
       "5:46 form metrics[0].buckets: only a histogram has it, not a gauge"},
      {"an aggregate of both kinds",
       OneMetric("{name: a, type: gauge, help: h, aggregate: {by: [], without: [b]}}"),
       "5:53 form metrics[0].aggregate.by: give one of them: by with the labels that stay, or without with "
       "those "
       "that go"},
      {"an aggregate without nothing", OneMetric("{name: a, type: gauge, help: h, aggregate: {without: []}}"),
       "5:58 form metrics[0].aggregate.without: expected at least one label: nothing would be added up"},
      {"a sum of quantiles", OneMetric("{name: a, type: summary, help: h, aggregate: {by: []}}"),
       "5:50 form metrics[0].aggregate.functions: a summary cannot be aggregated"},
      {"the mean of counters",
       OneMetric("{name: a_total, type: counter, help: h, aggregate: {by: [], functions: [sum, avg]}}"),
       "5:76 form metrics[0].aggregate.functions: expected some of sum, count for a counter, got \"avg\""},
      {"a label nobody has", OneMetric("{name: a, type: gauge, help: h, aggregate: {by: [shop]}}"),
       "5:5 aggregate-label a: aggregate: no series of it has a label \"shop\""},
      {"bounds that fall", OneMetric("{name: t, type: histogram, help: h, buckets: [1, 3, 2]}"),
       "5:50 form metrics[0].buckets: expected ascending bounds, got 2 after 3"},
      {"a bound that is infinite", OneMetric("{name: t, type: histogram, help: h, buckets: [1, inf]}"),
       "5:50 form metrics[0].buckets: expected finite numbers (+Inf is understood), got \"inf\""},
      {"a label without a bound", OneMetric("{name: a, type: gauge, help: h, labels: {z: {}}}"),
       "5:49 form metrics[0].labels.z: no bound: list its values, or give a budget (most values at a time)"},
      {"a pattern is no bound", OneMetric("{name: a, type: gauge, help: h, labels: {z: {pattern: x+}}}"),
       "5:49 form metrics[0].labels.z: no bound: a pattern says how values look, not how many there are; add "
       "a "
       "budget"},
      {"a pattern that is none",
       OneMetric("{name: a, type: gauge, help: h, labels: {z: {pattern: \"x(\", budget: 2}}}"),
       "5:49 label-pattern label \"z\": expected a regular expression (RE2), got \"x(\": missing ): x("},
      {"a label not defined", OneMetric("{name: a, type: gauge, help: h, labels: {z: }}"),
       "5:46 form metrics[0].labels.z: not defined under labels at the top of the file: give values or a "
       "budget "
       "here"},
      {"le", OneMetric("{name: a, type: gauge, help: h, labels: {le: {budget: 2}}}"),
       "5:50 label-reserved label \"le\": it belongs to histograms and summaries and comes with their type: "
       "leave it "
       "out"},
      {"the system's", OneMetric("{name: a, type: gauge, help: h, labels: {__x: {budget: 2}}}"),
       "5:51 label-reserved label \"__x\": names that begin with __ are the system's: choose another"},
      {"a value twice", OneMetric("{name: a, type: gauge, help: h, labels: {z: {values: [p, p]}}}"),
       "5:49 label-value label \"z\": value \"p\" is listed twice"},
      {"a player", OneMetric("{name: a, type: gauge, help: h, labels: {player_id: {budget: 2}}}"),
       "5:57 label-personal label \"player_id\": its name speaks of one person, session or address: no such "
       "value "
       "belongs in a metric; use a bounded class (platform, isp_class, region), or a log line with a token"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const SchemaReading reading = InspectSchema(c.text);
    EXPECT_FALSE(reading.ok());
    ASSERT_FALSE(reading.problems.empty());
    const Problem& first = reading.problems.front();
    EXPECT_EQ(fmt::format("{}:{} {} {}", first.position.line, first.position.column, first.rule, first.text),
              c.told);
    EXPECT_EQ(reading.problems.size(), 1U);
  }
}

TEST(Schema, WhatAgentsAddUp) {
  const auto schema = ReadSchema(R"(
schema: s
version: "1.0"
defaults: {owner: o}
target_labels: {region: {values: [na, eu]}, server: {budget: 9}}
metrics:
  - name: joins_total
    type: counter
    help: h
    labels: {platform: {values: [pc]}}
    aggregate: {without: [server], every: 30s, functions: [count, sum], keep_raw: false}
  - {name: tick_seconds, type: histogram, unit: seconds, help: h, buckets: [1], aggregate: {by: [region]}}
)",
                                 "s.yaml");
  ASSERT_TRUE(schema) << schema.error().message;
  const Metric& joins = schema->metrics[0];
  ASSERT_TRUE(joins.aggregate);
  EXPECT_EQ(joins.aggregate->every_ms, 30'000);
  EXPECT_FALSE(joins.aggregate->keep_raw);
  EXPECT_TRUE(joins.aggregate->Keeps("region"));
  EXPECT_FALSE(joins.aggregate->Keeps("server"));
  const std::vector<Metric> made = AggregateMetrics(*schema, joins);
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].name, "joins_total:sum");
  EXPECT_EQ(made[0].kind, MetricKind::kCounter);
  EXPECT_EQ(made[1].name, "joins_total:count");
  EXPECT_EQ(made[1].kind, MetricKind::kGauge);
  EXPECT_EQ(made[0].labels.size(), 3U);
  const Metric& tick = schema->metrics[1];
  EXPECT_TRUE(tick.aggregate->keep_raw);
  EXPECT_TRUE(tick.aggregate->Keeps("region"));
  EXPECT_FALSE(tick.aggregate->Keeps("server"));
  EXPECT_THAT(SeriesNames(AggregateMetrics(*schema, tick)[0]),
              testing::ElementsAre("tick_seconds:merge_bucket", "tick_seconds:merge_sum",
                                   "tick_seconds:merge_count"));
}

TEST(Schema, ANameHasOneMeaning) {
  const std::string two = OneMetric("{name: x_total, type: counter, help: h}") +
                          "  - {name: x_total, type: unknown, help: h}\n"
                          "  - {name: t, type: histogram, help: h, buckets: [1]}\n"
                          "  - {name: t_count, type: unknown, help: h}\n"
                          "  - {name: t, type: histogram, help: h, buckets: [1]}\n";
  std::vector<std::string> told;
  for (const Problem& problem : InspectSchema(two).problems)
    told.push_back(fmt::format("{} {}", problem.position.line, problem.text));
  EXPECT_THAT(told, testing::ElementsAre(
                        "6 x_total: defined before as a counter, in line 5: a name has one type",
                        "8 t_count: its series t_count is one of t too, in line 7: rename one of them",
                        "9 t: defined before, in line 7: keep one of them"));
}

TEST(Schema, AMetricsOwnLabelReplacesOnlyAnOptionalTargetLabel) {
  const auto with = [](std::string_view optional) {
    return fmt::format(
        "schema: s\nversion: \"1.0\"\ndefaults: {{owner: o}}\ntarget_labels: {{mode: {{values: [a]{}}}}}\n"
        "metrics:\n  - {{name: a, type: gauge, help: h, labels: {{mode: {{values: [b]}}}}}}\n",
        optional);
  };
  EXPECT_TRUE(InspectSchema(with(", optional: true")).ok());
  EXPECT_EQ(InspectSchema(with("")).problems.at(0).rule, "label-twice");
}

TEST(Schema, WarningsDoNotRefuse) {
  struct Case {
    const char* metric;
    const char* rule;
  };
  const Case cases[] = {
      {"{name: lag_ms, type: gauge, help: h}", "base-unit"},
      {"{name: lag_seconds, type: gauge, help: h}", "unit-missing"},
      {"{name: lag_count, type: gauge, help: h}", "histogram-suffix"},
      {"{name: lag, type: gauge, help: lag}", "help"},
      {"{name: lag, type: gauge, help: h, labels: {a: {budget: 40}, b: {budget: 40}}}", "many-series"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.metric);
    const SchemaReading reading = InspectSchema(OneMetric(c.metric));
    EXPECT_TRUE(reading.ok());
    ASSERT_EQ(reading.problems.size(), 1U);
    EXPECT_EQ(reading.problems[0].rule, c.rule);
    EXPECT_EQ(reading.problems[0].severity, Severity::kWarning);
  }
}

TEST(Schema, NamesOfPersons) {
  for (const char* name : {"player_id", "playerId", "user", "user_name", "email", "e_mail", "client_ip", "ip",
                           "account_id", "session_id", "match_id", "device_id", "auth_token", "phone",
                           "player", "trace_id", "uuid", "steam_id", "ip_address"}) {
    EXPECT_TRUE(NamesAPerson(name)) << name;
  }
  for (const char* name : {"platform",   "isp_class",  "region", "zone",        "server",
                           "build",      "mode",       "map",    "reason",      "player_bucket",
                           "device",     "event_name", "match",  "device_name", "client_version",
                           "user_class", "pipeline",   "zip",    "cpu",         "session_kind"}) {
    EXPECT_FALSE(NamesAPerson(name)) << name;
  }
  // Kinds that are listed are no addresses.
  EXPECT_TRUE(
      InspectSchema(OneMetric("{name: a, type: gauge, help: h, labels: {ip: {values: [v4, v6]}}}")).ok());
  EXPECT_FALSE(InspectSchema(OneMetric("{name: a, type: gauge, help: h, labels: {ip: {budget: 2}}}")).ok());
}

TEST(Schema, BoundsWhatAFileCanHold) {
  std::string many = "schema: s\nversion: \"1.0\"\ndefaults: {owner: o}\nmetrics:\n";
  for (int i = 0; i < 3'000; ++i)
    many += "  - {name: 1, type: gauge, help: h}\n";
  const SchemaReading reading = InspectSchema(many);
  EXPECT_EQ(reading.problems.size(), kProblemsMax);
  // Each has a bad name and all but the first come twice.
  EXPECT_EQ(reading.problems.size() + reading.unreported, 5'999U);
  const auto refused = ReadSchema(many, "t.yaml");
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::EndsWith("more problems: run tickscope lint schema on it"));

  const auto long_text =
      InspectSchema(OneMetric(fmt::format("{{name: a, type: gauge, help: {}}}", std::string(1'001, 'h'))));
  EXPECT_EQ(long_text.problems.at(0).text, "metrics[0].help: expected at most 1000 bytes, got 1001");
}

TEST(Handles, NamesAreDistinctAndLegal) {
  const auto schema =
      ReadSchema(OneMetric("{name: s_new_total, type: counter, help: \"a\\\"b?\", labels: {z: {values: [a-b, "
                           "a_b, a_b2, 1x]}}}") +
                     "  - {name: s_open_total, type: counter, help: h, labels: {z: {budget: 5}}}\n",
                 "t.yaml");
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  const auto handles = PlanHandles(*schema, "");
  ASSERT_TRUE(handles.has_value());
  ASSERT_EQ(handles->left_out.size(), 1U);
  EXPECT_EQ(handles->left_out[0].reason, "label z does not list its values");
  const std::string cpp = HandlesCpp(*handles, *schema, "t.yaml");
  EXPECT_THAT(cpp, testing::HasSubstr("{ kAB, kAB_2, kAB2, k1x }"));
  EXPECT_THAT(cpp, testing::HasSubstr("  New new_;\n"));
  EXPECT_THAT(cpp, testing::HasSubstr("metric.help = \"a\\\"b\\077\";"));
  const std::string c = HandlesC(*handles, *schema, "t.yaml");
  EXPECT_THAT(c, testing::HasSubstr("S_NEW_Z_A_B_2 = 1,"));
  EXPECT_FALSE(PlanHandles(*schema, "(").has_value());
  EXPECT_FALSE(PlanHandles(*schema, "nothing").has_value());
  EXPECT_EQ(DoubleLiteral(1), "1.0");
  EXPECT_EQ(DoubleLiteral(0.1), "0.1");
}

TEST(Schema, TheFileWeShipIsFreeOfProblems) {
  std::ifstream in(std::string(TICKSCOPE_SOURCE_ROOT) + "/schema/game.yaml");
  std::ostringstream text;
  text << in.rdbuf();
  const SchemaReading reading = InspectSchema(text.str());
  for (const Problem& problem : reading.problems)
    ADD_FAILURE() << problem.position.line << ":" << problem.position.column << ": " << problem.text;
  EXPECT_EQ(reading.schema.name, "game");
  EXPECT_GT(reading.schema.metrics.size(), 150U);
}

TEST(Slis, FillTheirPlaceholders) {
  Sli sli;
  sli.expr = "sum by (le,$by) (rate(a{x=\"1\",$filter}[$window])) / $by$filter";
  EXPECT_EQ(SliQuery(sli, {}), "sum by (le,) (rate(a{x=\"1\",}[5m])) / ");
  EXPECT_EQ(SliQuery(sli, {.filter = "region=\"$by\"", .window = "1h", .by = "mode"}),
            "sum by (le,mode) (rate(a{x=\"1\",region=\"$by\"}[1h])) / moderegion=\"$by\"")
      << "what is filled in is not looked at again";
}

TEST(Slis, ReadInFileOrder) {
  const auto schema = ReadSchema(std::string(kGood) + R"yaml(slis:
  - {name: b, title: B, help: What., unit: ratio, good: low, warn: 0.1, bad: 0.2, expr: "x{$filter} by ($by)"}
  - {name: a, title: A, help: What., unit: count, owner: netcode, expr: "y{$filter} by ($by)"}
)yaml",
                                 "t.yaml");
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  ASSERT_EQ(schema->slis.size(), 2U);
  EXPECT_EQ(schema->slis[0].name, "b");
  EXPECT_EQ(schema->slis[0].good, SliGood::kLow);
  EXPECT_EQ(schema->slis[0].warn, 0.1);
  EXPECT_EQ(schema->slis[0].bad, 0.2);
  EXPECT_EQ(schema->slis[0].owner, "gameplay") << "the file's default";
  EXPECT_EQ(schema->slis[1].good, SliGood::kHigh);
  EXPECT_FALSE(schema->slis[1].warn.has_value());
  EXPECT_EQ(schema->slis[1].owner, "netcode");
}

TEST(Slis, MistakesAreToldAtTheirPlace) {
  struct Case {
    const char* name;
    const char* sli;
    const char* rule;
    const char* text;
  };
  const Case cases[] = {
      {"no filter", "{name: a, title: A, help: H., unit: u, expr: 'x by ($by)'}", "sli-placeholder",
       "$filter"},
      {"no by", "{name: a, title: A, help: H., unit: u, expr: 'x{$filter}'}", "sli-placeholder", "$by"},
      {"other placeholder", "{name: a, title: A, help: H., unit: u, expr: 'x{$filter} by ($by) $range'}",
       "sli-placeholder", "$range"},
      {"bad name", "{name: a-b, title: A, help: H., unit: u, expr: 'x{$filter} by ($by)'}", "sli-name",
       "letters"},
      {"one threshold", "{name: a, title: A, help: H., unit: u, warn: 1, expr: 'x{$filter} by ($by)'}",
       "sli-threshold", "both"},
      {"thresholds the wrong way",
       "{name: a, title: A, help: H., unit: u, good: low, warn: 2, bad: 1, expr: 'x{$filter} by ($by)'}",
       "sli-threshold", "bad comes before warn"},
      {"no title", "{name: a, help: H., unit: u, expr: 'x{$filter} by ($by)'}", "form", "title"},
      {"other direction", "{name: a, title: A, help: H., unit: u, good: up, expr: 'x{$filter} by ($by)'}",
       "form", "high"},
  };
  for (const Case& test : cases) {
    const SchemaReading reading = InspectSchema(std::string(kGood) + "slis:\n  - " + test.sli + "\n");
    ASSERT_FALSE(reading.problems.empty()) << test.name;
    EXPECT_EQ(reading.problems.front().rule, test.rule) << test.name;
    EXPECT_THAT(reading.problems.front().text, ::testing::HasSubstr(test.text)) << test.name;
    EXPECT_GT(reading.problems.front().position.line, 1U) << test.name;
  }
  const std::string one = "  - {name: a, title: A, help: H., unit: u, expr: 'x{$filter} by ($by)'}\n";
  const SchemaReading twice = InspectSchema(std::string(kGood) + "slis:\n" + one + one);
  ASSERT_EQ(twice.problems.size(), 1U);
  EXPECT_EQ(twice.problems.front().rule, "sli-twice");
}

}  // namespace
}  // namespace tickscope::schema
