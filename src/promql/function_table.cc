#include "promql/function_table.h"

#include <algorithm>
#include <array>

#include "promql/functions_absent.h"
#include "promql/functions_histogram.h"
#include "promql/functions_label.h"
#include "promql/functions_math.h"
#include "promql/functions_time.h"
#include "promql/info_eval.h"
#include "promql/range_eval.h"

namespace tickscope::promql {
namespace {

struct Entry {
  std::string_view name;
  VectorFunction evaluate;
};

constexpr auto kVectorFunctions = std::to_array<Entry>({
    {"abs", EvalFloatFunction},
    {"absent", EvalAbsent},
    {"absent_over_time", EvalAbsentOverTime},
    {"acos", EvalFloatFunction},
    {"acosh", EvalFloatFunction},
    {"asin", EvalFloatFunction},
    {"asinh", EvalFloatFunction},
    {"atan", EvalFloatFunction},
    {"atanh", EvalFloatFunction},
    {"avg_over_time", EvalRangeCall},
    {"ceil", EvalFloatFunction},
    {"changes", EvalRangeCall},
    {"clamp", EvalClamp},
    {"clamp_max", EvalClampMax},
    {"clamp_min", EvalClampMin},
    {"cos", EvalFloatFunction},
    {"cosh", EvalFloatFunction},
    {"count_over_time", EvalRangeCall},
    {"day_of_month", EvalDateFunction},
    {"day_of_week", EvalDateFunction},
    {"day_of_year", EvalDateFunction},
    {"days_in_month", EvalDateFunction},
    {"deg", EvalFloatFunction},
    {"delta", EvalRangeCall},
    {"deriv", EvalRangeCall},
    {"double_exponential_smoothing", EvalRangeCall},
    {"exp", EvalFloatFunction},
    {"first_over_time", EvalRangeCall},
    {"floor", EvalFloatFunction},
    {"histogram_avg", EvalHistogramNumber},
    {"histogram_count", EvalHistogramNumber},
    {"histogram_fraction", EvalHistogramFraction},
    {"histogram_quantile", EvalHistogramQuantile},
    {"histogram_quantiles", EvalHistogramQuantiles},
    {"histogram_stddev", EvalHistogramNumber},
    {"histogram_stdvar", EvalHistogramNumber},
    {"histogram_sum", EvalHistogramNumber},
    {"hour", EvalDateFunction},
    {"idelta", EvalRangeCall},
    {"increase", EvalRangeCall},
    {"info", EvalInfo},
    {"integral", EvalRangeCall},
    {"irate", EvalRangeCall},
    {"label_join", EvalLabelJoin},
    {"label_replace", EvalLabelReplace},
    {"last_over_time", EvalRangeCall},
    {"ln", EvalFloatFunction},
    {"log10", EvalFloatFunction},
    {"log2", EvalFloatFunction},
    {"mad_over_time", EvalRangeCall},
    {"max_over_time", EvalRangeCall},
    {"min_over_time", EvalRangeCall},
    {"minute", EvalDateFunction},
    {"month", EvalDateFunction},
    {"predict_linear", EvalRangeCall},
    {"present_over_time", EvalRangeCall},
    {"quantile_over_time", EvalRangeCall},
    {"rad", EvalFloatFunction},
    {"rate", EvalRangeCall},
    {"resets", EvalRangeCall},
    {"round", EvalRound},
    {"sgn", EvalFloatFunction},
    {"sin", EvalFloatFunction},
    {"sinh", EvalFloatFunction},
    {"sort", EvalSort},
    {"sort_by_label", EvalSortByLabel},
    {"sort_by_label_desc", EvalSortByLabel},
    {"sort_desc", EvalSort},
    {"sqrt", EvalFloatFunction},
    {"start_timestamp", EvalStartTimestamp},
    {"stddev_over_time", EvalRangeCall},
    {"stdvar_over_time", EvalRangeCall},
    {"sum_over_time", EvalRangeCall},
    {"tan", EvalFloatFunction},
    {"tanh", EvalFloatFunction},
    {"timestamp", EvalTimestamp},
    {"ts_of_first_over_time", EvalRangeCall},
    {"ts_of_last_over_time", EvalRangeCall},
    {"ts_of_max_over_time", EvalRangeCall},
    {"ts_of_min_over_time", EvalRangeCall},
    {"vector", EvalVectorOfScalar},
    {"year", EvalDateFunction},
});
static_assert(std::ranges::is_sorted(kVectorFunctions, {}, &Entry::name));

}  // namespace

VectorFunction FindVectorFunction(std::string_view name) {
  const auto it = std::ranges::lower_bound(kVectorFunctions, name, {}, &Entry::name);
  return it != kVectorFunctions.end() && it->name == name ? it->evaluate : nullptr;
}

}  // namespace tickscope::promql
