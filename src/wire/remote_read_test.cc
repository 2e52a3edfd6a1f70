// Protects remote read on both sides: requests and both kinds of answers come back as they went in, and what is cut,
// flipped or hostile is refused. Against Prometheus itself: tests/blackbox/test_import_export.py.
#include "wire/remote_read.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "model/sample.h"

namespace tickscope::wire {
namespace {

struct Got {
  std::map<std::string, std::vector<std::pair<TimeMs, std::uint64_t>>> floats;
  std::size_t histograms = 0;
};

ReadSeriesSink Into(Got& got) {
  return [&got](const Labels& labels, SampleColumns& samples) -> Status {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (!samples.histograms.empty() && samples.histograms[i] != nullptr) {
        ++got.histograms;
      } else {
        got.floats[labels.ToString()].emplace_back(samples.times_ms[i],
                                                   std::bit_cast<std::uint64_t>(samples.values[i]));
      }
    }
    return {};
  };
}

SampleColumns Mixed() {
  SampleColumns samples;
  for (int i = 0; i < 300; ++i) {
    samples.times_ms.push_back(1'700'000'000'000 + i * 10'000);
    samples.values.push_back(i == 7 ? StaleNan() : i * 0.5);
    samples.histograms.push_back(nullptr);
  }
  Histogram histogram{.schema = 0, .count = 2, .sum = 3};
  histogram.positive_spans = {{0, 1}};
  histogram.positive_buckets = {2};
  samples.histograms[100] = std::make_shared<const Histogram>(histogram);
  samples.values[100] = 0;
  return samples;
}

TEST(RemoteRead, RequestsRoundTrip) {
  RemoteReadQuery query{.start_ms = -5, .end_ms = 1'700'000'000'000, .matchers = {}};
  query.matchers.push_back(Matcher::Equal("__name__", "up"));
  query.matchers.push_back(*Matcher::Make(MatchType::kNotRegex, "job", "a|b"));
  const std::string body = EncodeReadRequest(query);
  const auto request = DecodeReadRequest(body, 1 << 20);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_TRUE(request->wants_stream);
  ASSERT_EQ(request->queries.size(), 1U);
  EXPECT_EQ(request->queries[0].start_ms, -5);
  EXPECT_EQ(request->queries[0].end_ms, 1'700'000'000'000);
  EXPECT_EQ(request->queries[0].matchers, query.matchers);
  EXPECT_EQ(DecodeReadRequest(body, 8).error().code, ErrorCode::kOutOfRange);
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(DecodeReadRequest(std::string_view(body).substr(0, size), 1 << 20).has_value()) << size;
}

TEST(RemoteRead, TakesTheFirstAnswerItKnows) {
  const struct {
    const char* name;
    std::string message;
    bool is_known;
    bool wants_stream;
  } rows[] = {
      {"none named", "", true, false},
      {"samples", std::string("\x10\x00", 2), true, false},
      {"stream, then samples", std::string("\x12\x02\x01\x00", 4), true, true},
      {"unknown, then samples", std::string("\x12\x02\x07\x00", 4), true, false},
      {"unknown", std::string("\x10\x07", 2), false, false},
  };
  for (const auto& row : rows) {
    const auto request = DecodeReadRequest(CompressRead(row.message), 1 << 20);
    ASSERT_EQ(request.has_value(), row.is_known) << row.name;
    if (request) {
      EXPECT_EQ(request->wants_stream, row.wants_stream) << row.name;
    }
  }
}

TEST(RemoteRead, AnswersRoundTripBitByBit) {
  const Labels labels = Labels::FromPairs({{"__name__", "up"}, {"job", "a"}});
  const SampleColumns samples = Mixed();
  std::string stream;
  AppendReadFrames(labels, samples, 0, stream);
  std::string query;
  AppendReadSeries(labels, samples, query);
  std::string response;
  AppendQueryResult(query, response);
  const struct {
    std::string_view type;
    std::string body;
  } rows[] = {{kRemoteReadStreamMediaType, stream}, {kRemoteReadMediaType, CompressRead(response)}};
  for (const auto& row : rows) {
    Got got;
    const Status decoded = DecodeReadAnswer(row.type, row.body, 1 << 20, Into(got));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(got.histograms, 1U);
    const auto& floats = got.floats[labels.ToString()];
    ASSERT_EQ(floats.size(), 299U);
    std::size_t at = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (i == 100) continue;
      EXPECT_EQ(floats[at].first, samples.times_ms[i]);
      EXPECT_EQ(floats[at].second, std::bit_cast<std::uint64_t>(samples.values[i]));
      ++at;
    }
    for (std::size_t size = 1; size < row.body.size(); size += size < 40 ? 1 : 13) {
      Got none;
      EXPECT_FALSE(DecodeReadAnswer(row.type, row.body.substr(0, size), 1 << 20, Into(none)).has_value())
          << size;
    }
  }
  for (std::size_t at = 0; at < stream.size(); at += 7) {
    std::string flipped = stream;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    Got none;
    EXPECT_FALSE(DecodeReadAnswer(kRemoteReadStreamMediaType, flipped, 1 << 20, Into(none)).has_value())
        << at;
  }
}

}  // namespace
}  // namespace tickscope::wire
