#include "promql/functions_math.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "base/civil_time.h"

namespace tickscope::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct FloatFunction {
  std::string_view name;
  double (*apply)(double);
};

double Sign(double v) {
  return v < 0 ? -1 : v > 0 ? 1 : v;
}

constexpr auto kFloatFunctions = std::to_array<FloatFunction>({
    {"abs", [](double v) { return std::abs(v); }},
    {"acos", [](double v) { return std::acos(v); }},
    {"acosh", [](double v) { return std::acosh(v); }},
    {"asin", [](double v) { return std::asin(v); }},
    {"asinh", [](double v) { return std::asinh(v); }},
    {"atan", [](double v) { return std::atan(v); }},
    {"atanh", [](double v) { return std::atanh(v); }},
    {"ceil", [](double v) { return std::ceil(v); }},
    {"cos", [](double v) { return std::cos(v); }},
    {"cosh", [](double v) { return std::cosh(v); }},
    {"deg", [](double v) { return v * (180 / std::numbers::pi); }},
    {"exp", [](double v) { return std::exp(v); }},
    {"floor", [](double v) { return std::floor(v); }},
    {"ln", [](double v) { return std::log(v); }},
    {"log10", [](double v) { return std::log10(v); }},
    {"log2", [](double v) { return std::log2(v); }},
    {"rad", [](double v) { return v * (std::numbers::pi / 180); }},
    {"sgn", Sign},
    {"sin", [](double v) { return std::sin(v); }},
    {"sinh", [](double v) { return std::sinh(v); }},
    {"sqrt", [](double v) { return std::sqrt(v); }},
    {"tan", [](double v) { return std::tan(v); }},
    {"tanh", [](double v) { return std::tanh(v); }},
});
static_assert(std::ranges::is_sorted(kFloatFunctions, {}, &FloatFunction::name));

// Replaces each float by apply(step, value), or by nothing when that is empty; histograms go.
template <typename Apply>
Result<StepMatrix> MapFloats(const CallSite& site, StepMatrix in, Apply apply) {
  Pace pace(site.run());
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(in.steps()));
    for (std::size_t step = 0; step < in.steps(); ++step) {
      if (in.cell(row, step) == Cell::kFloat) {
        const std::optional<double> value = apply(step, in.value(row, step));
        if (value) {
          in.SetFloat(row, step, *value);
          continue;
        }
      }
      in.Erase(row, step);
    }
  }
  in.DropEmptyRows();
  return DropMetricNames(site.run(), std::move(in));
}

bool IsLeapYear(std::int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

double DaysInMonth(const CivilTime& t) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[t.month - 1] + (t.month == 2 && IsLeapYear(t.year) ? 1 : 0);
}

}  // namespace

double DatePart(std::string_view name, double unix_seconds) {
  // What is no time (NaN, the infinities) has parts all the same in the reference: of its smallest integer, from which its
  // calendar wraps around to its largest.
  const bool is_time = unix_seconds >= -0x1p63 && unix_seconds < 0x1p63;
  const CivilTime t = ToCivilTime(is_time ? static_cast<std::int64_t>(unix_seconds)
                                          : std::numeric_limits<std::int64_t>::max());
  if (name == "year") return static_cast<double>(t.year);
  if (name == "month") return t.month;
  if (name == "day_of_month") return t.day;
  if (name == "day_of_week") return t.weekday;
  if (name == "day_of_year") return t.year_day;
  if (name == "days_in_month") return DaysInMonth(t);
  if (name == "hour") return t.hour;
  return t.minute;
}

Result<StepMatrix> EvalFloatFunction(const CallSite& site) {
  const auto function =
      std::ranges::lower_bound(kFloatFunctions, site.call.function->name, {}, &FloatFunction::name);
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  return MapFloats(
      site, std::move(in),
      [apply = function->apply](std::size_t, double v) -> std::optional<double> { return apply(v); });
}

Result<StepMatrix> EvalDateFunction(const CallSite& site) {
  const std::string_view name = site.call.function->name;
  if (site.arg_count() == 0) {
    std::vector<double> values;
    for (std::size_t step = 0; step < site.scope.grid.count; ++step) {
      values.push_back(DatePart(name, static_cast<double>(site.scope.grid.At(step)) / 1000));
    }
    return VectorOfScalars(site.evaluator, values);
  }
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  return MapFloats(site, std::move(in),
                   [name](std::size_t, double v) -> std::optional<double> { return DatePart(name, v); });
}

Result<StepMatrix> EvalRound(const CallSite& site) {
  std::vector<double> to_nearest(site.scope.grid.count, 1);
  if (site.arg_count() > 1) {
    TICKSCOPE_ASSIGN_OR_RETURN(to_nearest, site.Scalar(1));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  return MapFloats(site, std::move(in), [&](std::size_t step, double v) -> std::optional<double> {
    // The inverse keeps round(0.35, 0.01) and its like free of binary fractions; ties go up.
    const double inverse = 1 / to_nearest[step];
    return std::floor(v * inverse + 0.5) / inverse;
  });
}

namespace {

// An infinity that decides is the answer even beside NaN, as in the reference's language.
double Larger(double a, double b) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (a == kInf || b == kInf) return kInf;
  return std::isnan(a) || std::isnan(b) ? kNan : std::max(a, b);
}

double Smaller(double a, double b) {
  return -Larger(-a, -b);
}

}  // namespace

Result<StepMatrix> EvalClamp(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> low, site.Scalar(1));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> high, site.Scalar(2));
  return MapFloats(site, std::move(in), [&](std::size_t step, double v) -> std::optional<double> {
    if (high[step] < low[step]) return std::nullopt;
    return Larger(low[step], Smaller(high[step], v));
  });
}

Result<StepMatrix> EvalClampMin(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> low, site.Scalar(1));
  return MapFloats(site, std::move(in),
                   [&](std::size_t step, double v) -> std::optional<double> { return Larger(low[step], v); });
}

Result<StepMatrix> EvalClampMax(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.Vector(0));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> high, site.Scalar(1));
  return MapFloats(site, std::move(in), [&](std::size_t step, double v) -> std::optional<double> {
    return Smaller(high[step], v);
  });
}

}  // namespace tickscope::promql
