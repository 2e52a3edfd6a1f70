#include "promql/part_kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "model/sample.h"
#include "promql/compensated_sum.h"

namespace tickscope::promql {
namespace {

// Edges nearer to each other than this on average leave no chunk of a usual series whole.
constexpr std::int64_t kEdgeDistanceMs = 20 * 60'000;

bool IsWhole(double v) {
  return std::fabs(v) < 0x1p52 && std::floor(v) == v;
}

}  // namespace

PartKernel::Form PartKernel::FormOf(const RangeFunction* function) {
  static constexpr std::pair<std::string_view, Form> kForms[] = {
      {"rate", Form::kCounterChange},    {"increase", Form::kCounterChange},
      {"delta", Form::kChange},          {"resets", Form::kResets},
      {"first_over_time", Form::kFirst}, {"last_over_time", Form::kLast},
      {"count_over_time", Form::kCount}, {"present_over_time", Form::kPresent},
      {"min_over_time", Form::kMin},     {"max_over_time", Form::kMax},
      {"sum_over_time", Form::kSum},     {"avg_over_time", Form::kAverage},
  };
  if (function == nullptr) return Form::kNone;
  const auto* const found =
      std::ranges::find(kForms, function->name, &std::pair<std::string_view, Form>::first);
  return found == std::end(kForms) ? Form::kNone : found->second;
}

bool PartKernel::Suits(const ColumnQuestion& question) {
  if (FormOf(question.function) == Form::kNone || question.ends_ms.empty() || !question.windows.empty())
    return false;
  const std::int64_t span_ms = question.ends_ms.back() - question.ends_ms.front() + question.range_ms;
  return span_ms / static_cast<std::int64_t>(2 * question.ends_ms.size()) >= kEdgeDistanceMs;
}

PartKernel::PartKernel(const ColumnQuestion& question)
    : question_(question), form_(FormOf(question.function)) {
  for (const TimeMs end_ms : question.ends_ms) {
    edges_.push_back(end_ms - question.range_ms);
    edges_.push_back(end_ms);
  }
  std::ranges::sort(edges_);
  const auto repeated = std::ranges::unique(edges_);
  edges_.erase(repeated.begin(), repeated.end());
}

bool PartKernel::Gather(const SampleParts& from) {
  parts_.clear();
  const auto take = [&](const SampleSummary& part) {
    if (!parts_.empty() && part.first_ms <= parts_.back().last_ms) return false;
    parts_.push_back(part);
    return true;
  };
  auto summary = from.summaries.begin();
  for (std::size_t row = 0; row <= from.samples.size(); ++row) {
    for (; summary != from.summaries.end() && summary->at == row; ++summary) {
      if (!take(*summary)) return false;
    }
    if (row == from.samples.size()) break;
    const TimeMs time_ms = from.samples.times_ms[row];
    const double v = from.samples.values[row];
    if (IsStaleNan(v)) continue;
    if (std::isnan(v) || !take({0, time_ms, time_ms, 1, 0, v, v, v, v, v, 0})) return false;
  }
  return true;
}

bool PartKernel::Evaluate(const SampleParts& parts, StepValues& out) {
  if (!Gather(parts)) return false;
  out.values.resize(question_.ends_ms.size());
  out.is_there.assign(question_.ends_ms.size(), 0);
  out.is_everywhere = true;
  out.is_anywhere = false;
  std::size_t first = 0;
  std::size_t end = 0;
  for (std::size_t step = 0; step < question_.ends_ms.size(); ++step) {
    const TimeMs end_ms = question_.ends_ms[step];
    const TimeMs start_ms = end_ms - question_.range_ms;
    while (first < parts_.size() && parts_[first].last_ms <= start_ms)
      ++first;
    end = std::max(first, end);
    while (end < parts_.size() && parts_[end].last_ms <= end_ms)
      ++end;
    double v = std::numeric_limits<double>::quiet_NaN();
    if (first < end &&
        !ValueOf(std::span<const SampleSummary>(parts_).subspan(first, end - first), end_ms, v))
      return false;
    out.values[step] = v;
    out.is_there[step] = static_cast<std::uint8_t>(!std::isnan(v));
    out.is_everywhere = out.is_everywhere && !std::isnan(v);
    out.is_anywhere = out.is_anywhere || !std::isnan(v);
  }
  return true;
}

bool PartKernel::ValueOf(std::span<const SampleSummary> parts, TimeMs end_ms, double& v) const {
  std::int64_t count = 0;
  double resets = 0;
  double grown = 0;
  double min = parts.front().min;
  double max = parts.front().max;
  bool is_whole = true;
  CompensatedSum sum;
  const SampleSummary* before = nullptr;
  for (const SampleSummary& part : parts) {
    count += part.count;
    resets += part.resets;
    grown += part.grown;
    if (before != nullptr) {
      const bool falls = part.first < before->last;
      resets += falls ? 1 : 0;
      grown += falls ? part.first : part.first - before->last;
    }
    min = std::min(min, part.min);
    max = std::max(max, part.max);
    is_whole = is_whole && IsWhole(part.first) && IsWhole(part.last) && IsWhole(part.grown);
    sum.Add(part.sum);
    before = &part;
  }
  const double first = parts.front().first;
  const double last = parts.back().last;
  switch (form_) {
    case Form::kFirst:
      v = first;
      return true;
    case Form::kLast:
      v = last;
      return true;
    case Form::kCount:
      v = static_cast<double>(count);
      return true;
    case Form::kPresent:
      v = 1;
      return true;
    case Form::kMin:
    case Form::kMax:
      // Which of zeros of either sign came first is not known.
      v = form_ == Form::kMin ? min : max;
      return v != 0;
    case Form::kSum:
    case Form::kAverage:
      // Sums that cancel out show how their parts were rounded.
      if (!std::isfinite(sum.raw()) || (min < 0 && max > 0)) return false;
      v = form_ == Form::kSum ? sum.value() : sum.value() / static_cast<double>(count);
      return true;
    case Form::kResets:
      v = resets;
      return true;
    case Form::kChange:
    case Form::kCounterChange: {
      if (count < 2) return true;
      const WindowReach reach =
          ReachOf({count, parts.front().first_ms - (end_ms - question_.range_ms),
                   parts.back().last_ms - parts.front().first_ms, end_ms - parts.back().last_ms},
                  question_.per_second());
      if (form_ == Form::kChange) {
        v = (last - first) * reach.factor;
        return true;
      }
      // What fractions grew by depends on the order in which it was added up.
      if (resets > 0 && !is_whole) return false;
      v = ChangeOf(reach, first, resets > 0 ? grown : last - first, question_.per_second());
      return true;
    }
    case Form::kNone:
      return false;
  }
  return false;
}

}  // namespace tickscope::promql
