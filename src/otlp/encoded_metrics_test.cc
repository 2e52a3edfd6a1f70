// What an agent says in OTLP (wire/otlp_encode.h) is what our receiver reads of it: the same series, times, starts and histograms as
// went in; and what OTLP has no place for is counted, not bent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "model/sample.h"
#include "otlp/metrics_request.h"
#include "wire/otlp_encode.h"

namespace tickscope::otlp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr TimeMs kTime = 100'000;
constexpr TimeMs kStart = 40'000;

// A series to be sent, and all it borrows.
struct Sent {
  Labels labels;
  wire::WriteSample sample{};
  std::vector<Exemplar> exemplars;
  wire::WriteMetadata metadata;
  Histogram histogram;
  wire::WriteHistogram native{};
  bool is_native = false;
};

class OtlpEncoded : public testing::Test {
 protected:
  Sent& Add(wire::MetricType type, std::string_view family, Labels labels, double value) {
    Sent& sent = sent_.emplace_back();
    sent.labels = std::move(labels);
    sent.sample = {.time_ms = kTime, .value = value, .start_time_ms = kStart};
    sent.metadata = {.family = family, .type = type, .help = "what it is", .unit = ""};
    return sent;
  }
  void AddHistogram(std::string_view name, Histogram histogram) {
    Sent& sent = Add(wire::MetricType::kHistogram, name, Labels{{"__name__", name}}, 0);
    sent.histogram = std::move(histogram);
    sent.is_native = true;
  }

  std::size_t Encode() {
    std::vector<wire::WriteSeries> series;
    for (Sent& sent : sent_) {
      wire::WriteSeries& one = series.emplace_back();
      one = {.labels = &sent.labels, .exemplars = sent.exemplars, .metadata = &sent.metadata};
      sent.native = {.time_ms = kTime, .histogram = &sent.histogram, .start_time_ms = kStart};
      if (sent.is_native) {
        one.histograms = {&sent.native, 1};
      } else {
        one.samples = {&sent.sample, 1};
      }
    }
    const std::size_t left_out = encoder_.Encode(series, message_);
    EXPECT_TRUE(request_.Decode(message_).has_value());
    for (const std::uint64_t refused : request_.refused())
      EXPECT_EQ(refused, 0U);
    return left_out;
  }

  std::string LabelsOf(const wire::ReceivedSeries& series) const {
    std::vector<LabelView> labels;
    EXPECT_TRUE(request_.ReadLabels(series, labels).has_value());
    std::ranges::sort(labels, {}, &LabelView::name);
    return Labels::FromSorted(labels).ToString();
  }
  std::vector<std::string> Floats() const {
    std::vector<std::string> found;
    for (const wire::ReceivedSeries& series : request_.series()) {
      for (std::uint32_t i = series.first_sample; i < series.first_sample + series.sample_count; ++i) {
        const double value = request_.values()[i];
        const TimeMs start_ms = request_.starts_ms().empty() ? 0 : request_.starts_ms()[i];
        found.push_back(fmt::format("{} {} @{} <{}", LabelsOf(series),
                                    IsStaleNan(value) ? "stale" : fmt::to_string(value),
                                    request_.times_ms()[i], start_ms));
      }
    }
    return found;
  }

  std::deque<Sent> sent_;
  wire::OtlpEncoder encoder_;
  std::string message_;
  Translation translation_{.promoted_attributes = {}};
  MetricsRequest request_{translation_, 7};
};

TEST_F(OtlpEncoded, CountersAndGauges) {
  Add(wire::MetricType::kCounter, "kills",
      {{"__name__", "kills_total"}, {"job", "game"}, {"instance", "a:1"}, {"map", "harbor"}}, 7);
  Add(wire::MetricType::kGauge, "players", {{"__name__", "players"}, {"job", "game"}, {"instance", "b:1"}},
      2.5);
  Add(wire::MetricType::kUnknown, "", {{"__name__", "odd"}}, -1);
  EXPECT_EQ(Encode(), 0U);
  EXPECT_THAT(Floats(), UnorderedElementsAre(
                            R"(kills_total{instance="a:1", job="game", map="harbor"} 7 @100000 <40000)",
                            R"(players{instance="b:1", job="game"} 2.5 @100000 <0)", "odd -1 @100000 <0"));
}

TEST_F(OtlpEncoded, PartsOfAHistogramAreOnePoint) {
  const auto part = [&](std::string_view name, std::string_view le, std::string_view map, double value) {
    LabelsBuilder labels;
    labels.Set("__name__", name);
    labels.Set("map", map);
    if (!le.empty()) labels.Set("le", le);
    Add(wire::MetricType::kHistogram, "wait", labels.Build(), value);
  };
  for (const std::string_view map : {"x", "y"}) {
    const double times = map == "x" ? 1 : 10;
    part("wait_bucket", "0.5", map, 2 * times);
    part("wait_bucket", "1", map, 3 * times);
    part("wait_bucket", "+Inf", map, 5 * times);
    part("wait_sum", "", map, 4.5 * times);
    part("wait_count", "", map, 5 * times);
  }
  EXPECT_EQ(Encode(), 0U);
  EXPECT_EQ(request_.point_count(), 2U);
  EXPECT_THAT(Floats(), UnorderedElementsAre(R"(wait_bucket{le="0.5", map="x"} 2 @100000 <40000)",
                                             R"(wait_bucket{le="1", map="x"} 3 @100000 <40000)",
                                             R"(wait_bucket{le="+Inf", map="x"} 5 @100000 <40000)",
                                             R"(wait_sum{map="x"} 4.5 @100000 <40000)",
                                             R"(wait_count{map="x"} 5 @100000 <40000)",
                                             R"(wait_bucket{le="0.5", map="y"} 20 @100000 <40000)",
                                             R"(wait_bucket{le="1", map="y"} 30 @100000 <40000)",
                                             R"(wait_bucket{le="+Inf", map="y"} 50 @100000 <40000)",
                                             R"(wait_sum{map="y"} 45 @100000 <40000)",
                                             R"(wait_count{map="y"} 50 @100000 <40000)"));
}

TEST_F(OtlpEncoded, PartsOfASummaryAreOnePoint) {
  Add(wire::MetricType::kSummary, "lag", {{"__name__", "lag"}, {"quantile", "0.5"}}, 3);
  Add(wire::MetricType::kSummary, "lag", {{"__name__", "lag"}, {"quantile", "0.99"}}, 9);
  Add(wire::MetricType::kSummary, "lag", {{"__name__", "lag_sum"}}, 100);
  Add(wire::MetricType::kSummary, "lag", {{"__name__", "lag_count"}}, 20);
  EXPECT_EQ(Encode(), 0U);
  EXPECT_EQ(request_.point_count(), 1U);
  // What is counted has a start; quantiles are measured, and the receiver gives them none.
  EXPECT_THAT(Floats(), UnorderedElementsAre(R"(lag{quantile="0.5"} 3 @100000 <0)",
                                             R"(lag{quantile="0.99"} 9 @100000 <0)",
                                             "lag_sum 100 @100000 <40000", "lag_count 20 @100000 <40000"));
}

TEST_F(OtlpEncoded, NativeHistogramsComeBackAsTheyWere) {
  const Histogram histogram{.schema = 3,
                            .zero_threshold = 0.001,
                            .zero_count = 2,
                            .count = 13,
                            .sum = 8.5,
                            .positive_spans = {{-2, 2}, {5, 1}},
                            .negative_spans = {{0, 1}},
                            .positive_buckets = {1, 4, 5},
                            .negative_buckets = {1}};
  AddHistogram("native", histogram);
  EXPECT_EQ(Encode(), 0U);
  ASSERT_EQ(request_.histograms().size(), 1U);
  const wire::ReceivedHistogram& found = request_.histograms()[0];
  EXPECT_EQ(found.time_ms, kTime);
  EXPECT_EQ(found.start_ms, kStart);
  EXPECT_EQ(found.histogram->schema, 3);
  EXPECT_EQ(found.histogram->zero_threshold, 0.001);
  EXPECT_EQ(found.histogram->zero_count, 2);
  EXPECT_EQ(found.histogram->count, 13);
  EXPECT_EQ(found.histogram->sum, 8.5);
  EXPECT_EQ(found.histogram->positive_spans, histogram.positive_spans);
  EXPECT_EQ(found.histogram->positive_buckets, histogram.positive_buckets);
  EXPECT_EQ(found.histogram->negative_spans, histogram.negative_spans);
  EXPECT_EQ(found.histogram->negative_buckets, histogram.negative_buckets);
}

TEST_F(OtlpEncoded, BucketsFarApartAreMerged) {
  AddHistogram("native", {.schema = 8,
                          .count = 3,
                          .sum = 1,
                          .positive_spans = {{0, 1}, {100'000, 1}},
                          .positive_buckets = {1, 2}});
  EXPECT_EQ(Encode(), 0U);
  ASSERT_EQ(request_.histograms().size(), 1U);
  const Histogram& found = *request_.histograms()[0].histogram;
  EXPECT_EQ(found.schema, 2) << "100,001 buckets take 2,048 at a 64th of the resolution";
  EXPECT_THAT(found.positive_buckets, ElementsAre(1, 2));
  EXPECT_EQ(found.positive_spans.at(0).offset, 0);
}

TEST_F(OtlpEncoded, CustomBoundsAreAHistogramWithBounds) {
  AddHistogram("custom", {.schema = kCustomBoundsSchema,
                          .count = 6,
                          .sum = 3,
                          .positive_spans = {{0, 1}, {1, 1}},
                          .positive_buckets = {4, 2},
                          .custom_bounds = {1, 2}});
  EXPECT_EQ(Encode(), 0U);
  EXPECT_THAT(Floats(), UnorderedElementsAre(R"(custom_bucket{le="1"} 4 @100000 <40000)",
                                             R"(custom_bucket{le="2"} 4 @100000 <40000)",
                                             R"(custom_bucket{le="+Inf"} 6 @100000 <40000)",
                                             "custom_sum 3 @100000 <40000", "custom_count 6 @100000 <40000"));
}

TEST_F(OtlpEncoded, MarkersOfTheEndStayMarkers) {
  Add(wire::MetricType::kCounter, "kills", {{"__name__", "kills_total"}}, StaleNan());
  Add(wire::MetricType::kHistogram, "wait", {{"__name__", "wait_count"}}, StaleNan());
  AddHistogram("native", {.sum = StaleNan()});
  EXPECT_EQ(Encode(), 0U);
  const std::vector<std::string> floats = Floats();
  EXPECT_THAT(floats, testing::Contains(testing::StartsWith("kills_total stale @100000")));
  EXPECT_THAT(floats, testing::Contains(testing::StartsWith("wait_count stale @100000")));
  ASSERT_EQ(request_.histograms().size(), 1U);
  EXPECT_TRUE(IsStaleNan(request_.histograms()[0].histogram->sum));
}

TEST_F(OtlpEncoded, ExemplarsKeepTheirTraces) {
  Sent& sent = Add(wire::MetricType::kCounter, "kills", {{"__name__", "kills_total"}}, 3);
  sent.exemplars = {
      {Labels{
           {"span_id", "00f067aa0ba902b7"}, {"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"}, {"map", "x"}},
       2, 99'000},
      {Labels{{"trace_id", "not hex"}}, 1, 0}};
  EXPECT_EQ(Encode(), 0U);
  const wire::ReceivedSeries& series = request_.series().at(0);
  ASSERT_EQ(series.exemplar_count, 2U);
  wire::ReceivedExemplar exemplar;
  ASSERT_TRUE(request_.ReadExemplar(series, 0, exemplar).has_value());
  EXPECT_EQ(exemplar.value, 2);
  EXPECT_EQ(exemplar.time_ms, 99'000);
  std::map<std::string, std::string> labels;
  for (const LabelView& label : exemplar.labels)
    labels.emplace(label.name, label.value);
  EXPECT_THAT(labels, ElementsAre(Pair("map", "x"), Pair("span_id", "00f067aa0ba902b7"),
                                  Pair("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736")));
  ASSERT_TRUE(request_.ReadExemplar(series, 1, exemplar).has_value());
  EXPECT_EQ(exemplar.time_ms, kTime) << "without a time of its own it has its sample's";
}

TEST_F(OtlpEncoded, WhatOtlpCannotSayIsCounted) {
  Add(wire::MetricType::kGauge, "fine", {{"__name__", "fine"}}, 1);
  Add(wire::MetricType::kHistogram, "no_count", {{"__name__", "no_count_bucket"}, {"le", "1"}}, 1);
  Add(wire::MetricType::kHistogram, "falling", {{"__name__", "falling_bucket"}, {"le", "1"}}, 3);
  Add(wire::MetricType::kHistogram, "falling", {{"__name__", "falling_bucket"}, {"le", "2"}}, 2);
  Add(wire::MetricType::kHistogram, "falling", {{"__name__", "falling_count"}}, 3);
  Add(wire::MetricType::kSummary, "half", {{"__name__", "half_count"}}, 0.5);
  AddHistogram(
      "gauge",
      {.reset_hint = ResetHint::kGauge, .count = 1, .positive_spans = {{0, 1}}, .positive_buckets = {1}});
  AddHistogram("part", {.count = 1.5, .positive_spans = {{0, 1}}, .positive_buckets = {1.5}});
  EXPECT_EQ(Encode(), 7U);
  EXPECT_THAT(Floats(), ElementsAre("fine 1 @100000 <0"));
  EXPECT_THAT(request_.histograms(), IsEmpty());
}

TEST(OtlpAnswer, RejectedPoints) {
  EXPECT_EQ(wire::RejectedOtlpPoints(""), 0U);
  EXPECT_EQ(wire::RejectedOtlpPoints(std::string("\x0a\x05\x08\x07\x12\x01x", 7)), 7U);
  EXPECT_EQ(wire::RejectedOtlpPoints("<html>"), 0U);
}

}  // namespace
}  // namespace tickscope::otlp
