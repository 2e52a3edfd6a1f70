#include "promql/function_signature.h"

#include <algorithm>
#include <array>

namespace tickscope::promql {
namespace {

constexpr ValueType kScalar = ValueType::kScalar;
constexpr ValueType kString = ValueType::kString;
constexpr ValueType kVector = ValueType::kVector;
constexpr ValueType kMatrix = ValueType::kMatrix;
constexpr Maturity kExperimental = Maturity::kExperimental;

constexpr auto kFunctions = std::to_array<FunctionSignature>({
    {"abs", kVector, 1, 1, {kVector}},
    {"absent", kVector, 1, 1, {kVector}},
    {"absent_over_time", kVector, 1, 1, {kMatrix}},
    {"acos", kVector, 1, 1, {kVector}},
    {"acosh", kVector, 1, 1, {kVector}},
    {"asin", kVector, 1, 1, {kVector}},
    {"asinh", kVector, 1, 1, {kVector}},
    {"atan", kVector, 1, 1, {kVector}},
    {"atanh", kVector, 1, 1, {kVector}},
    {"avg_over_time", kVector, 1, 1, {kMatrix}},
    {"ceil", kVector, 1, 1, {kVector}},
    {"changes", kVector, 1, 1, {kMatrix}},
    {"clamp", kVector, 3, 3, {kVector, kScalar, kScalar}},
    {"clamp_max", kVector, 2, 2, {kVector, kScalar}},
    {"clamp_min", kVector, 2, 2, {kVector, kScalar}},
    {"cos", kVector, 1, 1, {kVector}},
    {"cosh", kVector, 1, 1, {kVector}},
    {"count_over_time", kVector, 1, 1, {kMatrix}},
    {"day_of_month", kVector, 0, 1, {kVector}},
    {"day_of_week", kVector, 0, 1, {kVector}},
    {"day_of_year", kVector, 0, 1, {kVector}},
    {"days_in_month", kVector, 0, 1, {kVector}},
    {"deg", kVector, 1, 1, {kVector}},
    {"delta", kVector, 1, 1, {kMatrix}},
    {"deriv", kVector, 1, 1, {kMatrix}},
    {"double_exponential_smoothing", kVector, 3, 3, {kMatrix, kScalar, kScalar}, kExperimental},
    {"end", kScalar, 0, 0, {}, kExperimental},
    {"exp", kVector, 1, 1, {kVector}},
    {"first_over_time", kVector, 1, 1, {kMatrix}},
    {"floor", kVector, 1, 1, {kVector}},
    {"histogram_avg", kVector, 1, 1, {kVector}},
    {"histogram_count", kVector, 1, 1, {kVector}},
    {"histogram_fraction", kVector, 3, 3, {kScalar, kScalar, kVector}},
    {"histogram_quantile", kVector, 2, 2, {kScalar, kVector}},
    {"histogram_quantiles", kVector, 3, 12, {kVector, kString, kScalar}, kExperimental},
    {"histogram_stddev", kVector, 1, 1, {kVector}},
    {"histogram_stdvar", kVector, 1, 1, {kVector}},
    {"histogram_sum", kVector, 1, 1, {kVector}},
    {"hour", kVector, 0, 1, {kVector}},
    {"idelta", kVector, 1, 1, {kMatrix}},
    {"increase", kVector, 1, 1, {kMatrix}},
    {"info", kVector, 1, 2, {kVector, kVector}, kExperimental},
    {"integral", kVector, 1, 2, {kMatrix, kScalar}, kExperimental},
    {"irate", kVector, 1, 1, {kMatrix}},
    {"label_join", kVector, 3, kArgsUnbounded, {kVector, kString, kString, kString}},
    {"label_replace", kVector, 5, 5, {kVector, kString, kString, kString, kString}},
    {"last_over_time", kVector, 1, 1, {kMatrix}},
    {"ln", kVector, 1, 1, {kVector}},
    {"log10", kVector, 1, 1, {kVector}},
    {"log2", kVector, 1, 1, {kVector}},
    {"mad_over_time", kVector, 1, 1, {kMatrix}, kExperimental},
    {"max_of", kScalar, 2, 2, {kScalar, kScalar}, kExperimental},
    {"max_over_time", kVector, 1, 1, {kMatrix}},
    {"min_of", kScalar, 2, 2, {kScalar, kScalar}, kExperimental},
    {"min_over_time", kVector, 1, 1, {kMatrix}},
    {"minute", kVector, 0, 1, {kVector}},
    {"month", kVector, 0, 1, {kVector}},
    {"pi", kScalar, 0, 0, {}},
    {"predict_linear", kVector, 2, 2, {kMatrix, kScalar}},
    {"present_over_time", kVector, 1, 1, {kMatrix}},
    {"quantile_over_time", kVector, 2, 2, {kScalar, kMatrix}},
    {"rad", kVector, 1, 1, {kVector}},
    {"range", kScalar, 0, 0, {}, kExperimental},
    {"rate", kVector, 1, 1, {kMatrix}},
    {"resets", kVector, 1, 1, {kMatrix}},
    {"round", kVector, 1, 2, {kVector, kScalar}},
    {"scalar", kScalar, 1, 1, {kVector}},
    {"sgn", kVector, 1, 1, {kVector}},
    {"sin", kVector, 1, 1, {kVector}},
    {"sinh", kVector, 1, 1, {kVector}},
    {"sort", kVector, 1, 1, {kVector}},
    {"sort_by_label", kVector, 1, kArgsUnbounded, {kVector, kString}, kExperimental},
    {"sort_by_label_desc", kVector, 1, kArgsUnbounded, {kVector, kString}, kExperimental},
    {"sort_desc", kVector, 1, 1, {kVector}},
    {"sqrt", kVector, 1, 1, {kVector}},
    {"start", kScalar, 0, 0, {}, kExperimental},
    {"start_timestamp", kVector, 1, 1, {kVector}, kExperimental},
    {"stddev_over_time", kVector, 1, 1, {kMatrix}},
    {"stdvar_over_time", kVector, 1, 1, {kMatrix}},
    {"step", kScalar, 0, 0, {}, kExperimental},
    {"sum_over_time", kVector, 1, 1, {kMatrix}},
    {"tan", kVector, 1, 1, {kVector}},
    {"tanh", kVector, 1, 1, {kVector}},
    {"time", kScalar, 0, 0, {}},
    {"timestamp", kVector, 1, 1, {kVector}},
    {"ts_of_first_over_time", kVector, 1, 1, {kMatrix}, kExperimental},
    {"ts_of_last_over_time", kVector, 1, 1, {kMatrix}, kExperimental},
    {"ts_of_max_over_time", kVector, 1, 1, {kMatrix}, kExperimental},
    {"ts_of_min_over_time", kVector, 1, 1, {kMatrix}, kExperimental},
    {"vector", kVector, 1, 1, {kScalar}},
    {"year", kVector, 0, 1, {kVector}},
});

static_assert(std::ranges::is_sorted(kFunctions, {}, &FunctionSignature::name));

}  // namespace

ValueType FunctionSignature::ArgType(std::size_t index) const {
  std::size_t last = 0;
  while (last + 1 < kArgTypesMax && arg_types[last + 1] != ValueType::kNone)
    ++last;
  return arg_types[std::min(index, last)];
}

const FunctionSignature* FindFunction(std::string_view name) {
  const auto it = std::ranges::lower_bound(kFunctions, name, {}, &FunctionSignature::name);
  return it != kFunctions.end() && it->name == name ? &*it : nullptr;
}

std::span<const FunctionSignature> AllFunctions() {
  return kFunctions;
}

}  // namespace tickscope::promql
