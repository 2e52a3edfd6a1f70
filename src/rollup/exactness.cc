#include "rollup/exactness.h"

#include <algorithm>

namespace tickscope::rollup {
namespace {

struct Entry {
  std::string_view function;
  Exactness aligned =
      Exactness::kNotAnswerable;  // When range, step and start are multiples of the resolution.
  AggregateSet aggregates;
  std::string_view reason;
};

constexpr auto kNever = Exactness::kNotAnswerable;
constexpr std::string_view kNeedsEverySample =
    "depends on every sample of the range, and windows keep none but ends";
constexpr std::string_view kNeedsLastTwo = "depends on the last two samples, which may lie in one window";
constexpr std::string_view kNeedsEachChange = "depends on each change from sample to sample within a window";
constexpr std::string_view kFromWindows = "follows from the windows of the range";
constexpr std::string_view kWithoutExtrapolation =
    "the counter's own increase from the last sample before the range to the last within, without "
    "extrapolation: off from "
    "PromQL's by at most what it grew by in one scrape interval at either end";
constexpr std::string_view kWithinWindow = "known to the window, so off by at most one resolution";

constexpr auto kEntries = std::to_array<Entry>({
    {"",
     Exactness::kBounded,
     {Aggregate::kLast},
     "the last sample of the window that ended before, so up to one resolution old, and a series that ended "
     "is seen until "
     "the lookback is over"},
    {"absent_over_time", Exactness::kExact, {Aggregate::kCount}, kFromWindows},
    {"avg_over_time", Exactness::kExact, {Aggregate::kSum, Aggregate::kCount}, kFromWindows},
    {"changes", kNever, {}, kNeedsEachChange},
    {"count_over_time", Exactness::kExact, {Aggregate::kCount}, kFromWindows},
    {"delta",
     Exactness::kBounded,
     {Aggregate::kLast},
     "the last sample of the range less the last before it, without extrapolation: off from PromQL's by at "
     "most what "
     "it changed by in one scrape interval at either end, if it went on as within the range"},
    {"deriv", kNever, {}, kNeedsEverySample},
    {"double_exponential_smoothing", kNever, {}, kNeedsEverySample},
    {"first_over_time", Exactness::kExact, {Aggregate::kFirst}, kFromWindows},
    {"idelta", kNever, {}, kNeedsLastTwo},
    {"increase", Exactness::kBounded, {Aggregate::kIncrease}, kWithoutExtrapolation},
    {"integral", kNever, {}, kNeedsEverySample},
    {"irate", kNever, {}, kNeedsLastTwo},
    {"last_over_time", Exactness::kExact, {Aggregate::kLast}, kFromWindows},
    {"mad_over_time", kNever, {}, kNeedsEverySample},
    {"max_over_time", Exactness::kExact, {Aggregate::kMax}, kFromWindows},
    {"min_over_time", Exactness::kExact, {Aggregate::kMin}, kFromWindows},
    {"predict_linear", kNever, {}, kNeedsEverySample},
    {"present_over_time", Exactness::kExact, {Aggregate::kCount}, kFromWindows},
    {"quantile_over_time", kNever, {}, kNeedsEverySample},
    {"rate", Exactness::kBounded, {Aggregate::kIncrease}, kWithoutExtrapolation},
    {"resets", kNever, {}, kNeedsEachChange},
    {"stddev_over_time", kNever, {}, kNeedsEverySample},
    {"stdvar_over_time", kNever, {}, kNeedsEverySample},
    {"sum_over_time", Exactness::kExact, {Aggregate::kSum}, kFromWindows},
    {"ts_of_first_over_time", Exactness::kBounded, {Aggregate::kCount}, kWithinWindow},
    {"ts_of_last_over_time", Exactness::kBounded, {Aggregate::kCount}, kWithinWindow},
    {"ts_of_max_over_time", Exactness::kBounded, {Aggregate::kMax}, kWithinWindow},
    {"ts_of_min_over_time", Exactness::kBounded, {Aggregate::kMin}, kWithinWindow},
});
static_assert(std::ranges::is_sorted(kEntries, {}, &Entry::function));

}  // namespace

ExactnessAnswer ExactnessOf(const RangeQuestion& question) {
  const auto entry = std::ranges::lower_bound(kEntries, question.function, {}, &Entry::function);
  if (entry == kEntries.end() || entry->function != question.function)
    return {kNever, {}, "not a function over a range of samples"};
  if (entry->aligned == kNever) return {kNever, {}, entry->reason};
  if (question.resolution_ms <= 0) return {kNever, {}, "not the resolution of a rollup"};
  const bool has_range = !question.function.empty();
  if (has_range && question.window_ms < question.resolution_ms)
    return {kNever, {}, "the range is shorter than a window"};
  const auto is_multiple = [&](std::int64_t ms) { return ms % question.resolution_ms == 0; };
  const bool is_aligned = is_multiple(question.start_ms) && is_multiple(question.step_ms) &&
                          (!has_range || is_multiple(question.window_ms));
  if (has_range && !is_aligned) {
    return {Exactness::kBounded, entry->aggregates,
            "start, step or range is no multiple of the resolution: off by what lies in the windows cut at "
            "either "
            "end"};
  }
  return {entry->aligned, entry->aggregates, entry->reason, has_range && is_aligned};
}

}  // namespace tickscope::rollup
