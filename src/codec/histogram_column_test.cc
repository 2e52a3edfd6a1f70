// Histogram columns: every sample comes back bit for bit; damaged bytes are refused or harmless.
#include "codec/histogram_column.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>

#include "base/random.h"
#include "codec/histogram_codec.h"
#include "codec/value_column.h"
#include "model/sample.h"

namespace tickscope::codec {
namespace {

struct Rows {
  std::vector<double> values;
  std::vector<HistogramPtr> histograms;

  void Add(Histogram h) {
    values.push_back(0);
    histograms.push_back(std::make_shared<const Histogram>(std::move(h)));
  }
  void Add(double v) {
    values.push_back(v);
    histograms.emplace_back();
  }
};

// Histograms as bytes: NaN equals itself, -0 does not equal 0.
Bytes Exact(const Rows& rows) {
  Bytes bytes;
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    bytes.push_back(static_cast<std::byte>(rows.histograms[i] != nullptr ? 1 : 0));
    if (rows.histograms[i] != nullptr) {
      PutHistogram(*rows.histograms[i], bytes);
    } else {
      PutFixed(rows.values[i], bytes);
    }
  }
  return bytes;
}

Bytes Encode(const Rows& rows) {
  Bytes bytes;
  EncodeHistogramColumn(rows.values, rows.histograms, bytes);
  return bytes;
}

void ExpectRoundTrip(const Rows& rows) {
  const Bytes bytes = Encode(rows);
  Rows read;
  const Status decoded = DecodeHistogramColumn(bytes, rows.values.size(), read.values, read.histograms);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  ASSERT_EQ(read.values.size(), rows.values.size());
  ASSERT_EQ(Exact(read), Exact(rows));
}

Histogram Exponential(std::int32_t schema, std::vector<BucketSpan> spans, std::vector<double> buckets) {
  Histogram h;
  h.schema = schema;
  h.zero_threshold = 1e-128;
  h.positive_spans = std::move(spans);
  h.positive_buckets = std::move(buckets);
  for (const double bucket : h.positive_buckets)
    h.count += bucket;
  h.sum = h.count * 1.25;
  return h;
}

// A histogram as a game server would send it: counts that grow, buckets that come up one after the other.
class LiveHistogram {
 public:
  explicit LiveHistogram(std::uint64_t seed) : random_(seed) {}

  Histogram Next(int observations) {
    for (int i = 0; i < observations; ++i) {
      // The sum of uniforms is bell-shaped enough.
      const double at = 30 + 12 * (random_.Unit() + random_.Unit() + random_.Unit() + random_.Unit() - 2);
      ++counts_[static_cast<std::int64_t>(at)];
      sum_ += std::round(at * 1000) / 1000;
    }
    Histogram h;
    h.schema = 3;
    h.zero_threshold = 0.001;
    std::int64_t next = 0;
    for (const auto& [index, count] : counts_) {
      if (h.positive_spans.empty() || index != next)
        h.positive_spans.push_back({static_cast<std::int32_t>(index - next), 0});
      ++h.positive_spans.back().length;
      h.positive_buckets.push_back(count);
      h.count += count;
      next = index + 1;
    }
    h.sum = sum_;
    return h;
  }
  void Reset() { counts_.clear(); }

 private:
  SeededRandom random_;
  std::map<std::int64_t, double> counts_;
  double sum_ = 0;
};

TEST(HistogramColumn, GoldenBytes) {
  Rows rows;
  for (const double count : {3.0, 5.0}) {
    Histogram h;
    h.positive_spans = {{1, 1}};
    h.positive_buckets = {count};
    h.count = count;
    h.sum = count + 4;
    rows.Add(h);
  }
  const Bytes bytes = Encode(rows);
  // Up to the first column, as in the header's example.
  const std::vector<int> want = {2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 1, 0, 2, 0, 2, 0};
  ASSERT_GT(bytes.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_EQ(static_cast<int>(bytes[i]), want[i]) << i;
  ExpectRoundTrip(rows);
}

TEST(HistogramColumn, LiveHistogramsTakeAQuarterOfThoseKeptSingly) {
  Rows rows;
  LiveHistogram live(5);
  Bytes singly;
  for (int i = 0; i < 720; ++i) {
    if (i == 300) live.Reset();
    rows.Add(live.Next(600));
    PutHistogram(*rows.histograms.back(), singly);
  }
  ExpectRoundTrip(rows);
  EXPECT_LT(Encode(rows).size() * 4, singly.size());
}

TEST(HistogramColumn, OddOnesComeBackExactly) {
  Rows rows;
  rows.Add(Exponential(0, {{-5, 2}, {3, 1}}, {1, 2, 3}));
  rows.Add(Exponential(0, {{-5, 2}, {3, 1}}, {2, 2, 4}));
  rows.Add(Exponential(0, {{-6, 3}, {3, 1}}, {1, 2, 2, 4}));
  rows.Add(3.5);
  rows.Add(MissingValue());
  rows.Add(-0.0);
  rows.Add(Exponential(8, {}, {}));
  Histogram stale;
  stale.sum = StaleNan();
  rows.Add(stale);
  Histogram custom;
  custom.schema = kCustomBoundsSchema;
  custom.custom_bounds = {0.1, 1, 10};
  custom.positive_spans = {{0, 4}};
  custom.positive_buckets = {1, 0, 2.5, 9};
  custom.count = 12.5;
  custom.sum = -1e300;
  custom.reset_hint = ResetHint::kGauge;
  rows.Add(custom);
  Histogram negative = Exponential(2, {{0, 1}}, {7});
  negative.negative_spans = {{-3, 2}, {0, 1}};
  negative.negative_buckets = {1, 1e15, 0.125};
  negative.count = std::nan("");
  negative.reset_hint = ResetHint::kReset;
  rows.Add(negative);
  Histogram backwards = Exponential(2, {{5, 1}, {-3, 1}}, {1, 2});
  rows.Add(backwards);
  Histogram gap = Exponential(2, {{5, 1}}, {1});
  gap.sum = MissingValue();
  rows.Add(gap);
  Histogram wide = Exponential(1, {{0, 10'000}}, std::vector<double>(10'000, 1));
  for (int i = 0; i < 9; ++i)
    rows.Add(wide);
  ExpectRoundTrip(rows);
  ExpectRoundTrip({});
}

TEST(HistogramColumn, AnySequenceRoundTrips) {
  SeededRandom random(8);
  for (int round = 0; round < 60; ++round) {
    Rows rows;
    LiveHistogram live(random.Next());
    const std::size_t count = random.Below(2500);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t kind = random.Below(200);
      Histogram h = live.Next(static_cast<int>(random.Below(20)));
      if (kind == 0) live.Reset();
      if (kind == 1) rows.Add(random.Unit());
      if (kind == 2) h.schema = static_cast<std::int32_t>(random.Below(8));
      if (kind == 3) h.sum = StaleNan();
      if (kind == 4) h.count += 1;
      if (kind == 5) h.reset_hint = static_cast<ResetHint>(random.Below(4));
      if (kind == 6)
        std::swap(h.positive_spans, h.negative_spans), std::swap(h.positive_buckets, h.negative_buckets);
      if (kind == 7 && !h.positive_buckets.empty())
        h.positive_buckets[0] = std::bit_cast<double>(random.Next());
      rows.Add(std::move(h));
    }
    ExpectRoundTrip(rows);
  }
}

TEST(HistogramColumn, DamagedBytesAreRefusedOrHarmless) {
  Rows rows;
  LiveHistogram live(6);
  for (int i = 0; i < 40; ++i)
    rows.Add(live.Next(30));
  rows.Add(2.0);
  const Bytes bytes = Encode(rows);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Rows read;
    EXPECT_FALSE(
        DecodeHistogramColumn(ByteView(bytes.data(), size), 41, read.values, read.histograms).has_value());
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = bytes;
      flipped[at] ^= static_cast<std::byte>(1 << bit);
      Rows read;
      if (DecodeHistogramColumn(flipped, 41, read.values, read.histograms)) {
        EXPECT_EQ(read.values.size(), 41U);
      }
    }
  }
}

}  // namespace
}  // namespace tickscope::codec
