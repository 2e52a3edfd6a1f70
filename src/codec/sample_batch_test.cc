// Sample batches: what is written is read back exactly, the worked example's bytes hold, and no damaged batch
// is accepted or makes the decoder allocate beyond its input.
#include "codec/sample_batch.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "model/sample.h"

namespace tickscope::codec {
namespace {

SampleBatch MakeBatch() {
  static const std::string labels[] = {"__name__", "tick_seconds", "server", "eu-1", "eu-2"};
  SampleBatch batch;
  batch.tenant = "default";
  batch.received_ms = 1'700'000'000'123;
  batch.series.push_back({SeriesRef{7}, {{labels[0], labels[1]}, {labels[2], labels[3]}}});
  batch.series.push_back({SeriesRef{8}, {{labels[0], labels[1]}, {labels[2], labels[4]}}});
  for (std::uint32_t ref = 7; ref < 10; ++ref)
    batch.floats.Push(SeriesRef{ref}, 1000, ref * 1.5);
  batch.floats.Push(SeriesRef{2}, 990, StaleNan());
  for (std::uint32_t ref = 20; ref < 22; ++ref) {
    for (TimeMs t = 0; t < 30; t += 10)
      batch.floats.Push(SeriesRef{ref}, t, -0.0);
  }
  Histogram histogram;
  histogram.schema = 3;
  histogram.count = 6;
  histogram.sum = -1.25;
  histogram.positive_spans = {{-2, 2}, {1, 1}};
  histogram.positive_buckets = {1, 2, 3};
  batch.histograms.push_back({SeriesRef{8}, 1000, std::make_shared<const Histogram>(histogram)});
  batch.metadata.push_back({"tick_seconds", {"histogram", "Tick time.", "seconds"}});
  return batch;
}

TEST(SampleBatch, RoundTrips) {
  const SampleBatch batch = MakeBatch();
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  SampleBatch read;
  const Status status = DecodeSampleBatch(bytes, read);
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_EQ(read.tenant, batch.tenant);
  EXPECT_EQ(read.received_ms, batch.received_ms);
  ASSERT_EQ(read.series.size(), 2U);
  EXPECT_EQ(read.series[1].ref, SeriesRef{8});
  EXPECT_EQ(read.series[1].labels, batch.series[1].labels);
  EXPECT_EQ(read.floats.refs, batch.floats.refs);
  EXPECT_EQ(read.floats.times_ms, batch.floats.times_ms);
  for (std::size_t i = 0; i < batch.floats.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(read.floats.values[i]),
              std::bit_cast<std::uint64_t>(batch.floats.values[i]));
  }
  ASSERT_EQ(read.histograms.size(), 1U);
  EXPECT_EQ(*read.histograms[0].histogram, *batch.histograms[0].histogram);
  ASSERT_EQ(read.metadata.size(), 1U);
  EXPECT_EQ(read.metadata[0].metadata, batch.metadata[0].metadata);
}

TEST(SampleBatch, WorkedExampleBytes) {
  SampleBatch batch;
  batch.floats.Push(SeriesRef{7}, 1000, 5);
  batch.floats.Push(SeriesRef{8}, 1000, 0);
  batch.floats.Push(SeriesRef{9}, 1000, 2.5);
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  const std::uint8_t want[] = {1, 0,    0,  // version, empty tenant, received
                               2, 11,       // floats section
                               3, 0x0e, 3, 1, 0xd0, 0x0f, 0x01, 0x0a, 0x0a, 0xf4, 0x01};
  ASSERT_EQ(bytes.size(), std::size(want));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    EXPECT_EQ(static_cast<std::uint8_t>(bytes[i]), want[i]) << "at " << i;
}

TEST(SampleBatch, EveryDoubleSurvives) {
  SeededRandom random(3);
  SampleBatch batch;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    double v = 0;
    switch (i % 6) {
      case 0:
        v = std::bit_cast<double>(random.Next());
        break;
      case 1:
        v = static_cast<double>(static_cast<std::int64_t>(random.Next() >> random.Below(64)));
        break;
      case 2:
        v = -static_cast<double>(random.Below(1'000'000)) / 100;
        break;
      case 3:
        v = static_cast<double>(random.Below(1'000'000'000)) / 1e6;
        break;
      case 4:
        v = -0.0;
        break;
      default:
        v = static_cast<double>(random.Below(100));
        break;
    }
    batch.floats.Push(SeriesRef{static_cast<std::uint32_t>(random.Below(50))},
                      static_cast<TimeMs>(random.Below(9)), v);
  }
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  SampleBatch read;
  ASSERT_TRUE(DecodeSampleBatch(bytes, read).has_value());
  ASSERT_EQ(read.floats.refs, batch.floats.refs);
  ASSERT_EQ(read.floats.times_ms, batch.floats.times_ms);
  for (std::size_t i = 0; i < batch.floats.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read.floats.values[i]),
              std::bit_cast<std::uint64_t>(batch.floats.values[i]));
  }
}

TEST(SampleBatch, NoCutIsAccepted) {
  Bytes bytes;
  EncodeSampleBatch(MakeBatch(), bytes);
  // A batch may end between sections, so cuts there decode; those are the stream's checksum's business.
  SampleBatch read;
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    accepted += DecodeSampleBatch(ByteView(bytes).first(size), read).has_value() ? 1 : 0;
  }
  EXPECT_EQ(accepted, 4U);  // After the header and after each of the first three sections.
}

TEST(SampleBatch, FlippedBitsNeverCrash) {
  Bytes bytes;
  EncodeSampleBatch(MakeBatch(), bytes);
  SampleBatch read;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    static_cast<void>(DecodeSampleBatch(bytes, read));
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

TEST(SampleBatch, RefusesHostileCounts) {
  const std::uint8_t floats[] = {1, 0, 0, 2, 5, 0xff, 0xff, 0xff, 0xff, 0x0f};
  SampleBatch read;
  EXPECT_EQ(DecodeSampleBatch(std::as_bytes(std::span(floats)), read).error().code, ErrorCode::kCorruption);
  const std::uint8_t version[] = {9, 0, 0};
  EXPECT_EQ(DecodeSampleBatch(std::as_bytes(std::span(version)), read).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace tickscope::codec
