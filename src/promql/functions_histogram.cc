#include "promql/functions_histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <unordered_map>

#include "model/histogram_statistics.h"
#include "model/histogram_text.h"
#include "promql/classic_histogram.h"

namespace tickscope::promql {
namespace {

double HistogramNumber(std::string_view function, const Histogram& h) {
  if (function == "histogram_count") return h.count;
  if (function == "histogram_sum") return h.sum;
  if (function == "histogram_avg") return h.sum / h.count;
  return function == "histogram_stddev" ? std::sqrt(HistogramVariance(h)) : HistogramVariance(h);
}

// An upper bound as label values write it; anything a C reader of floats takes.
std::optional<double> ParseBound(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double bound = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bound);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || std::isnan(bound))
    return std::nullopt;
  return bound;
}

// One histogram of a vector: a native row, or the rows of its classic buckets, or (an error of the user) both.
struct HistogramGroup {
  Labels labels;  // Without le.
  bool drop_name = false;
  struct BucketRow {
    double upper_bound;
    std::size_t row;
  };
  std::vector<BucketRow> buckets;  // Ascending by bound.
  std::vector<std::size_t> native_rows;
};

// Gathers the histograms of a vector, with a warning for every series that is neither kind.
Result<std::vector<HistogramGroup>> GroupHistograms(const CallSite& site, std::size_t arg,
                                                    const StepMatrix& in) {
  Pace pace(site.run());
  std::vector<HistogramGroup> groups;
  std::unordered_map<Labels, std::size_t> group_of;
  LabelsBuilder builder;
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(in.steps()));
    const SeriesHead& head = in.head(row);
    const std::span<const Cell> cells = in.cells(row);
    const bool any_float = std::any_of(cells.begin(), cells.end(), [](Cell c) { return c == Cell::kFloat; });
    const std::string_view le = head.labels.Get(kBucketLabel);
    const std::optional<double> bound = ParseBound(le);
    if (any_float && !bound) {
      site.run().annotations.Warn(
          site.position(arg),
          fmt::format("bucket label \"le\" is missing or has a malformed value of {}{}", Quoted(le),
                      site.run().options.delayed_name_removal ? ForMetric(head.labels.metric_name()) : ""));
    }
    const auto group_with = [&](const Labels& labels) -> HistogramGroup& {
      const auto [it, added] = group_of.try_emplace(labels, groups.size());
      if (added) groups.push_back({labels, head.drop_name, {}, {}});
      return groups[it->second];
    };
    if (any_float && bound) {
      builder.Reset(head.labels);
      group_with(builder.Delete(kBucketLabel).Build()).buckets.push_back({*bound, row});
    }
    if (in.has_histograms(row)) group_with(head.labels).native_rows.push_back(row);
  }
  for (HistogramGroup& group : groups) {
    std::stable_sort(group.buckets.begin(), group.buckets.end(),
                     [](const auto& a, const auto& b) { return a.upper_bound < b.upper_bound; });
  }
  return groups;
}

// What a function computes for each kind of histogram, at one step.
struct Estimators {
  std::function<double(std::size_t step, std::vector<ClassicBucket>&, const HistogramGroup&)> classic;
  std::function<double(std::size_t step, const Histogram&, const HistogramGroup&)> native;
};

Status EstimateGroup(const CallSite& site, std::size_t arg, const StepMatrix& in, const HistogramGroup& group,
                     const Estimators& estimators, StepMatrix& out) {
  const std::size_t row = out.rows() - 1;
  std::vector<ClassicBucket> buckets;
  bool mixed = false;
  Pace pace(site.run());
  TICKSCOPE_RETURN_IF_ERROR(site.run().Check());
  for (std::size_t step = 0; step < in.steps(); ++step) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(group.buckets.size() + group.native_rows.size()));
    buckets.clear();
    for (const auto& [bound, bucket_row] : group.buckets) {
      if (in.cell(bucket_row, step) == Cell::kFloat) buckets.push_back({bound, in.value(bucket_row, step)});
    }
    const auto native = std::find_if(group.native_rows.begin(), group.native_rows.end(),
                                     [&](std::size_t r) { return in.cell(r, step) == Cell::kHistogram; });
    if (native == group.native_rows.end()) {
      if (!buckets.empty()) out.SetFloat(row, step, estimators.classic(step, buckets, group));
    } else if (buckets.empty()) {
      out.SetFloat(row, step, estimators.native(step, *in.histogram(*native, step), group));
    } else {
      mixed = true;
    }
  }
  if (mixed) {
    const bool named = site.run().options.delayed_name_removal;
    site.run().annotations.Warn(site.position(arg),
                                "vector contains a mix of classic and native histograms" +
                                    (named ? ForMetric(group.labels.metric_name()) : std::string()));
  }
  return out.CloseRow();
}

Estimators QuantileEstimators(const CallSite& site, std::size_t vector_arg, const std::vector<double>& q) {
  Annotations& annotations = site.run().annotations;
  return {
      [&annotations, &site, &q, vector_arg](std::size_t step, std::vector<ClassicBucket>& buckets,
                                            const HistogramGroup& group) {
        const ClassicQuantile quantile = QuantileOfBuckets(q[step], buckets);
        if (quantile.fixed) {
          // Where names are dropped at once, the group's is gone by now.
          const bool named = site.run().options.delayed_name_removal;
          annotations.MonotonicityFixed(site.position(vector_arg), named ? group.labels.metric_name() : "",
                                        quantile.fix, site.scope.grid.At(step));
        }
        return quantile.value;
      },
      [&annotations, &site, &q, vector_arg](std::size_t step, const Histogram& h,
                                            const HistogramGroup& group) {
        const HistogramStatistic quantile = HistogramQuantile(q[step], h);
        if (quantile.nan_observations != NanObservations::kNone) {
          annotations.Inform(
              site.position(vector_arg),
              fmt::format("input to histogram_quantile has NaN observations, result is {}{}",
                          quantile.nan_observations == NanObservations::kDecided ? "NaN" : "skewed higher",
                          ForMetric(group.labels.metric_name())));
        }
        return quantile.value;
      }};
}

void WarnOfQuantiles(const CallSite& site, std::size_t arg, const std::vector<double>& q) {
  for (const double v : q) {
    if (std::isnan(v) || v < 0 || v > 1)
      site.run().annotations.Warn(site.position(arg), QuantileOutOfRangeText(v));
  }
}

// A quantile as OpenMetrics writes it: with a fraction or an exponent.
std::string QuantileLabel(double q) {
  std::string text = FormatFloatCompact(q);
  if (std::isfinite(q) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

Result<StepMatrix> EvalHistogramNumber(const CallSite& site) {
  const std::string_view function = site.call.function->name;
  const Scope scope = function.starts_with("histogram_std") ? site.scope.Whole() : site.scope.TotalsOnly();
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.evaluator.Vector(site.arg(0), scope));
  Pace pace(site.run());
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(in.steps()));
    for (std::size_t step = 0; step < in.steps(); ++step) {
      if (in.cell(row, step) == Cell::kHistogram) {
        in.SetFloat(row, step, HistogramNumber(function, *in.histogram(row, step)));
      } else {
        in.Erase(row, step);
      }
    }
  }
  in.DropEmptyRows();
  return DropMetricNames(site.run(), std::move(in));
}

Result<StepMatrix> EvalHistogramQuantile(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> q, site.Scalar(0));
  const Scope scope = site.scope.Whole();
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix in, site.evaluator.Vector(site.arg(1), scope));
  WarnOfQuantiles(site, 0, q);
  StepMatrix out = site.evaluator.NewMatrix(site.scope);
  const Estimators estimators = QuantileEstimators(site, 1, q);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<HistogramGroup> groups, GroupHistograms(site, 1, in));
  for (const HistogramGroup& group : groups) {
    out.AddRow({group.labels, group.drop_name});
    TICKSCOPE_RETURN_IF_ERROR(EstimateGroup(site, 1, in, group, estimators, out));
  }
  return DropMetricNames(site.run(), std::move(out));
}

Result<StepMatrix> EvalHistogramQuantiles(const CallSite& site) {
  const std::string& label = site.text(1);
  if (label.empty() || !IsValidUtf8(label)) {
    return Fail(ErrorCode::kFailedPrecondition, "invalid label name " + Quoted(label));
  }
  const Scope scope = site.scope.Whole();
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix in, site.evaluator.Vector(site.arg(0), scope));
  StepMatrix out = site.evaluator.NewMatrix(site.scope);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<HistogramGroup> groups, GroupHistograms(site, 0, in));
  LabelsBuilder builder;
  for (std::size_t arg = 2; arg < site.arg_count(); ++arg) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> q, site.Scalar(arg));
    WarnOfQuantiles(site, arg, q);
    const Estimators estimators = QuantileEstimators(site, 0, q);
    for (const HistogramGroup& group : groups) {
      StepMatrix estimates = site.evaluator.NewMatrix(site.scope);
      estimates.AddRow({group.labels, group.drop_name});
      TICKSCOPE_RETURN_IF_ERROR(EstimateGroup(site, 0, in, group, estimators, estimates));
      if (estimates.rows() == 0) continue;
      // A quantile that changes from step to step changes its label with it.
      RowIndex rows(out);
      for (std::size_t step = 0; step < q.size(); ++step) {
        if (estimates.cell(0, step) == Cell::kNone) continue;
        builder.Reset(group.labels);
        builder.Set(label, QuantileLabel(q[step]));
        out.SetFloat(rows.RowFor(builder.Build(), group.drop_name), step, estimates.value(0, step));
      }
    }
  }
  TICKSCOPE_RETURN_IF_ERROR(out.Seal());
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix merged, MergeEqualRows(site.run(), std::move(out)));
  return DropMetricNames(site.run(), std::move(merged));
}

Result<StepMatrix> EvalHistogramFraction(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> lower, site.Scalar(0));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> upper, site.Scalar(1));
  const Scope scope = site.scope.Whole();
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix in, site.evaluator.Vector(site.arg(2), scope));
  const Estimators estimators = {
      [&](std::size_t step, std::vector<ClassicBucket>& buckets, const HistogramGroup&) {
        return FractionOfBuckets(lower[step], upper[step], buckets);
      },
      [&](std::size_t step, const Histogram& h, const HistogramGroup& group) {
        const HistogramStatistic fraction = HistogramFraction(lower[step], upper[step], h);
        if (fraction.nan_observations != NanObservations::kNone) {
          site.run().annotations.Inform(
              site.position(2),
              "input to histogram_fraction has NaN observations, which are excluded from all fractions" +
                  ForMetric(group.labels.metric_name()));
        }
        return fraction.value;
      }};
  StepMatrix out = site.evaluator.NewMatrix(site.scope);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<HistogramGroup> groups, GroupHistograms(site, 2, in));
  for (const HistogramGroup& group : groups) {
    out.AddRow({group.labels, group.drop_name});
    TICKSCOPE_RETURN_IF_ERROR(EstimateGroup(site, 2, in, group, estimators, out));
  }
  return DropMetricNames(site.run(), std::move(out));
}

}  // namespace tickscope::promql
