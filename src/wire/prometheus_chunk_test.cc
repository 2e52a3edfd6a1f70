// Protects the bits of Prometheus chunks: golden bytes worked out by hand from the format's description, round trips of
// hard values, and refusal of everything that is cut or hostile. tests/blackbox/test_import_export.py has the same chunks
// read and written by Prometheus itself.
#include "wire/prometheus_chunk.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "base/random.h"
#include "model/sample.h"

namespace tickscope::wire {
namespace {

Bytes FromHex(std::string_view hex) {
  Bytes bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() == 2) {
      bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
      digits.clear();
    }
  }
  return bytes;
}

SampleColumns Decoded(const std::vector<PrometheusChunk>& chunks) {
  SampleColumns out;
  for (const PrometheusChunk& chunk : chunks) {
    const Status decoded = DecodeChunk(static_cast<std::uint8_t>(chunk.encoding), chunk.data, out);
    EXPECT_TRUE(decoded.has_value()) << decoded.error().message;
  }
  return out;
}

std::vector<PrometheusChunk> Encoded(const SampleColumns& samples) {
  std::vector<PrometheusChunk> chunks;
  EncodeChunks(samples, chunks);
  return chunks;
}

void ExpectSameFloats(const SampleColumns& want, const SampleColumns& got) {
  ASSERT_EQ(want.times_ms, got.times_ms);
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(want.values[i]), std::bit_cast<std::uint64_t>(got.values[i])) << i;
  }
}

TEST(PrometheusChunk, WritesTheBytesOfTheFormat) {
  struct Row {
    const char* name;
    std::vector<TimeMs> times_ms;
    std::vector<double> values;
    const char* hex;
  };
  const Row rows[] = {
      {"one", {5}, {1}, "0001 0a 3ff0000000000000"},
      // Second time: a plain delta; the same value: one 0 bit.
      {"two equal", {5, 15}, {1, 1}, "0002 0a 3ff0000000000000 0a 00"},
      // Third time 10 later again: 0; then 1 -> 2 differs in the 11 bits below the sign: 1 1, leading 1 (00001), 11 bits
      // (001011), 11111111111.
      {"three", {5, 15, 25}, {1, 1, 2}, "0003 0a 3ff0000000000000 0a 30 97 ff c0"},
  };
  for (const Row& row : rows) {
    SampleColumns samples;
    samples.times_ms = row.times_ms;
    samples.values = row.values;
    const auto chunks = Encoded(samples);
    ASSERT_EQ(chunks.size(), 1U) << row.name;
    EXPECT_EQ(chunks[0].data, FromHex(row.hex)) << row.name;
    ExpectSameFloats(samples, Decoded(chunks));
  }
}

TEST(PrometheusChunk, HoldsHardFloats) {
  SampleColumns samples;
  const double values[] = {0.0,
                           -0.0,
                           1.5,
                           1.5,
                           StaleNan(),
                           NormalNan(),
                           std::bit_cast<double>(std::uint64_t{0x7ff123456789abcd}),
                           std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::denorm_min(),
                           std::numeric_limits<double>::max(),
                           -1e-300,
                           123456789.123};
  const std::int64_t steps[] = {0,      1,      10'000, 10'000,  9'999,      18'191,           18'192,
                                10'000, 75'535, 10'000, 534'287, 10'000'000, 1'000'000'000'000};
  TimeMs time_ms = -7;
  for (std::size_t i = 0; i < std::size(values); ++i) {
    time_ms += steps[i];
    samples.times_ms.push_back(time_ms);
    samples.values.push_back(values[i]);
  }
  ExpectSameFloats(samples, Decoded(Encoded(samples)));
}

TEST(PrometheusChunk, HoldsRandomFloatsInChunksOf120) {
  SeededRandom random(7);
  for (int round = 0; round < 200; ++round) {
    SampleColumns samples;
    TimeMs time_ms = static_cast<TimeMs>(random.Below(1'700'000'000'000));
    const std::size_t count = 1 + random.Below(400);
    for (std::size_t i = 0; i < count; ++i) {
      time_ms += 1 + static_cast<TimeMs>(random.Below(std::uint64_t{1} << random.Below(34)));
      samples.times_ms.push_back(time_ms);
      samples.values.push_back(random.Below(3) == 0 ? std::bit_cast<double>(random.Next())
                                                    : static_cast<double>(random.Below(100)));
    }
    const auto chunks = Encoded(samples);
    EXPECT_EQ(chunks.size(), (count + kChunkSamplesMax - 1) / kChunkSamplesMax);
    ExpectSameFloats(samples, Decoded(chunks));
  }
}

Histogram MakeHistogram(double scale) {
  return {.reset_hint = ResetHint::kUnknown,
          .schema = 3,
          .zero_threshold = 0x1p-128,
          .zero_count = scale,
          .count = 10 * scale,
          .sum = 18.4 * scale,
          .positive_spans = {{-2, 2}, {3, 1}},
          .negative_spans = {{0, 1}},
          .positive_buckets = {2 * scale, 3 * scale, scale},
          .negative_buckets = {3 * scale},
          .custom_bounds = {}};
}

SampleColumns Columns(std::vector<Histogram> histograms) {
  SampleColumns samples;
  for (std::size_t i = 0; i < histograms.size(); ++i) {
    samples.times_ms.push_back(1'700'000'000'000 + static_cast<TimeMs>(i) * 15'000 + (i % 3 == 0 ? 7 : 0));
    samples.values.push_back(0);
    samples.histograms.push_back(std::make_shared<const Histogram>(std::move(histograms[i])));
  }
  return samples;
}

void ExpectSameHistograms(const SampleColumns& want, const SampleColumns& got) {
  ASSERT_EQ(want.times_ms, got.times_ms);
  ASSERT_EQ(want.histograms.size(), got.histograms.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    ASSERT_EQ(want.histograms[i] == nullptr, got.histograms[i] == nullptr) << i;
    if (want.histograms[i] == nullptr) {
      EXPECT_EQ(want.values[i], got.values[i]);
      continue;
    }
    Histogram a = *want.histograms[i];
    Histogram b = *got.histograms[i];
    EXPECT_EQ(std::bit_cast<std::uint64_t>(a.sum), std::bit_cast<std::uint64_t>(b.sum)) << i;
    a.sum = b.sum = 0;
    if (a.reset_hint != ResetHint::kGauge) a.reset_hint = b.reset_hint = ResetHint::kUnknown;
    EXPECT_EQ(a, b) << i;
  }
}

TEST(PrometheusChunk, HoldsHistograms) {
  Histogram stale;
  stale.sum = StaleNan();
  Histogram gauge = MakeHistogram(4);
  gauge.reset_hint = ResetHint::kGauge;
  Histogram wide = MakeHistogram(7);
  wide.zero_threshold = 0.001;
  Histogram custom;
  custom.schema = kCustomBoundsSchema;
  custom.custom_bounds = {0, 0.005, 1, 33554.43, 1e9, 0.1234567};
  custom.positive_spans = {{0, 7}};
  custom.positive_buckets = {1, 2, 3, 4, 5, 6, 7};
  custom.count = 28;
  custom.sum = -3.5;
  struct Row {
    const char* name;
    std::vector<Histogram> histograms;
    std::vector<ChunkEncoding> encodings;
  };
  constexpr auto kInts = ChunkEncoding::kHistogram;
  constexpr auto kFloats = ChunkEncoding::kFloatHistogram;
  const Row rows[] = {
      {"growing", {MakeHistogram(1), MakeHistogram(2), MakeHistogram(5), MakeHistogram(5)}, {kInts}},
      {"reset", {MakeHistogram(5), MakeHistogram(2), MakeHistogram(3)}, {kInts, kInts}},
      {"gauge", {gauge, gauge, MakeHistogram(9)}, {kInts, kInts}},
      {"layout changes", {MakeHistogram(5), wide, wide}, {kInts, kInts}},
      {"floats", {MakeHistogram(0.5), MakeHistogram(0.75), MakeHistogram(1.25)}, {kFloats}},
      {"floats to whole", {MakeHistogram(0.5), MakeHistogram(2)}, {kFloats, kInts}},
      {"custom", {custom, custom}, {kInts}},
      {"stale", {MakeHistogram(1), stale, MakeHistogram(2), stale}, {kInts, kInts}},
      {"stale floats", {MakeHistogram(0.5), stale}, {kFloats}},
      {"stale first", {stale, stale, MakeHistogram(1)}, {kInts, kInts, kInts}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const SampleColumns samples = Columns(row.histograms);
    const auto chunks = Encoded(samples);
    std::vector<ChunkEncoding> encodings;
    for (const PrometheusChunk& chunk : chunks)
      encodings.push_back(chunk.encoding);
    EXPECT_EQ(encodings, row.encodings);
    ExpectSameHistograms(samples, Decoded(chunks));
  }
}

TEST(PrometheusChunk, TellsWhatFollowsWithoutAReset) {
  const SampleColumns got = Decoded(Encoded(Columns({MakeHistogram(1), MakeHistogram(2), MakeHistogram(1)})));
  EXPECT_EQ(got.histograms[0]->reset_hint, ResetHint::kUnknown);
  EXPECT_EQ(got.histograms[1]->reset_hint, ResetHint::kNotReset);
  EXPECT_EQ(got.histograms[2]->reset_hint, ResetHint::kUnknown);
}

TEST(PrometheusChunk, HoldsFloatsAndHistogramsOfOneSeries) {
  SampleColumns samples = Columns({MakeHistogram(1), MakeHistogram(2), MakeHistogram(3)});
  samples.histograms[1] = nullptr;
  samples.values[1] = 4.5;
  ExpectSameHistograms(samples, Decoded(Encoded(samples)));
}

TEST(PrometheusChunk, RefusesWhatIsCut) {
  const std::vector<Histogram> sets[] = {{MakeHistogram(1), MakeHistogram(2)},
                                         {MakeHistogram(0.5), MakeHistogram(0.75)}};
  for (const auto& set : sets) {
    const auto chunks = Encoded(Columns(set));
    ASSERT_EQ(chunks.size(), 1U);
    for (std::size_t size = 0; size < chunks[0].data.size(); ++size) {
      SampleColumns out;
      const Status decoded = DecodeChunk(static_cast<std::uint8_t>(chunks[0].encoding),
                                         ByteView(chunks[0].data).first(size), out);
      ASSERT_FALSE(decoded.has_value()) << size;
      EXPECT_EQ(decoded.error().code, ErrorCode::kCorruption) << size;
    }
  }
}

TEST(PrometheusChunk, RefusesWhatIsHostile) {
  struct Row {
    const char* name;
    std::uint8_t encoding;
    const char* hex;
    ErrorCode code;
  };
  const Row rows[] = {
      {"no such encoding", 4, "0001 0a 3ff0000000000000", ErrorCode::kUnsupported},
      {"encoding none", 0, "0001 0a", ErrorCode::kUnsupported},
      {"empty", 1, "", ErrorCode::kCorruption},
      {"65535 samples in no bytes", 1, "ffff", ErrorCode::kCorruption},
      {"a window before any", 1, "0002 0a 3ff0000000000000 0a 80", ErrorCode::kCorruption},
      {"more than 64 bits", 1, "0002 0a 3ff0000000000000 0a ff ff ff", ErrorCode::kCorruption},
      // Flags, threshold 0, schema 0, then 2^56 - 1 spans.
      {"many spans", 2, "0001 00 00 7f 7fffffffffffff80", ErrorCode::kOutOfRange},
      {"schema 100", 2, "0001 00 00 ec 80 00 00", ErrorCode::kCorruption},
  };
  for (const Row& row : rows) {
    SampleColumns out;
    const Status decoded = DecodeChunk(row.encoding, FromHex(row.hex), out);
    ASSERT_FALSE(decoded.has_value()) << row.name;
    EXPECT_EQ(decoded.error().code, row.code) << row.name << ": " << decoded.error().message;
  }
}

}  // namespace
}  // namespace tickscope::wire
