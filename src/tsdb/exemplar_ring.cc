#include "tsdb/exemplar_ring.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <compare>

namespace tickscope::tsdb {
namespace {

// Series between two looks at the clock.
constexpr std::size_t kSeriesPerCheck = 1024;

// Where `a` is in a series' order (X1), seen from `b`. Values that cannot be compared are ordered by their bits, so that
// NaN is not refused for ever.
std::strong_ordering Order(const Exemplar& a, const Exemplar& b) {
  if (a.time_ms != b.time_ms) return a.time_ms <=> b.time_ms;
  if (a.value < b.value) return std::strong_ordering::less;
  if (a.value > b.value) return std::strong_ordering::greater;
  if (std::isnan(a.value) || std::isnan(b.value)) {
    const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
    if (bits(a.value) != bits(b.value)) return bits(a.value) <=> bits(b.value);
  }
  return a.labels <=> b.labels;
}

}  // namespace

ExemplarMetrics::ExemplarMetrics(MetricRegistry& metrics)
    : added(metrics.AddCounter("tickscope_store_exemplars_added_total", "Exemplars taken.", {})),
      out_of_order(metrics.AddCounter("tickscope_store_exemplars_out_of_order_total",
                                      "Exemplars left out because their series has a newer one.", {})),
      held(metrics.AddGauge("tickscope_store_exemplars", "Exemplars in memory.", {})) {}

ExemplarRing::~ExemplarRing() {
  metrics_.held->Add(-static_cast<double>(ring_.size()));
}

void ExemplarRing::Add(const Labels& series, const Exemplar& exemplar) {
  if (options_.exemplars_max == 0) return;
  const WriterLock lock(mu_);
  const auto [found, is_new] = chains_.try_emplace(series);
  Chain& chain = found->second;
  if (!is_new) {
    const std::strong_ordering order = Order(exemplar, chain.newest->exemplar);
    if (order == std::strong_ordering::less) metrics_.out_of_order->Add();
    if (order != std::strong_ordering::greater) return;
  }
  ring_.push_back({exemplar, &*found, {}});
  const auto added = std::prev(ring_.end());
  if (is_new) {
    chain.oldest = added;
  } else {
    chain.newest->next = added;
  }
  chain.newest = added;
  ++chain.length;
  metrics_.added->Add();
  metrics_.held->Add(1);
  if (chain.length > options_.exemplars_per_series_max) RemoveOldest(*found);
  // The oldest arrival is the oldest of its series, too: a series' exemplars come in order.
  if (ring_.size() > options_.exemplars_max) RemoveOldest(*ring_.front().series);
}

void ExemplarRing::RemoveOldest(Chains::value_type& series) {
  Chain& chain = series.second;
  const Ring::iterator oldest = chain.oldest;
  const bool is_last = --chain.length == 0;
  if (!is_last) chain.oldest = oldest->next;
  ring_.erase(oldest);
  if (is_last) chains_.erase(series.first);
  metrics_.held->Add(-1);
}

Result<std::vector<SeriesExemplars>> ExemplarRing::Select(const std::vector<std::vector<Matcher>>& selectors,
                                                          TimeMs start_ms, TimeMs end_ms,
                                                          const QueryContext& context) const {
  std::vector<SeriesExemplars> selected;
  {
    const ReaderLock lock(mu_);
    std::size_t seen = 0;
    for (const auto& [labels, chain] : chains_) {
      if (++seen % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(context.Check());
      if (chain.oldest->exemplar.time_ms > end_ms || chain.newest->exemplar.time_ms < start_ms) continue;
      const bool matches = std::ranges::any_of(selectors, [&labels](const std::vector<Matcher>& matchers) {
        return MatchesAll(matchers, labels);
      });
      if (!matches) continue;
      SeriesExemplars series{labels, {}};
      auto at = chain.oldest;
      for (std::size_t i = 0; i < chain.length && at->exemplar.time_ms <= end_ms; ++i) {
        if (at->exemplar.time_ms >= start_ms) series.exemplars.push_back(at->exemplar);
        if (i + 1 < chain.length) at = at->next;
      }
      if (!series.exemplars.empty()) selected.push_back(std::move(series));
    }
  }
  std::ranges::sort(selected, {}, &SeriesExemplars::series);
  return selected;
}

std::size_t ExemplarRing::size() const {
  const ReaderLock lock(mu_);
  return ring_.size();
}

}  // namespace tickscope::tsdb
