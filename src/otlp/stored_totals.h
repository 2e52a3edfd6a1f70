// StoredTotals: totals of delta data points as storage has them, for a process that has just started and does not know them.
//
// A total is its series' last sample: what was acknowledged is durable, the store has all that is durable before requests are taken, and a total that is
// durable has every point up to its time in it. So nothing beside the stream has to be kept, written or agreed with (docs/decisions/0034).
//
//   number         the last sample
//   histogram      _count, _sum if there is one, and _bucket for each bound, all of one time
//   exponential    the last native histogram
//
// Bounds    kReadTime a look; samples of `reach_ms` of one series.
// Threads   Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "model/labels.h"
#include "model/queryable.h"
#include "model/tenant.h"
#include "otlp/delta_sums.h"

namespace tickscope::otlp {

class StoredTotals {
 public:
  static constexpr std::chrono::seconds kReadTime{5};

  /// Looks `reach_ms` behind a data point's time: who was silent for longer begins anew. Everything given outlives this.
  StoredTotals(const Queryable& storage, const Clock& clock, std::int64_t reach_ms, MetricRegistry& metrics);

  /// The total of a series with exactly these labels, for a point of `time_ms`. Nothing when it has none, has ended, or cannot be read; the last is
  /// counted.
  [[nodiscard]] std::optional<StoredTotal> Number(const TenantId& tenant, const Labels& series,
                                                  TimeMs time_ms) const;
  /// `count`, `sum` and `bucket` are the three series' labels, of the last without `le`. Nothing besides when the bounds are others.
  [[nodiscard]] std::optional<StoredTotal> Buckets(const TenantId& tenant, const Labels& count,
                                                   const Labels& sum, const Labels& bucket,
                                                   const std::vector<double>& bounds, TimeMs time_ms) const;
  [[nodiscard]] std::optional<StoredTotal> Exponential(const TenantId& tenant, const Labels& series,
                                                       TimeMs time_ms) const;

 private:
  struct Sample {
    Labels labels;
    TimeMs time_ms = 0;
    TimeMs start_ms = 0;
    double value = 0;
    HistogramPtr histogram;
  };

  // The last samples of series that have `labels`, and besides them `more` or nothing. Empty as well when they cannot be read.
  [[nodiscard]] std::vector<Sample> Last(const TenantId& tenant, const Labels& labels, std::string_view more,
                                         TimeMs time_ms) const;
  [[nodiscard]] Result<std::vector<Sample>> Read(const SelectRequest& request, const Labels& labels,
                                                 std::string_view more) const;

  const Queryable& storage_;
  const Clock& clock_;
  const std::int64_t reach_ms_;
  Counter* restored_;
  Counter* errors_;
};

}  // namespace tickscope::otlp
