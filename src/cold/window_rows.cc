#include "cold/window_rows.h"

#include <cmath>

#include "cold/cold_layout.h"
#include "model/histogram_arithmetic.h"
#include "model/sample.h"

namespace tickscope::cold {
namespace {

TimeMs WindowEnd(TimeMs time_ms) {
  const std::int64_t before = time_ms - 1;
  const std::int64_t k = (before >= 0 ? before : before - (kWindowMs - 1)) / kWindowMs;
  return (k + 1) * kWindowMs;
}

// Neumaier's sum, so that a window of large and small values does not depend on their order.
class CompensatedSum {
 public:
  void Add(double v) {
    const double total = sum_ + v;
    if (std::isfinite(total)) {
      compensation_ += std::abs(sum_) >= std::abs(v) ? (sum_ - total) + v : (v - total) + sum_;
    }
    sum_ = total;
  }
  [[nodiscard]] double value() const { return std::isfinite(sum_) ? sum_ + compensation_ : sum_; }

 private:
  double sum_ = 0;
  double compensation_ = 0;
};

class FloatKernel {
 public:
  void Add(TimeMs time_ms, double v, TimeMs start_ms, std::vector<FloatWindow>& rows) {
    std::optional<double> step;
    if (!std::isnan(v)) {
      if (has_previous_ && time_ms - previous_ms_ <= kStepGapMax) step = v >= previous_ ? v - previous_ : v;
      has_previous_ = true;
      previous_ = v;
      previous_ms_ = time_ms;
    }
    if (time_ms <= start_ms) return;
    const TimeMs end_ms = WindowEnd(time_ms);
    if (rows.empty() || rows.back().end_ms != end_ms) {
      Finish(rows);
      rows.push_back({.end_ms = end_ms, .min = v, .max = v, .first = v});
      sum_ = {};
      increase_ = {};
    }
    FloatWindow& row = rows.back();
    ++row.count;
    sum_.Add(v);
    if (std::isnan(row.min) || v <= row.min) row.min = v;
    if (std::isnan(row.max) || v >= row.max) row.max = v;
    row.last = v;
    if (step) increase_.Add(*step);
  }
  void Finish(std::vector<FloatWindow>& rows) const {
    if (rows.empty()) return;
    rows.back().sum = sum_.value();
    rows.back().increase = increase_.value();
  }

 private:
  CompensatedSum sum_;
  CompensatedSum increase_;
  bool has_previous_ = false;
  double previous_ = 0;
  TimeMs previous_ms_ = 0;
};

class HistogramKernel {
 public:
  void Add(TimeMs time_ms, const HistogramPtr& h, TimeMs start_ms, std::vector<HistogramWindow>& rows) {
    const bool is_step = previous_ != nullptr && time_ms - previous_ms_ <= kStepGapMax;
    const HistogramPtr previous = std::exchange(previous_, h);
    previous_ms_ = time_ms;
    if (time_ms <= start_ms) return;
    const TimeMs end_ms = WindowEnd(time_ms);
    if (rows.empty() || rows.back().end_ms != end_ms) {
      Finish(rows);
      rows.push_back({.end_ms = end_ms});
      increase_.reset();
      has_none_ = false;
    }
    HistogramWindow& row = rows.back();
    ++row.count;
    row.last = h;
    if (h->reset_hint == ResetHint::kGauge) {
      has_none_ = true;
    } else if (!is_step) {
      AddStep(ScaleHistogram(*h, 0));
    } else if (!SameBucketKind(*previous, *h) || IsCounterReset(*previous, *h)) {
      AddStep(*h);
    } else {
      CombineNotes notes;
      AddStep(SubtractHistograms(*h, *previous, notes));
    }
  }
  void Finish(std::vector<HistogramWindow>& rows) const {
    if (rows.empty() || has_none_ || !increase_) return;
    rows.back().increase = increase_->Result();
  }

 private:
  void AddStep(const Histogram& step) {
    if (!increase_) {
      increase_.emplace(step);
    } else if (increase_->uses_custom_bounds() != UsesCustomBounds(step)) {
      has_none_ = true;
    } else {
      increase_->Add(step);
    }
  }

  HistogramPtr previous_;
  TimeMs previous_ms_ = 0;
  std::optional<HistogramSum> increase_;
  bool has_none_ = false;
};

}  // namespace

WindowRows MakeWindowRows(const SampleColumns& samples, TimeMs start_ms, TimeMs end_ms) {
  WindowRows rows;
  FloatKernel floats;
  HistogramKernel histograms;
  for (std::size_t i = 0; i < samples.size() && samples.times_ms[i] <= end_ms; ++i) {
    if (i < samples.histograms.size() && samples.histograms[i] != nullptr) {
      if (!IsStaleNan(samples.histograms[i]->sum))
        histograms.Add(samples.times_ms[i], samples.histograms[i], start_ms, rows.histograms);
    } else if (!IsStaleNan(samples.values[i])) {
      floats.Add(samples.times_ms[i], samples.values[i], start_ms, rows.floats);
    }
  }
  floats.Finish(rows.floats);
  histograms.Finish(rows.histograms);
  return rows;
}

}  // namespace tickscope::cold
