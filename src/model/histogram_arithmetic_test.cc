// Histogram arithmetic: reconciliation of resolutions, zero buckets and bounds, compensation, reset detection.
#include "model/histogram_arithmetic.h"

#include <gtest/gtest.h>

#include <limits>

#include "model/histogram_text.h"

namespace tickscope {
namespace {

// One span of consecutive positive buckets from `offset`.
Histogram Exponential(std::int32_t schema, std::int32_t offset, std::vector<double> buckets, double sum = 0) {
  Histogram h;
  h.schema = schema;
  h.sum = sum;
  h.positive_spans = {{offset, static_cast<std::uint32_t>(buckets.size())}};
  for (const double count : buckets)
    h.count += count;
  h.positive_buckets = std::move(buckets);
  return h;
}

Histogram Custom(std::vector<double> bounds, std::vector<double> buckets) {
  Histogram h = Exponential(kCustomBoundsSchema, 0, std::move(buckets));
  h.custom_bounds = std::move(bounds);
  return h;
}

Histogram WithZero(Histogram h, double threshold, double count) {
  h.zero_threshold = threshold;
  h.zero_count = count;
  h.count += count;
  return h;
}

TEST(HistogramArithmetic, Adds) {
  struct Case {
    const char* name;
    Histogram a;
    Histogram b;
    const char* want;
  };
  const Case cases[] = {
      {"same layout", Exponential(0, 0, {1, 2}, 3), Exponential(0, 0, {4, 5}, 6),
       "{count:12, sum:9, (0.5,1]:5, (1,2]:7}"},
      {"disjoint buckets", Exponential(0, 0, {1}), Exponential(0, 3, {2}),
       "{count:3, sum:0, (0.5,1]:1, (4,8]:2}"},
      {"coarser schema wins", Exponential(1, 1, {1, 2}), Exponential(0, 1, {4}), "{count:7, sum:0, (1,2]:7}"},
      {"finer second", Exponential(-1, 1, {1}), Exponential(0, 1, {2, 3}), "{count:6, sum:0, (1,4]:6}"},
      {"opposite counts vanish", Exponential(0, 0, {1, 2}), Exponential(0, 0, {-1, 1}),
       "{count:3, sum:0, (1,2]:3}"},
      {"wider zero bucket swallows buckets below it", WithZero(Exponential(0, 0, {1, 2}), 0.001, 1),
       WithZero(Exponential(0, 1, {5}), 1, 2), "{count:11, sum:0, [-1,1]:4, (1,2]:7}"},
      {"zero bucket grows past a bucket it cuts", WithZero(Exponential(0, 0, {1, 2}), 0.001, 1),
       WithZero(Exponential(0, 2, {5}), 1.5, 2), "{count:11, sum:0, [-2,2]:6, (2,4]:5}"},
      {"common custom bounds", Custom({1, 2, 5}, {1, 2, 3, 4}), Custom({1, 5, 9}, {10, 20, 30, 40}),
       "{count:110, sum:0, [-Inf,1]:11, (1,5]:25, (5,+Inf]:74}"},
      {"no common custom bound", Custom({1}, {1, 2}), Custom({2}, {3, 4}),
       "{count:10, sum:0, [-Inf,+Inf]:10}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    CombineNotes notes;
    EXPECT_EQ(HistogramText(AddHistograms(c.a, c.b, notes)), c.want);
    EXPECT_EQ(HistogramText(AddHistograms(c.b, c.a, notes)), c.want);
    EXPECT_EQ(notes.bounds_reconciled, c.a.custom_bounds != c.b.custom_bounds);
  }
}

TEST(HistogramArithmetic, SubtractsAndMarksGauge) {
  CombineNotes notes;
  const Histogram difference =
      SubtractHistograms(Exponential(0, 0, {5, 5}, 9), Exponential(0, 0, {2, 5}, 4), notes);
  EXPECT_EQ(HistogramText(difference), "{count:3, sum:5, (0.5,1]:3}");
  EXPECT_EQ(difference.reset_hint, ResetHint::kGauge);
}

TEST(HistogramArithmetic, CombinesHints) {
  struct Case {
    ResetHint a;
    ResetHint b;
    ResetHint want;
    bool conflict;
  };
  const Case cases[] = {
      {ResetHint::kUnknown, ResetHint::kUnknown, ResetHint::kUnknown, false},
      {ResetHint::kNotReset, ResetHint::kNotReset, ResetHint::kNotReset, false},
      {ResetHint::kNotReset, ResetHint::kUnknown, ResetHint::kUnknown, false},
      {ResetHint::kNotReset, ResetHint::kReset, ResetHint::kUnknown, true},
      {ResetHint::kReset, ResetHint::kGauge, ResetHint::kGauge, false},
  };
  for (const Case& c : cases) {
    Histogram a = Exponential(0, 0, {1});
    Histogram b = a;
    a.reset_hint = c.a;
    b.reset_hint = c.b;
    CombineNotes notes;
    EXPECT_EQ(AddHistograms(a, b, notes).reset_hint, c.want);
    EXPECT_EQ(notes.reset_conflict, c.conflict);
  }
}

TEST(HistogramArithmetic, SumsAreCompensated) {
  HistogramSum sum(Exponential(0, 0, {1}, 1));
  for (const double v : {1e100, 1.0, -1e100})
    sum.Add(Exponential(0, 0, {1}, v));
  EXPECT_EQ(sum.Result().sum, 2);
  EXPECT_EQ(sum.Result().count, 4);
}

TEST(HistogramArithmetic, DivisionByZeroLeavesNoBuckets) {
  EXPECT_EQ(HistogramText(DivideHistogram(WithZero(Exponential(0, 0, {1, 2}, 3), 1, 2), 0)),
            "{count:+Inf, sum:+Inf, [-1,1]:+Inf}");
  EXPECT_EQ(HistogramText(DivideHistogram(Exponential(0, 0, {2, 4}, 3), 2)),
            "{count:3, sum:1.5, (0.5,1]:1, (1,2]:2}");
}

TEST(HistogramArithmetic, CompactDropsEmptyBucketsAndSpans) {
  Histogram h;
  h.count = 3;
  h.positive_spans = {{0, 2}, {0, 0}, {3, 3}};
  h.positive_buckets = {0, 1, 0, 2, 0};
  const Histogram compact = CompactHistogram(h);
  EXPECT_EQ(compact.positive_spans, (std::vector<BucketSpan>{{1, 1}, {4, 1}}));
  EXPECT_EQ(compact.positive_buckets, (std::vector<double>{1, 2}));
  EXPECT_TRUE(SameHistogram(h, compact));
}

TEST(HistogramArithmetic, DetectsResets) {
  struct Case {
    const char* name;
    Histogram before;
    Histogram now;
    bool want;
  };
  Histogram hinted = Exponential(0, 0, {1, 1});
  hinted.reset_hint = ResetHint::kNotReset;
  const Case cases[] = {
      {"grew", Exponential(0, 0, {1, 2}), Exponential(0, 0, {1, 3}), false},
      {"count fell", Exponential(0, 0, {1, 2}), Exponential(0, 0, {1, 1}), true},
      {"a bucket fell, the count did not", Exponential(0, 0, {1, 2}), Exponential(0, 0, {0, 5}), true},
      {"a bucket vanished", Exponential(0, 0, {1, 2}), Exponential(0, 1, {9}), true},
      {"new bucket", Exponential(0, 0, {1, 2}), Exponential(0, 0, {1, 2, 1}), false},
      {"coarser schema", Exponential(1, 1, {1, 2}), Exponential(0, 1, {3}), false},
      {"finer schema", Exponential(0, 1, {1}), Exponential(1, 1, {1, 2}), true},
      {"zero bucket shrank", WithZero(Exponential(0, 0, {1}), 1, 1), WithZero(Exponential(0, 0, {1}), 0.5, 5),
       true},
      {"zero bucket swallowed a bucket", WithZero(Exponential(0, 0, {2, 1}), 0.001, 1),
       WithZero(Exponential(0, 1, {1}), 1, 3), false},
      {"zero bucket ends inside a bucket", WithZero(Exponential(0, 0, {2, 1}), 0.001, 1),
       WithZero(Exponential(0, 1, {1}), 0.75, 3), true},
      {"bounds merged", Custom({1, 2}, {1, 1, 1}), Custom({2}, {2, 1}), false},
      {"bounds split, a part fell", Custom({2}, {4, 1}), Custom({1, 2}, {1, 1, 9}), true},
      {"other bucket kind", Exponential(0, 0, {1}), Custom({1}, {1, 5}), true},
      {"hint says no", Exponential(0, 0, {9, 9}), hinted, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(IsCounterReset(c.before, c.now), c.want);
  }
}

TEST(HistogramBuckets, UpperBounds) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(BucketUpperBound(0, 0, {}), 1);
  EXPECT_EQ(BucketUpperBound(0, -2, {}), 0.25);
  EXPECT_EQ(BucketUpperBound(-1, 1, {}), 4);
  // To the last bit as Prometheus has them, which is not always the nearest.
  EXPECT_EQ(BucketUpperBound(1, 1, {}), 0x1.6a09e667f3bccp0);
  EXPECT_EQ(BucketUpperBound(2, 1, {}), 0x1.306fe0a31b715p0);
  EXPECT_EQ(BucketUpperBound(2, 3, {}), 2 * 0.8408964152537144);
  EXPECT_EQ(BucketUpperBound(4, 15, {}), 2 * 0.9576032806985735);
  EXPECT_EQ(BucketUpperBound(7, -32, {}), 0.8408964152537144);
  EXPECT_EQ(BucketUpperBound(8, 1, {}), 2 * 0.5013556375251013);
  EXPECT_EQ(BucketUpperBound(0, 1024, {}), std::numeric_limits<double>::max());
  EXPECT_EQ(BucketUpperBound(0, 1025, {}), inf);
  EXPECT_EQ(BucketUpperBound(-4, std::numeric_limits<std::int32_t>::max(), {}), inf);
  const std::vector<double> bounds = {2, 4};
  EXPECT_EQ(BucketUpperBound(kCustomBoundsSchema, 1, bounds), 4);
  EXPECT_EQ(BucketUpperBound(kCustomBoundsSchema, 2, bounds), inf);
  EXPECT_EQ(BucketUpperBound(kCustomBoundsSchema, -1, bounds), -inf);
}

TEST(HistogramText, FloatsUseFewestDigits) {
  EXPECT_EQ(FormatFloatCompact(0.1), "0.1");
  EXPECT_EQ(FormatFloatCompact(123456), "123456");
  EXPECT_EQ(FormatFloatCompact(1e7), "1e+07");
  EXPECT_EQ(FormatFloatCompact(0.00001), "1e-05");
  EXPECT_EQ(FormatFloatCompact(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(FormatFloatCompact(-0.0), "-0");
}

}  // namespace
}  // namespace tickscope
