#include "queryfront/cost_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/byte_size.h"
#include "base/duration.h"

namespace tickscope::queryfront {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

std::uint64_t Product(std::uint64_t a, std::uint64_t b) {
  // Far past every limit, and sums of a few do not wrap.
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() / 1024;
  if (a != 0 && b > kMost / a) return kMost;
  return std::min(a * b, kMost);
}

bool Same(const SelectorUse& a, const SelectorUse& b) {
  return a.span == b.span && a.hints.function == b.hints.function &&
         a.matchers->size() == b.matchers->size() &&
         std::equal(a.matchers->begin(), a.matchers->end(), b.matchers->begin(),
                    [](const Matcher& x, const Matcher& y) {
                      return x.type() == y.type() && x.name() == y.name() && x.value() == y.value();
                    });
}

QueryCost CostOf(const SelectCost& found, std::uint64_t steps) {
  return {.series = found.series,
          .samples = found.samples,
          .cells = Product(found.series, steps),
          .stored_bytes = found.bytes};
}

void Add(const QueryCost& one, QueryCost& sum) {
  sum.series += one.series;
  sum.samples += one.samples;
  sum.cells += one.cells;
  sum.stored_bytes += one.stored_bytes;
}

// Whole minutes, or what rollups have, rounded up.
std::int64_t RoundStep(double step_ms) {
  const std::int64_t unit_ms = step_ms > 5 * kMinuteMs ? 5 * kMinuteMs : kMinuteMs;
  return static_cast<std::int64_t>(std::ceil(step_ms / static_cast<double>(unit_ms))) * unit_ms;
}

}  // namespace

Result<QueryCost> EstimateCost(const CostSource& costs, const TenantId& tenant, const QueryShape& shape,
                               std::int64_t resolution_max_ms, std::uint64_t enough_bytes,
                               const QueryContext& context) {
  QueryCost sum;
  std::vector<std::pair<const SelectorUse*, SelectCost>> known;
  std::size_t looked_at = 0;
  for (const SelectorUse& use : shape.selectors) {
    if (looked_at == kSelectorsEstimatedMax) break;
    ++looked_at;
    const auto same = std::ranges::find_if(known, [&](const auto& entry) { return Same(*entry.first, use); });
    if (same == known.end()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const SelectCost found,
                                 costs.EstimateSelect(RequestOf(tenant, use, resolution_max_ms), context));
      known.emplace_back(&use, found);
      Add(CostOf(found, use.steps), sum);
    } else {
      Add(CostOf(same->second, use.steps), sum);
    }
    if (enough_bytes > 0 && sum.bytes() > enough_bytes) return sum;
  }
  if (looked_at < shape.selectors.size()) {
    const std::uint64_t times = (shape.selectors.size() + looked_at - 1) / looked_at;
    sum = {Product(sum.series, times), Product(sum.samples, times), Product(sum.cells, times),
           Product(sum.stored_bytes, times)};
  }
  return sum;
}

SelectRequest RequestOf(const TenantId& tenant, const SelectorUse& use, std::int64_t resolution_max_ms) {
  SelectRequest request{tenant, use.span.min_ms, use.span.max_ms, *use.matchers, use.hints};
  request.hints->resolution_max_ms = resolution_max_ms;
  return request;
}

std::string CostText(const QueryCost& cost) {
  return fmt::format("cost={:.3g}GB (series={} samples={} cells={})", static_cast<double>(cost.bytes()) / 1e9,
                     cost.series, cost.samples, cost.cells);
}

std::string CheaperText(const QueryRequest& request, const QueryCost& cost, std::uint64_t limit_bytes) {
  const double part =
      static_cast<double>(limit_bytes) / static_cast<double>(std::max<std::uint64_t>(cost.bytes(), 1));
  std::string text = fmt::format("select at most {} series",
                                 static_cast<std::uint64_t>(static_cast<double>(cost.series) * part));
  if (request.is_range()) {
    const double length_ms = static_cast<double>(request.end_ms) - static_cast<double>(request.start_ms);
    const auto shorter_ms = static_cast<std::int64_t>(length_ms * part / kMinuteMs) * kMinuteMs;
    if (shorter_ms > 0) text += fmt::format(", or a range of {}", FormatDurationMs(shorter_ms));
    // A longer step makes fewer cells, and lets windows of rollups stand for samples.
    const std::int64_t step_ms =
        RoundStep(std::min(static_cast<double>(request.step_ms) / part, 24.0 * 60 * kMinuteMs));
    if (step_ms > request.step_ms)
      text += fmt::format(", or a step of {} (rollups have 1m and 5m)", FormatDurationMs(step_ms));
  }
  return text + ", or record the expression by a rule and ask for the recorded series";
}

}  // namespace tickscope::queryfront
