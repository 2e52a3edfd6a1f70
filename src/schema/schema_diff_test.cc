// Schema diff: which change breaks somebody, one change at a time, in both directions.
#include "schema/schema_diff.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "schema/schema_reader.h"

namespace tickscope::schema {
namespace {

Schema Read(std::string_view metric, std::string_view target_labels = "{region: {values: [na, eu]}}") {
  const auto schema = ReadSchema(
      fmt::format(
          "schema: s\nversion: \"3.4\"\ndefaults: {{owner: o}}\ntarget_labels: {}\nmetrics:\n  - {}\n",
          target_labels, metric),
      "t.yaml");
  EXPECT_TRUE(schema.has_value()) << schema.error().message;
  return *schema;
}

std::string Told(const SchemaDiff& diff) {
  std::string out;
  for (const Change& change : diff.changes)
    out += fmt::format("{}{} {}: {}", out.empty() ? "" : "; ", change.breaking ? "!" : "+", change.subject,
                       change.text);
  return out;
}

TEST(SchemaDiff, EachChange) {
  const std::string gauge = "{name: a, type: gauge, help: h";
  const std::string labelled = gauge + ", labels: {z: {";
  struct Case {
    const char* name;
    std::string old_metric;
    std::string new_metric;
    const char* forward;
    const char* backward;
  };
  const Case cases[] = {
      {"nothing", gauge + "}", gauge + "}", "", ""},
      {"metric", gauge + "}", "{name: b, type: gauge, help: h}", "! a: removed; + b: added, a gauge",
       "! b: removed; + a: added, a gauge"},
      {"help and owner", gauge + "}", "{name: a, type: gauge, help: i, owner: p}",
       "+ a: help text; + a: owner: o -> p", "+ a: help text; + a: owner: p -> o"},
      {"class", gauge + ", class: sli}", gauge + ", class: debug}",
       "! a: class: sli -> debug: it is shed earlier", "+ a: class: debug -> sli"},
      {"cadence", gauge + "}", gauge + ", cadence: 30s}",
       "! a: cadence: 10s -> 30s: ranges made for the old one may hold too few samples",
       "+ a: cadence: 30s -> 10s"},
      {"resolution", gauge + ", resolution: 0.1}", gauge + ", resolution: 0.5}",
       "! a: resolution: 0.1 -> 0.5", "+ a: resolution: 0.5 -> 0.1"},
      {"buckets", "{name: a, type: histogram, help: h, buckets: [1, 2]}",
       "{name: a, type: histogram, help: h, buckets: [1, 2, 3]}",
       "! a: buckets: 1 2 -> 1 2 3: servers of both cannot be added up",
       "! a: buckets: 1 2 3 -> 1 2: servers of both cannot be added up"},
      {"scale", "{name: a, type: native_histogram, help: h}",
       "{name: a, type: native_histogram, help: h, scale: 2}", "+ a: scale: 3 -> 2", "+ a: scale: 2 -> 3"},
      {"label", gauge + "}", labelled + "values: [x]}}}",
       "! a{z}: label added: series change, and one-to-one matches find several",
       "! a{z}: label removed: series change, and what groups by it goes empty"},
      {"value", labelled + "values: [x]}}}", labelled + "values: [x, y]}}}", "+ a{z}: value added: \"y\"",
       "! a{z}: value removed: \"y\""},
      {"series_max", labelled + "values: [x, y]}}}", labelled + "values: [x, y]}}, series_max: 1}",
       "! a: series_max: 2 -> 1: what is over it goes to __overflow__", "+ a: series_max: 1 -> 2"},
      {"budget", labelled + "budget: 5}}, series_max: 5}", labelled + "budget: 9}}, series_max: 5}",
       "+ a{z}: budget: 5 -> 9", "! a{z}: budget: 9 -> 5: values over it go to __overflow__"},
      {"pattern", labelled + "budget: 5, pattern: x+}}}", labelled + "budget: 5}}}",
       "+ a{z}: pattern removed: \"x+\"", "! a{z}: pattern: \"\" -> \"x+\": it may refuse what was taken"},
      {"values and a pattern that takes them", labelled + "values: [x, xx]}}, series_max: 2}",
       labelled + "budget: 2, pattern: x+}}, series_max: 2}",
       "+ a{z}: values -> a budget that takes all of them",
       "! a{z}: budget -> values: others were taken before"},
      {"values and a pattern that does not", labelled + "values: [x, y]}}, series_max: 2}",
       labelled + "budget: 2, pattern: x+}}, series_max: 2}",
       "! a{z}: values -> a pattern that does not take \"y\"",
       "! a{z}: budget -> values: others were taken before"},
      {"aggregate", gauge + "}", gauge + ", aggregate: {by: []}}", "+ a: aggregate added",
       "! a: aggregate removed: what it made is gone"},
      {"aggregate's grouping", gauge + ", aggregate: {by: []}}", gauge + ", aggregate: {without: [region]}}",
       "! a: aggregate: by [] -> without [region]: series change",
       "! a: aggregate: without [region] -> by []: series change"},
      {"aggregate's window", gauge + ", aggregate: {by: []}}", gauge + ", aggregate: {by: [], every: 60s}}",
       "! a: aggregate every: 10s -> 1m: ranges made for the old one may hold too few samples",
       "+ a: aggregate every: 1m -> 10s"},
      {"aggregate's functions", gauge + ", aggregate: {by: [], functions: [sum]}}",
       gauge + ", aggregate: {by: [], functions: [max, sum]}}", "+ a: aggregate function added: max",
       "! a: aggregate function removed: max"},
      {"raw series", gauge + ", aggregate: {by: []}}", gauge + ", aggregate: {by: [], keep_raw: false}}",
       "! a: keep_raw: true -> false: its own series are gone", "+ a: keep_raw: false -> true"},
      {"optional", labelled + "values: [x], optional: true}}}", labelled + "values: [x]}}}",
       "! a{z}: no longer optional: series without it are refused", "+ a{z}: now optional"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Schema was = Read(c.old_metric);
    const Schema is = Read(c.new_metric);
    EXPECT_EQ(Told(DiffSchemas(was, is)), c.forward);
    EXPECT_EQ(Told(DiffSchemas(is, was)), c.backward);
  }
}

TEST(SchemaDiff, TypesAndUnits) {
  const auto diff = [](std::string_view was, std::string_view is) {
    return Told(DiffSchemas(Read(was), Read(is)));
  };
  EXPECT_EQ(diff("{name: a, type: gauge, help: h}", "{name: a, type: unknown, help: h}"),
            "! a: type: gauge -> unknown");
  EXPECT_EQ(diff("{name: a_seconds, type: unknown, help: h}",
                 "{name: a_seconds, type: unknown, unit: seconds, help: h}"),
            "! a_seconds: unit: \"\" -> \"seconds\"");
}

TEST(SchemaDiff, TargetLabels) {
  const std::string_view metric = "{name: a, type: gauge, help: h}";
  const Schema was = Read(metric);
  EXPECT_EQ(Told(DiffSchemas(was, Read(metric, "{region: {values: [na]}}"))),
            "! target label region: value removed: \"eu\"");
  EXPECT_EQ(Told(DiffSchemas(was, Read(metric, "{region: {values: [na, eu]}, zone: {budget: 3}}"))),
            "! target label zone: label added: series change, and one-to-one matches find several");
  EXPECT_EQ(
      Told(DiffSchemas(was, Read(metric, "{region: {values: [na, eu]}, zone: {budget: 3, optional: true}}"))),
      "+ target label zone: optional label added");
}

TEST(SchemaDiff, VersionThatTheChangeAsksFor) {
  const Schema one = Read("{name: a, type: gauge, help: h}");
  EXPECT_EQ(VersionText(DiffSchemas(one, one).version_wanted), "3.4");
  EXPECT_EQ(VersionText(DiffSchemas(one, Read("{name: a, type: gauge, help: i}")).version_wanted), "3.5");
  EXPECT_EQ(VersionText(DiffSchemas(one, Read("{name: b, type: gauge, help: h}")).version_wanted), "4.0");
}

}  // namespace
}  // namespace tickscope::schema
