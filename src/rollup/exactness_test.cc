// Exactness: what each function over a range is said to be worth, and that none is forgotten.
#include "rollup/exactness.h"

#include <gtest/gtest.h>

namespace tickscope::rollup {
namespace {

constexpr std::int64_t kMinute = 60'000;

TEST(Exactness, OfEveryRangeFunction) {
  struct Case {
    const char* function;
    Exactness aligned;
    Exactness unaligned;
    AggregateSet aggregates;
  };
  constexpr auto kExact = Exactness::kExact;
  constexpr auto kBounded = Exactness::kBounded;
  constexpr auto kNever = Exactness::kNotAnswerable;
  const Case cases[] = {
      {"absent_over_time", kExact, kBounded, {Aggregate::kCount}},
      {"avg_over_time", kExact, kBounded, {Aggregate::kCount, Aggregate::kSum}},
      {"changes", kNever, kNever, {}},
      {"count_over_time", kExact, kBounded, {Aggregate::kCount}},
      {"delta", kBounded, kBounded, {Aggregate::kLast}},
      {"deriv", kNever, kNever, {}},
      {"double_exponential_smoothing", kNever, kNever, {}},
      {"first_over_time", kExact, kBounded, {Aggregate::kFirst}},
      {"idelta", kNever, kNever, {}},
      {"increase", kBounded, kBounded, {Aggregate::kIncrease}},
      {"integral", kNever, kNever, {}},
      {"irate", kNever, kNever, {}},
      {"last_over_time", kExact, kBounded, {Aggregate::kLast}},
      {"mad_over_time", kNever, kNever, {}},
      {"max_over_time", kExact, kBounded, {Aggregate::kMax}},
      {"min_over_time", kExact, kBounded, {Aggregate::kMin}},
      {"predict_linear", kNever, kNever, {}},
      {"present_over_time", kExact, kBounded, {Aggregate::kCount}},
      {"quantile_over_time", kNever, kNever, {}},
      {"rate", kBounded, kBounded, {Aggregate::kIncrease}},
      {"resets", kNever, kNever, {}},
      {"stddev_over_time", kNever, kNever, {}},
      {"stdvar_over_time", kNever, kNever, {}},
      {"sum_over_time", kExact, kBounded, {Aggregate::kSum}},
      {"ts_of_first_over_time", kBounded, kBounded, {Aggregate::kCount}},
      {"ts_of_last_over_time", kBounded, kBounded, {Aggregate::kCount}},
      {"ts_of_max_over_time", kBounded, kBounded, {Aggregate::kMax}},
      {"ts_of_min_over_time", kBounded, kBounded, {Aggregate::kMin}},
      {"", kBounded, kBounded, {Aggregate::kLast}},
      {"nothing", kNever, kNever, {}},
      {"abs", kNever, kNever, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.function);
    const RangeQuestion aligned{c.function, 10 * kMinute, 5 * kMinute, 20 * kMinute, kMinute};
    EXPECT_EQ(ExactnessOf(aligned).exactness, c.aligned);
    EXPECT_EQ(ExactnessOf(aligned).aggregates, c.aggregates);
    EXPECT_FALSE(ExactnessOf(aligned).reason.empty());
    RangeQuestion unaligned = aligned;
    unaligned.start_ms += 1;
    EXPECT_EQ(ExactnessOf(unaligned).exactness, c.unaligned);
    EXPECT_EQ(ExactnessOf(unaligned).aggregates, c.aggregates);
  }
}

TEST(Exactness, OfRangesAndSteps) {
  struct Case {
    const char* name;
    RangeQuestion question;
    Exactness exactness;
  };
  const Case cases[] = {
      {"all multiples", {"sum_over_time", 300'000, 600'000, 1'200'000, 300'000}, Exactness::kExact},
      {"evaluated once", {"sum_over_time", 300'000, 0, 1'200'000, 300'000}, Exactness::kExact},
      {"range is none", {"sum_over_time", 400'000, 600'000, 1'200'000, 300'000}, Exactness::kBounded},
      {"step is none", {"sum_over_time", 300'000, 15'000, 1'200'000, 300'000}, Exactness::kBounded},
      {"start is none", {"sum_over_time", 300'000, 600'000, 1'200'001, 300'000}, Exactness::kBounded},
      {"before the epoch", {"sum_over_time", 300'000, 600'000, -1'200'000, 300'000}, Exactness::kExact},
      {"shorter than a window", {"sum_over_time", 60'000, 300'000, 0, 300'000}, Exactness::kNotAnswerable},
      {"shorter, of a rate", {"rate", 299'999, 300'000, 0, 300'000}, Exactness::kNotAnswerable},
      {"no resolution", {"sum_over_time", 60'000, 60'000, 0, 0}, Exactness::kNotAnswerable},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ExactnessOf(c.question).exactness, c.exactness);
  }
}

}  // namespace
}  // namespace tickscope::rollup
