// schema/game.yaml against the simulated fleet: everything a simulated game server sends is in the schema, with its type, unit, labels and
// buckets. The guard would refuse what is not.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "fleet/game_catalog.h"
#include "fleet/server_identity.h"
#include "schema/schema_reader.h"

namespace tickscope::roles {
namespace {

schema::Schema TheSchema() {
  std::ifstream in(std::string(TICKSCOPE_SOURCE_ROOT) + "/schema/game.yaml");
  std::ostringstream text;
  text << in.rdbuf();
  const auto schema = schema::ReadSchema(text.str(), "game.yaml");
  EXPECT_TRUE(schema.has_value()) << schema.error().message;
  return *schema;
}

std::map<std::string, const schema::Metric*> MetricsBySeries(const schema::Schema& schema) {
  std::map<std::string, const schema::Metric*> metrics;
  for (const schema::Metric& metric : schema.metrics) {
    for (std::string& name : schema::SeriesNames(metric))
      metrics.emplace(std::move(name), &metric);
  }
  return metrics;
}

schema::MetricKind KindOf(wire::MetricType type) {
  switch (type) {
    case wire::MetricType::kCounter:
      return schema::MetricKind::kCounter;
    case wire::MetricType::kHistogram:
      return schema::MetricKind::kHistogram;
    case wire::MetricType::kInfo:
      return schema::MetricKind::kInfo;
    default:
      return schema::MetricKind::kGauge;
  }
}

void ExpectAdmits(const schema::Label& label, std::string_view value) {
  if (label.values.empty()) {
    EXPECT_TRUE(label.pattern.empty() || RE2::FullMatch(value, label.pattern)) << label.name << "=" << value;
  } else {
    EXPECT_NE(std::ranges::find(label.values, value), label.values.end()) << label.name << "=" << value;
  }
}

TEST(GameSchema, HasEverySeriesOfTheFleet) {
  const schema::Schema schema = TheSchema();
  const auto metrics = MetricsBySeries(schema);
  std::map<std::string, std::set<double>> bounds;
  for (const fleet::CatalogSeries& series : fleet::TheGameCatalog().series) {
    SCOPED_TRACE(series.name);
    const auto found = metrics.find(series.name);
    ASSERT_NE(found, metrics.end());
    const schema::Metric& metric = *found->second;
    EXPECT_EQ(metric.name, series.family->name);
    EXPECT_EQ(metric.kind, KindOf(series.family->type));
    if (!series.family->unit.empty()) {
      EXPECT_EQ(metric.unit, series.family->unit);
    }
    if (series.label.empty()) continue;
    if (series.label == "le") {
      double bound = 0;
      if (series.label_value == "+Inf") continue;
      std::from_chars(series.label_value.data(), series.label_value.data() + series.label_value.size(),
                      bound);
      bounds[metric.name].insert(bound);
      continue;
    }
    const schema::Label* const label = schema::FindLabel(metric.labels, series.label);
    ASSERT_NE(label, nullptr) << series.label;
    ExpectAdmits(*label, series.label_value);
  }
  EXPECT_EQ(bounds.size(), fleet::kHistogramsPerServer);
  for (const schema::Metric& metric : schema.metrics) {
    if (metric.kind != schema::MetricKind::kHistogram) continue;
    EXPECT_EQ(std::vector<double>(bounds[metric.name].begin(), bounds[metric.name].end()), metric.bounds)
        << metric.name;
  }
}

TEST(GameSchema, AdmitsTheLabelsOfAllServers) {
  const schema::Schema schema = TheSchema();
  std::map<std::string, std::set<std::string>> values;
  for (std::uint32_t server = 0; server < 5'000; ++server) {
    for (const auto& [name, value] : fleet::SeriesLabels(fleet::MakeServerIdentity(server), 0)) {
      if (name == kMetricName) continue;
      const schema::Label* const label = schema::FindLabel(schema.target_labels, name);
      ASSERT_NE(label, nullptr) << name;
      ExpectAdmits(*label, value);
      values[std::string(name)].emplace(value);
    }
  }
  for (const auto& [name, seen] : values)
    EXPECT_LE(seen.size(), schema::FindLabel(schema.target_labels, name)->budget) << name;
}

// The SLO of tick time counts ticks within their budget, so the budget has to be a bucket's bound.
TEST(GameSchema, TheTickBudgetIsABound) {
  const schema::Schema schema = TheSchema();
  const auto tick = std::ranges::find(schema.metrics, "game_tick_duration_seconds", &schema::Metric::name);
  ASSERT_NE(tick, schema.metrics.end());
  EXPECT_NE(std::ranges::find(tick->bounds, 0.0167), tick->bounds.end());
}

}  // namespace
}  // namespace tickscope::roles
