// The summary of a sample batch says what was put in, without what the batch builds on.
#include "codec/sample_batch_summary.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "codec/sample_batch.h"

namespace tickscope::codec {
namespace {

SampleBatch Full() {
  SampleBatch batch;
  batch.tenant = "eu";
  batch.received_ms = 77;
  batch.series = {{SeriesRef{1}, {{"__name__", "a"}, {"b", "c"}}}, {SeriesRef{2}, {{"__name__", "d"}}}};
  for (int i = 0; i < 5; ++i)
    batch.floats.Push(SeriesRef{1}, 1000 + i, i);
  auto histogram = std::make_shared<Histogram>();
  batch.histograms.push_back({SeriesRef{2}, 1000, histogram, 0});
  batch.metadata.push_back({"a", {}});
  batch.exemplars.push_back({SeriesRef{1}, {}});
  return batch;
}

TEST(SampleBatchSummary, CountsWhatIsThere) {
  Bytes bytes;
  BatchEncoder encoder;
  encoder.Encode(Full(), 0, bytes);
  bytes.clear();
  // The second builds on the first, which is not at hand.
  encoder.Encode(Full(), 0, bytes);
  const auto summary = SummarizeSampleBatch(bytes);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->tenant, "eu");
  EXPECT_EQ(summary->received_ms, 77);
  EXPECT_EQ(summary->new_series, 2U);
  EXPECT_EQ(summary->samples, 5U);
  EXPECT_EQ(summary->histograms, 1U);
  EXPECT_EQ(summary->metadata, 1U);
  EXPECT_EQ(summary->exemplars, 1U);
}

// What an agent that numbers its pushes sends.
TEST(SampleBatchSummary, PassesOverDeliveries) {
  SampleBatch batch = Full();
  batch.delivery = Delivery{.sender = "host-1", .epoch = 5, .number = 300};
  batch.delivered = {{.tenant = "eu", .sender = "host-2", .epoch = 6, .ranges = {{0, 7}}}};
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  const auto summary = SummarizeSampleBatch(bytes);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->samples, 5U);
}

TEST(SampleBatchSummary, RefusesWhatIsNone) {
  Bytes bytes;
  EncodeSampleBatch(Full(), bytes);
  EXPECT_FALSE(SummarizeSampleBatch({}).has_value());
  Bytes other = bytes;
  other[0] = std::byte{0x10};
  EXPECT_EQ(SummarizeSampleBatch(other).error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(SummarizeSampleBatch(ByteView(bytes).first(bytes.size() - 1)).has_value());
}

}  // namespace
}  // namespace tickscope::codec
