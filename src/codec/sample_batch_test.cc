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

TEST(SampleBatch, ExemplarsRoundTripAndAloneMakeABatch) {
  SampleBatch batch;
  EXPECT_TRUE(batch.empty());
  batch.exemplars.push_back({SeriesRef{8}, {Labels{{"span_id", "1"}, {"trace_id", "abc"}}, -0.5, 1000}});
  batch.exemplars.push_back({SeriesRef{7}, {Labels{}, StaleNan(), -3}});
  EXPECT_FALSE(batch.empty());
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  SampleBatch read;
  ASSERT_TRUE(DecodeSampleBatch(bytes, read));
  ASSERT_EQ(read.exemplars.size(), 2U);
  EXPECT_EQ(read.exemplars[0].ref, SeriesRef{8});
  EXPECT_EQ(read.exemplars[0].exemplar, batch.exemplars[0].exemplar);
  EXPECT_EQ(read.exemplars[1].ref, SeriesRef{7});
  EXPECT_EQ(read.exemplars[1].exemplar.labels, Labels{});
  EXPECT_EQ(read.exemplars[1].exemplar.time_ms, -3);
  for (std::size_t size = 4; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeSampleBatch(ByteView(bytes).first(size), read)) << size;
}

TEST(SampleBatch, ExemplarBytes) {
  SampleBatch batch;
  batch.exemplars.push_back({SeriesRef{7}, {Labels{{"t", "ab"}}, 2.5, 1000}});
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  const std::uint8_t want[] = {4, 0,   0,                                 // version, tenant, received
                               8, 18,                                     // section, size
                               1, 14,  0xd0, 0x0f,                        // one; ref step 7; time step 1000
                               0, 0,   0,    0,    0,  0, 0x04, 0x40, 1,  // 2.5; one label
                               1, 't', 2,    'a',  'b'};
  EXPECT_EQ(bytes, Bytes(std::as_bytes(std::span(want)).begin(), std::as_bytes(std::span(want)).end()));
}

TEST(SampleBatch, RefusesExemplarsWhoseLabelsAreNone) {
  const std::uint8_t bytes[] = {4, 0, 0, 8, 20, 1,   0, 0,   0, 0,   0, 0,  0,
                                0, 0, 0, 2, 1,  'b', 1, 'x', 1, 'a', 1, 'y'};
  SampleBatch read;
  const Status refused = DecodeSampleBatch(std::as_bytes(std::span(bytes)), read);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "sample batch: exemplars: labels out of order");
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

TEST(SampleBatch, StartsRoundTripAndOldReadersRefuseThem) {
  SampleBatch batch = MakeBatch();
  batch.floats.starts_ms = {900, 900, 0, -5, 900, 900, 7, INT64_MAX, INT64_MIN, 0};
  ASSERT_EQ(batch.floats.starts_ms.size(), batch.floats.size());
  batch.histograms[0].start_ms = 901;
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  EXPECT_EQ(static_cast<int>(bytes[0]), 3);
  SampleBatch read;
  const Status status = DecodeSampleBatch(bytes, read);
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_EQ(read.floats.starts_ms, batch.floats.starts_ms);
  EXPECT_EQ(read.histograms[0].start_ms, 901);
  // Reused for a batch without: none are left over.
  bytes.clear();
  EncodeSampleBatch(MakeBatch(), bytes);
  EXPECT_EQ(static_cast<int>(bytes[0]), 1);
  ASSERT_TRUE(DecodeSampleBatch(bytes, read).has_value());
  EXPECT_TRUE(read.floats.starts_ms.empty());
  EXPECT_EQ(read.histograms[0].start_ms, 0);
}

TEST(SampleBatch, StartsBytes) {
  SampleBatch batch;
  batch.floats.Push(SeriesRef{7}, 1000, 0);
  batch.floats.Push(SeriesRef{8}, 1000, 0, 900);
  batch.floats.Push(SeriesRef{9}, 1000, 0, 900);
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  const std::uint8_t want[] = {3, 0, 0,                                    // version, tenant, received
                               2, 8, 3, 0x0e, 3, 1,    0xd0, 0x0f, 0, 0,   // three zeros
                               7, 8, 0, 2,    1, 0x88, 0x0e, 0,    0, 0};  // before 0, two changes, none
  ASSERT_EQ(bytes.size(), std::size(want));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    EXPECT_EQ(static_cast<std::uint8_t>(bytes[i]), want[i]) << "at " << i;
}

// A stream of an epoch's batches as one gateway writes them: some are not taken by the stream.
struct StartStream {
  BatchEncoder encoder;
  std::vector<Bytes> records;
  std::vector<std::vector<TimeMs>> starts_ms;  // What each record's samples have, floats then histograms.

  void Append(const SampleBatch& batch, bool is_taken) {
    Bytes bytes;
    encoder.Encode(batch, 1, bytes);
    if (!is_taken) return encoder.Forget(batch);
    records.push_back(std::move(bytes));
    starts_ms.push_back(StartsOf(batch));
  }
  static std::vector<TimeMs> StartsOf(const SampleBatch& batch) {
    std::vector<TimeMs> starts_ms = batch.floats.starts_ms;
    starts_ms.resize(batch.floats.size());
    for (const HistogramEntry& entry : batch.histograms)
      starts_ms.push_back(entry.start_ms);
    return starts_ms;
  }
};

StartStream MakeStartStream(std::uint64_t seed) {
  SeededRandom random(seed);
  StartStream stream;
  std::vector<TimeMs> starts_ms(60);
  const auto histogram = MakeBatch().histograms[0].histogram;
  for (int record = 0; record < 200; ++record) {
    SampleBatch batch;
    for (std::uint32_t ref = 0; ref < 60; ++ref) {
      if (random.Below(3) == 0) continue;
      // Nobody says anything at first; then series restart, stop saying, or have one sample of another start.
      if (record > 20 && random.Below(30) == 0)
        starts_ms[ref] = static_cast<TimeMs>(random.Below(4)) * record * 1000;
      for (std::size_t point = 0; point < 1 + random.Below(2); ++point) {
        const TimeMs start_ms = record > 20 && random.Below(100) == 0 ? -1 : starts_ms[ref];
        if (ref % 10 == 9) {
          batch.histograms.push_back({SeriesRef{ref}, record, histogram, start_ms});
        } else {
          batch.floats.Push(SeriesRef{ref}, record, ref, start_ms);
        }
      }
    }
    stream.Append(batch, random.Below(5) != 0);
  }
  return stream;
}

TEST(SampleBatch, StartsFollowTheStream) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const StartStream stream = MakeStartStream(seed);
    BatchDecoder decoder;
    SampleBatch read;
    for (std::size_t i = 0; i < stream.records.size(); ++i) {
      ASSERT_TRUE(decoder.Decode(stream.records[i], 1, read).has_value());
      ASSERT_EQ(StartStream::StartsOf(read), stream.starts_ms[i]) << "seed " << seed << " record " << i;
    }
    EXPECT_EQ(decoder.unproven_samples(), 0U);
    EXPECT_EQ(DecodeSampleBatch(stream.records.back(), read).error().code, ErrorCode::kUnsupported);
  }
}

TEST(SampleBatch, LostRecordsUnsetStartsAndNeverGiveOthers) {
  const StartStream stream = MakeStartStream(4);
  for (std::size_t lost = 0; lost + 1 < stream.records.size(); lost += 7) {
    BatchDecoder decoder;
    SampleBatch read;
    std::size_t set = 0;
    for (std::size_t i = 0; i < stream.records.size(); ++i) {
      if (i == lost) continue;
      ASSERT_TRUE(decoder.Decode(stream.records[i], 1, read).has_value());
      // What was left out for its values may be floats: then only histograms are there.
      const std::vector<TimeMs> got = StartStream::StartsOf(read);
      const std::vector<TimeMs>& want = stream.starts_ms[i];
      ASSERT_LE(got.size(), want.size());
      const std::size_t skipped = want.size() - got.size();
      for (std::size_t k = 0; k < got.size(); ++k) {
        if (got[k] == 0) continue;
        ASSERT_EQ(got[k], want[skipped + k]) << "lost " << lost << " record " << i << " sample " << k;
        ++set;
      }
    }
    EXPECT_GT(set, 0U);
  }
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
  SampleBatch batch = MakeBatch();
  batch.histograms[0].start_ms = 900;
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  // A batch may end between sections, so cuts there decode; those are the stream's checksum's business.
  SampleBatch read;
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    accepted += DecodeSampleBatch(ByteView(bytes).first(size), read).has_value() ? 1 : 0;
  }
  EXPECT_EQ(accepted, 5U);  // After the header and after each of the first four sections.
}

TEST(SampleBatch, FlippedBitsNeverCrash) {
  SampleBatch batch = MakeBatch();
  batch.floats.starts_ms = {900, 900, 0, -5, 900, 900, 7, 8, 9, 0};
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  SampleBatch read;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    if (DecodeSampleBatch(bytes, read) && !read.floats.starts_ms.empty()) {
      EXPECT_EQ(read.floats.starts_ms.size(), read.floats.size());
    }
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

TEST(SampleBatch, RefusesHostileCounts) {
  const std::uint8_t floats[] = {1, 0, 0, 2, 5, 0xff, 0xff, 0xff, 0xff, 0x0f};
  SampleBatch read;
  EXPECT_EQ(DecodeSampleBatch(std::as_bytes(std::span(floats)), read).error().code, ErrorCode::kCorruption);
  struct Case {
    const char* name;
    std::vector<std::uint8_t> section;  // After one sample of 0.
  };
  const Case cases[] = {
      {"more changes than samples", {7, 7, 0, 2, 0, 2, 0, 2, 0}},
      {"a change past the last sample", {7, 5, 0, 1, 1, 2, 0}},
      {"a gap beyond all", {7, 9, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 2, 0}},
      {"a histogram that is not there", {7, 5, 0, 0, 1, 0, 2}},
      {"cut", {7, 2, 0, 1}},
      {"bytes left over", {7, 4, 0, 0, 0, 0}},
      {"twice", {7, 5, 0, 1, 0, 2, 0, 7, 5, 0, 1, 0, 2, 0}},
      {"before a second sample", {7, 5, 0, 1, 0, 2, 0, 2, 7, 2, 0x0e, 2, 1, 2, 0, 0}},
  };
  for (const Case& each : cases) {
    std::vector<std::uint8_t> bytes = {3, 0, 0, 2, 6, 1, 0x0e, 1, 1, 2, 0};
    bytes.insert(bytes.end(), each.section.begin(), each.section.end());
    const Status status = DecodeSampleBatch(std::as_bytes(std::span(bytes)), read);
    ASSERT_FALSE(status.has_value()) << each.name;
    EXPECT_EQ(status.error().code, ErrorCode::kCorruption) << each.name;
  }
  const std::uint8_t version[] = {9, 0, 0};
  EXPECT_EQ(DecodeSampleBatch(std::as_bytes(std::span(version)), read).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace tickscope::codec
