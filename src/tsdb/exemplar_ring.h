// ExemplarRing: the newest exemplars of a tenant, in memory.
//
// An exemplar points from a sample to a trace; it is looked at for some hours and not worth a file. The ring holds a
// fixed number; one more makes the oldest arrival go, whosever it is. One series can take a share of it only.
//
// Invariants   X1 a series' exemplars ascend by time, then value, then labels; what would come before its newest is
//                 refused, what equals it is passed over.
//              X2 a series is here while it has an exemplar.
// Threads      Thread-safe. One writer is expected; readers wait for it and it for them.
// Memory       About 120 bytes and the labels (at most 512 bytes) an exemplar, 150 bytes and the labels a series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "model/exemplar.h"
#include "model/matcher.h"
#include "model/queryable.h"

namespace tickscope::tsdb {

struct ExemplarRingOptions {
  std::uint64_t exemplars_max = 100'000;            ///< 0 keeps none.
  std::uint64_t exemplars_per_series_max = 10'000;  ///< At least 1.
};

/// What all tenants' rings count together.
struct ExemplarMetrics {
  explicit ExemplarMetrics(MetricRegistry& metrics);

  Counter* added;
  Counter* out_of_order;
  Gauge* held;
};

class ExemplarRing {
 public:
  ExemplarRing(ExemplarMetrics& metrics, ExemplarRingOptions options)
      : metrics_(metrics), options_(options) {}
  ~ExemplarRing();
  ExemplarRing(const ExemplarRing&) = delete;
  ExemplarRing& operator=(const ExemplarRing&) = delete;

  /// Takes an exemplar of the series, or not (X1).
  void Add(const Labels& series, const Exemplar& exemplar) TICKSCOPE_EXCLUDES(mu_);

  /// Exemplars in [start, end] of series that one of the selectors matches, by series; series without any are left out.
  /// Errors: those of the context.
  [[nodiscard]] Result<std::vector<SeriesExemplars>> Select(
      const std::vector<std::vector<Matcher>>& selectors, TimeMs start_ms, TimeMs end_ms,
      const QueryContext& context) const TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::size_t size() const TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Held;
  using Ring = std::list<Held>;  // In order of arrival.
  struct Chain {
    Ring::iterator oldest;
    Ring::iterator newest;
    std::size_t length = 0;
  };
  struct LabelsHash {
    std::size_t operator()(const Labels& labels) const { return labels.Hash(); }
  };
  using Chains = std::unordered_map<Labels, Chain, LabelsHash>;  // By series; entries stay where they are.
  struct Held {
    Exemplar exemplar;
    Chains::value_type* series = nullptr;
    Ring::iterator next;  // Of the same series; meaningless for its newest.
  };

  // Takes the series' oldest away.
  void RemoveOldest(Chains::value_type& series) TICKSCOPE_REQUIRES(mu_);

  ExemplarMetrics& metrics_;
  const ExemplarRingOptions options_;
  mutable SharedMutex mu_;
  Ring ring_ TICKSCOPE_GUARDED_BY(mu_);
  Chains chains_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::tsdb
