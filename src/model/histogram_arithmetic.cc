#include "model/histogram_arithmetic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace tickscope {
namespace {

// Moves the populated buckets below `threshold` into `absorbed`. When the threshold lies inside a populated bucket
// that bucket is absorbed too and the threshold grows to its upper bound, which is returned.
template <typename Side, typename CountOf, typename Absorb>
double AbsorbBelow(Side& side, std::int32_t schema, double threshold, CountOf count_of, Absorb absorb) {
  std::size_t taken = 0;
  for (; taken < side.size(); ++taken) {
    if (BucketUpperBound(schema, side[taken].index - 1, {}) >= threshold) break;
    if (count_of(side[taken]) == 0) continue;
    threshold = std::max(threshold, BucketUpperBound(schema, side[taken].index, {}));
    absorb(side[taken]);
  }
  side.erase(side.begin(), side.begin() + static_cast<std::ptrdiff_t>(taken));
  return threshold;
}

// What a histogram's zero bucket holds once it is at least `threshold` wide, and how wide it then is.
struct ZeroBucket {
  double threshold = 0;
  double count = 0;
};

ZeroBucket WidenedZeroBucket(IndexedBuckets& positive, IndexedBuckets& negative, std::int32_t schema,
                             ZeroBucket zero, double threshold) {
  if (threshold <= zero.threshold) return zero;
  zero.threshold = threshold;
  while (true) {
    const double before = zero.threshold;
    for (IndexedBuckets* side : {&positive, &negative}) {
      zero.threshold = AbsorbBelow(
          *side, schema, zero.threshold, [](const IndexedBucket& b) { return b.count; },
          [&zero](const IndexedBucket& b) { zero.count += b.count; });
    }
    if (zero.threshold == before) return zero;
  }
}

bool AnyBucketFell(const IndexedBuckets& previous, const IndexedBuckets& current) {
  auto now = current.begin();
  for (const IndexedBucket& before : previous) {
    while (now != current.end() && now->index < before.index)
      ++now;
    if (now == current.end() || now->index != before.index) return true;
    if (now->count < before.count) return true;
  }
  return false;
}

bool SameDouble(double a, double b) {
  return a == b || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool SameBuckets(const IndexedBuckets& a, const IndexedBuckets& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const IndexedBucket& x, const IndexedBucket& y) {
                      return x.index == y.index && SameDouble(x.count, y.count);
                    });
}

}  // namespace

void HistogramSum::Number::Add(double v) {
  const double total = sum + v;
  if (std::isinf(total)) {
    compensation = 0;  // Nothing finite is left to compensate.
  } else if (std::abs(sum) >= std::abs(v)) {
    compensation += (sum - total) + v;
  } else {
    compensation += (v - total) + sum;
  }
  sum = total;
}

HistogramSum::HistogramSum(const Histogram& first)
    : schema_(first.schema),
      hint_(first.reset_hint),
      saw_reset_(first.reset_hint == ResetHint::kReset),
      saw_no_reset_(first.reset_hint == ResetHint::kNotReset),
      zero_threshold_(first.zero_threshold),
      zero_{first.zero_count, 0},
      count_{first.count, 0},
      sum_{first.sum, 0},
      bounds_(first.custom_bounds) {
  AddSide(PopulatedBuckets(first.positive_spans, first.positive_buckets), 1, positive_);
  AddSide(PopulatedBuckets(first.negative_spans, first.negative_buckets), 1, negative_);
}

void HistogramSum::AddSide(const IndexedBuckets& buckets, double factor, Side& side) {
  std::size_t at = 0;
  std::size_t missing = 0;
  for (const IndexedBucket& bucket :
       buckets) {  // Layouts seldom change: add in place where the bucket is there.
    while (at < side.size() && side[at].index < bucket.index)
      ++at;
    if (at < side.size() && side[at].index == bucket.index) {
      side[at].number.Add(factor * bucket.count);
    } else {
      ++missing;
    }
  }
  if (missing == 0) return;
  Side merged;
  merged.reserve(side.size() + missing);
  at = 0;
  for (const IndexedBucket& bucket : buckets) {
    while (at < side.size() && side[at].index < bucket.index)
      merged.push_back(side[at++]);
    if (at < side.size() && side[at].index == bucket.index) continue;
    merged.push_back({bucket.index, {factor * bucket.count, 0}});
  }
  merged.insert(merged.end(), side.begin() + static_cast<std::ptrdiff_t>(at), side.end());
  side = std::move(merged);
}

void HistogramSum::MergeInto(Side& side, auto&& new_index) {
  Side merged;
  for (const Bucket& bucket : side) {
    const std::int32_t index = new_index(bucket.index);
    if (merged.empty() || merged.back().index != index) {
      merged.push_back({index, bucket.number});
      continue;
    }
    merged.back().number.Add(bucket.number.sum);
    merged.back().number.compensation += bucket.number.compensation;
  }
  side = std::move(merged);
}

void HistogramSum::CoarsenTo(std::int32_t schema) {
  if (uses_custom_bounds() || schema >= schema_) return;
  const std::int32_t shift = schema_ - schema;
  const auto coarser = [shift](std::int32_t index) { return ((index - 1) >> shift) + 1; };
  MergeInto(positive_, coarser);
  MergeInto(negative_, coarser);
  schema_ = schema;
}

void HistogramSum::MoveToBounds(const std::vector<double>& bounds) {
  MergeInto(positive_, [&](std::int32_t index) {
    const double upper = BucketUpperBound(kCustomBoundsSchema, index, bounds_);
    return static_cast<std::int32_t>(std::lower_bound(bounds.begin(), bounds.end(), upper) - bounds.begin());
  });
  bounds_ = bounds;
}

double HistogramSum::WidenZeroBucket(double threshold) {
  if (threshold <= zero_threshold_) return zero_threshold_;
  zero_threshold_ = threshold;
  while (true) {
    const double before = zero_threshold_;
    for (Side* side : {&positive_, &negative_}) {
      zero_threshold_ = AbsorbBelow(
          *side, schema_, zero_threshold_, [](const Bucket& b) { return b.number.value(); },
          [this](const Bucket& b) {
            zero_.Add(b.number.sum);
            zero_.compensation += b.number.compensation;
          });
    }
    if (zero_threshold_ == before) return before;
  }
}

void HistogramSum::CombineHint(ResetHint hint, double factor) {
  saw_reset_ = saw_reset_ || hint == ResetHint::kReset;
  saw_no_reset_ = saw_no_reset_ || hint == ResetHint::kNotReset;
  notes_.reset_conflict = saw_reset_ && saw_no_reset_;
  if (factor < 0 || hint_ == ResetHint::kGauge || hint == ResetHint::kGauge) {
    hint_ = ResetHint::kGauge;
  } else if (hint_ != hint) {
    hint_ = ResetHint::kUnknown;
  }
}

void HistogramSum::Add(const Histogram& h, double factor) {
  CombineHint(h.reset_hint, factor);
  IndexedBuckets positive = PopulatedBuckets(h.positive_spans, h.positive_buckets);
  IndexedBuckets negative = PopulatedBuckets(h.negative_spans, h.negative_buckets);
  ZeroBucket zero{h.zero_threshold, h.zero_count};
  if (uses_custom_bounds()) {
    if (bounds_ != h.custom_bounds) {
      notes_.bounds_reconciled = true;
      const std::vector<double> common = CommonBounds(bounds_, h.custom_bounds);
      MoveToBounds(common);
      positive = ReduceBounds(positive, h.custom_bounds, common);
    }
  } else {
    // Zero buckets first, at each side's own resolution; a widened one may straddle a bucket of the other side.
    while (zero.threshold != zero_threshold_) {
      zero = WidenedZeroBucket(positive, negative, h.schema, zero, zero_threshold_);
      zero.threshold = std::max(zero.threshold, zero_threshold_);
      WidenZeroBucket(zero.threshold);
    }
    CoarsenTo(h.schema);
    positive = ReduceSchema(positive, h.schema, schema_);
    negative = ReduceSchema(negative, h.schema, schema_);
  }
  AddSide(positive, factor, positive_);
  AddSide(negative, factor, negative_);
  zero_.Add(factor * zero.count);
  count_.Add(factor * h.count);
  sum_.Add(factor * h.sum);
}

void HistogramSum::Scale(double factor) {
  const auto scale = [factor](Number& n) {
    n.sum *= factor;
    n.compensation *= factor;
  };
  scale(zero_);
  scale(count_);
  scale(sum_);
  for (Bucket& bucket : positive_)
    scale(bucket.number);
  for (Bucket& bucket : negative_)
    scale(bucket.number);
}

Histogram HistogramSum::Result() const {
  Histogram h;
  h.reset_hint = hint_;
  h.schema = schema_;
  h.zero_threshold = zero_threshold_;
  h.zero_count = zero_.value();
  h.count = count_.value();
  h.sum = sum_.value();
  h.custom_bounds = bounds_;
  const auto store = [](const Side& side, std::vector<BucketSpan>& spans, std::vector<double>& counts) {
    IndexedBuckets buckets;
    buckets.reserve(side.size());
    for (const Bucket& bucket : side)
      buckets.push_back({bucket.index, bucket.number.value()});
    StoreBuckets(buckets, spans, counts);
  };
  store(positive_, h.positive_spans, h.positive_buckets);
  store(negative_, h.negative_spans, h.negative_buckets);
  return h;
}

bool HistogramSum::IsFinite() const {
  const auto finite = [](const Bucket& b) { return std::isfinite(b.number.sum); };
  return std::isfinite(zero_.sum) && std::isfinite(count_.sum) && std::isfinite(sum_.sum) &&
         std::all_of(positive_.begin(), positive_.end(), finite) &&
         std::all_of(negative_.begin(), negative_.end(), finite);
}

Histogram AddHistograms(const Histogram& a, const Histogram& b, CombineNotes& notes) {
  HistogramSum sum(a);
  sum.Add(b);
  notes = sum.notes();
  return sum.Result();
}

Histogram SubtractHistograms(const Histogram& a, const Histogram& b, CombineNotes& notes) {
  HistogramSum sum(a);
  sum.Add(b, -1);
  notes = sum.notes();
  return sum.Result();
}

Histogram ScaleHistogram(const Histogram& h, double factor) {
  Histogram out = h;
  if (!UsesCustomBounds(h)) out.zero_count *= factor;
  out.count *= factor;
  out.sum *= factor;
  for (double& count : out.positive_buckets)
    count *= factor;
  for (double& count : out.negative_buckets)
    count *= factor;
  if (factor < 0) out.reset_hint = ResetHint::kGauge;
  return CompactHistogram(out);
}

Histogram DivideHistogram(const Histogram& h, double divisor) {
  Histogram out = h;
  if (!UsesCustomBounds(h)) out.zero_count /= divisor;
  out.count /= divisor;
  out.sum /= divisor;
  if (divisor == 0) {
    out.positive_spans.clear();
    out.negative_spans.clear();
    out.positive_buckets.clear();
    out.negative_buckets.clear();
    return out;
  }
  for (double& count : out.positive_buckets)
    count /= divisor;
  for (double& count : out.negative_buckets)
    count /= divisor;
  if (divisor < 0) out.reset_hint = ResetHint::kGauge;
  return CompactHistogram(out);
}

Histogram CompactHistogram(const Histogram& h) {
  Histogram out = h;
  StoreBuckets(PopulatedBuckets(h.positive_spans, h.positive_buckets), out.positive_spans,
               out.positive_buckets);
  StoreBuckets(PopulatedBuckets(h.negative_spans, h.negative_buckets), out.negative_spans,
               out.negative_buckets);
  return out;
}

bool SameHistogram(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && SameDouble(a.zero_threshold, b.zero_threshold) &&
         SameDouble(a.zero_count, b.zero_count) && SameDouble(a.count, b.count) && SameDouble(a.sum, b.sum) &&
         a.custom_bounds == b.custom_bounds &&
         SameBuckets(PopulatedBuckets(a.positive_spans, a.positive_buckets),
                     PopulatedBuckets(b.positive_spans, b.positive_buckets)) &&
         SameBuckets(PopulatedBuckets(a.negative_spans, a.negative_buckets),
                     PopulatedBuckets(b.negative_spans, b.negative_buckets));
}

bool IsCounterReset(const Histogram& previous, const Histogram& current) {
  if (current.reset_hint == ResetHint::kReset) return true;
  if (current.reset_hint == ResetHint::kNotReset) return false;
  if (current.count < previous.count || !SameBucketKind(previous, current)) return true;

  IndexedBuckets before = PopulatedBuckets(previous.positive_spans, previous.positive_buckets);
  IndexedBuckets now = PopulatedBuckets(current.positive_spans, current.positive_buckets);
  if (UsesCustomBounds(current)) {
    if (previous.custom_bounds != current.custom_bounds) {
      const std::vector<double> common = CommonBounds(previous.custom_bounds, current.custom_bounds);
      before = ReduceBounds(before, previous.custom_bounds, common);
      now = ReduceBounds(now, current.custom_bounds, common);
    }
    return AnyBucketFell(before, now);
  }
  if (current.schema > previous.schema || current.zero_threshold < previous.zero_threshold) return true;
  IndexedBuckets before_negative = PopulatedBuckets(previous.negative_spans, previous.negative_buckets);
  const IndexedBuckets now_negative = PopulatedBuckets(current.negative_spans, current.negative_buckets);
  const ZeroBucket zero =
      WidenedZeroBucket(before, before_negative, previous.schema,
                        {previous.zero_threshold, previous.zero_count}, current.zero_threshold);
  // A zero bucket that ends inside what used to be a populated bucket cannot come from the same counter.
  if (zero.threshold != current.zero_threshold || current.zero_count < zero.count) return true;
  return AnyBucketFell(ReduceSchema(before, previous.schema, current.schema), now) ||
         AnyBucketFell(ReduceSchema(before_negative, previous.schema, current.schema), now_negative);
}

}  // namespace tickscope
