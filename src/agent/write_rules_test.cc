// write_relabel_configs: what a receiver gets of a batch, and that what goes on forgets what has ended.
#include "agent/write_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "model/sample.h"

namespace tickscope::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SeriesPtr Named(const Labels& labels) {
  return std::make_shared<const Series>(Series{.labels = labels, .family = nullptr});
}

relabel::Relabeler Rules(std::vector<relabel::RelabelRule> rules) {
  return relabel::Relabeler::Make(std::move(rules)).value();
}

std::vector<std::string> Told(const WriteBatchPtr& batch) {
  std::vector<std::string> out;
  if (batch == nullptr) return out;
  for (const BatchSample& sample : batch->samples) {
    std::string text = sample.series->labels.ToString();
    text += IsStaleNan(sample.value) ? " stale" : fmt::format(" {}", sample.value);
    if (sample.histogram != kNoHistogram)
      text += fmt::format(" histogram {}", batch->histograms.at(sample.histogram).count);
    for (std::uint32_t i = 0; i < sample.exemplar_count; ++i)
      text += fmt::format(" exemplar {}", batch->exemplars.at(sample.exemplar_begin + i).value);
    out.push_back(std::move(text));
  }
  return out;
}

class WriteRulesTest : public ::testing::Test {
 protected:
  MetricRegistry registry_;
  AgentMetrics metrics_{registry_};
};

TEST_F(WriteRulesTest, NoRulesPassTheBatchItself) {
  WriteRules rules({}, metrics_);
  const auto batch = std::make_shared<const WriteBatch>();
  EXPECT_EQ(rules.Apply(batch), batch);
  EXPECT_EQ(rules.Apply(nullptr), nullptr);
}

TEST_F(WriteRulesTest, DropsRenamesAndKeepsWhatBelongsToASample) {
  WriteRules rules(Rules({{.source_labels = {"__name__"}, .regex = "go_.*", .action = relabel::Action::kDrop},
                          {.regex = "pod", .action = relabel::Action::kLabelDrop}}),
                   metrics_);
  auto batch = std::make_shared<WriteBatch>();
  batch->target_hash = 7;
  batch->has_new_series = true;
  const SeriesPtr dropped = Named({{"__name__", "go_threads"}});
  batch->samples.push_back(
      {.series = dropped, .value = 1, .histogram = 0, .exemplar_begin = 0, .exemplar_count = 1});
  batch->samples.push_back({.series = Named({{"__name__", "a"}, {"pod", "x"}}), .value = 2});
  batch->samples.push_back({.series = Named({{"__name__", "b"}}),
                            .value = 3,
                            .histogram = 1,
                            .exemplar_begin = 1,
                            .exemplar_count = 2});
  batch->samples.push_back({.series = dropped, .value = StaleNan()});
  batch->histograms.resize(2);
  batch->histograms[0].count = 10;
  batch->histograms[1].count = 11;
  batch->exemplars.resize(3);
  for (std::size_t i = 0; i < 3; ++i)
    batch->exemplars[i].value = static_cast<double>(20 + i);
  const WriteBatchPtr sent = rules.Apply(batch);
  EXPECT_THAT(Told(sent), ElementsAre("a 2", "b 3 histogram 11 exemplar 21 exemplar 22"));
  EXPECT_EQ(sent->target_hash, 7U);
  EXPECT_TRUE(sent->has_new_series);
  EXPECT_EQ(sent->samples[1].series, batch->samples[2].series) << "what is not changed is not copied";
  EXPECT_EQ(metrics_.rules_dropped->value(), 2U);
}

TEST_F(WriteRulesTest, NothingLeftIsNoBatch) {
  WriteRules rules(Rules({{.source_labels = {"__name__"}, .regex = "b", .action = relabel::Action::kKeep}}),
                   metrics_);
  auto batch = std::make_shared<WriteBatch>();
  batch->samples.push_back({.series = Named({{"__name__", "a"}}), .value = 1});
  EXPECT_EQ(rules.Apply(batch), nullptr);
}

TEST_F(WriteRulesTest, OfSeriesThatBecomeOneTheFirstIsSent) {
  WriteRules rules(Rules({{.regex = "pod", .action = relabel::Action::kLabelDrop}}), metrics_);
  auto batch = std::make_shared<WriteBatch>();
  batch->samples.push_back({.series = Named({{"__name__", "a"}, {"pod", "x"}}), .time_ms = 1, .value = 1});
  batch->samples.push_back({.series = Named({{"__name__", "a"}, {"pod", "y"}}), .time_ms = 1, .value = 2});
  batch->samples.push_back({.series = Named({{"__name__", "a"}, {"pod", "y"}}), .time_ms = 2, .value = 3});
  EXPECT_THAT(Told(rules.Apply(batch)), ElementsAre("a 1", "a 3"));
  EXPECT_EQ(metrics_.dropped(DropReason::kDuplicate), 1U);
}

TEST_F(WriteRulesTest, ForgetsWhatHasEnded) {
  for (const char* const regex : {"pod", "none"}) {
    SCOPED_TRACE(regex);
    WriteRules rules(Rules({{.regex = regex, .action = relabel::Action::kLabelDrop}}), metrics_);
    for (int round = 0; round < 10; ++round) {
      auto batch = std::make_shared<WriteBatch>();
      for (int i = 0; i < 1'000; ++i) {
        const std::string value = std::to_string(round * 1'000 + i);
        batch->samples.push_back(
            {.series = Named({{"__name__", "a"}, {"pod", value}, {"i", value}}), .value = 1});
      }
      ASSERT_EQ(Told(rules.Apply(batch)).size(), 1'000U);
    }
    EXPECT_LE(rules.known_count(), 3'000U);
  }
}

}  // namespace
}  // namespace tickscope::agent
