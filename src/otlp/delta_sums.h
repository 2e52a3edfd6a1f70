// DeltaSums: totals of what senders count since their last export (delta temporality), so that it is stored as what counts
// since its start, which is what everybody queries.
//
// A series' total begins with its first data point; its start timestamp is that point's start, so that a new total, after a
// long silence, is seen to be one and no counter is thought to have gone back. Totals are in memory; after a restart each goes on from what was
// stored of its series (otlp/stored_totals.h, docs/decisions/0034).
//
//   point (0 s, 10 s] 5   ->  at 10 s   5 since 0 s
//   point (10 s, 20 s] 3  ->  at 20 s   8 since 0 s
//   the same again        ->  at 20 s   8 since 0 s      a sender's retry adds nothing
//   point (5 s, 15 s] 1   ->  refused                    out of order
//
// Invariants   D1 a total never falls but by a negative delta of a sum that may fall.
//              D2 the same point twice gives the same sample twice.
// Bounds       series_max; those silent for idle_ms make room, oldest first.
// Memory       Some 120 bytes a number, and its buckets' for a histogram.
// Threads      Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/histogram.h"
#include "model/tenant.h"
#include "wire/received_request.h"

namespace tickscope::otlp {

struct DeltaOptions {
  std::uint64_t series_max = 200'000;    ///< Of all tenants. 0: delta is refused.
  std::int64_t idle_ms = 3'600'000;      ///< After so long a silence a total may be forgotten.
  std::int64_t future_max_ms = 600'000;  ///< How far ahead of the clock a point may be, as samples may.

  friend bool operator==(const DeltaOptions&, const DeltaOptions&) = default;
};

enum class DeltaOutcome : std::uint8_t {
  kTaken,
  kOutOfOrder,  ///< Ends before the one before it did, or began before the total.
  kInFuture,    ///< Ahead of the clock: its sample would be refused, and all those before it as out of order.
  kNoRoom,      ///< A new series, and no silent one to take its place.
};

/// When a data point counted.
struct DeltaTimes {
  std::int64_t time_ns = 0;
  TimeMs start_ms = 0;  ///< 0 when not told. Becomes the total's.
};

/// A total as the last sample of its series has it.
struct StoredTotal {
  TimeMs time_ms = 0;
  TimeMs start_ms = 0;  ///< 0 when not told.
  double value = 0;     ///< Of a number; the sum of buckets.
  std::uint64_t count = 0;
  std::vector<double> bounds;
  std::vector<std::uint64_t> counts;  ///< One more than bounds.
  HistogramPtr histogram;
};

/// What a series is to the sums.
enum class DeltaSight : std::uint8_t { kKnown, kNew, kNoRoom };

class DeltaSums {
 public:
  /// `clock` outlives the sums.
  DeltaSums(const Clock& clock, DeltaOptions options) : clock_(clock), options_(options) {}

  /// Adds `value`, which becomes the total.
  [[nodiscard]] DeltaOutcome AddNumber(const TenantId& tenant, const wire::SeriesKey& key, DeltaTimes& times,
                                       double& value) TICKSCOPE_EXCLUDES(mu_);
  /// Adds count, sum and the counts of buckets, which become the totals. Other bounds than before begin a new total.
  [[nodiscard]] DeltaOutcome AddBuckets(const TenantId& tenant, const wire::SeriesKey& key, DeltaTimes& times,
                                        const std::vector<double>& bounds, std::uint64_t& count, double& sum,
                                        std::vector<std::uint64_t>& counts) TICKSCOPE_EXCLUDES(mu_);
  /// Adds an exponential histogram, which becomes the total, at the coarser of the two scales.
  [[nodiscard]] DeltaOutcome AddExponential(const TenantId& tenant, const wire::SeriesKey& key,
                                            DeltaTimes& times, Histogram& histogram) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] DeltaSight SightOf(const TenantId& tenant, const wire::SeriesKey& key)
      TICKSCOPE_EXCLUDES(mu_);
  /// Has a total that nobody here knows go on from what was stored. Points of its last sample's millisecond are that sample's. Nothing happens
  /// when the series is known by now, or there is no room.
  void Restore(const TenantId& tenant, const wire::SeriesKey& key, StoredTotal stored)
      TICKSCOPE_EXCLUDES(mu_);
  /// The series ended.
  void Forget(const TenantId& tenant, const wire::SeriesKey& key) TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::size_t size() const TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return key.low ^ key.high; }
  };
  struct Total {
    Key key;
    std::int64_t time_ns = 0;
    TimeMs start_ms = 0;
    TimeMs heard_ms = 0;     // By the clock.
    bool is_stored = false;  // As it was restored: of time_ns, milliseconds are known.
    double value = 0;        // Of a number; the sum of buckets.
    std::uint64_t count = 0;
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;
    HistogramPtr histogram;
  };
  struct Found {
    Total* total = nullptr;  // Null when refused.
    DeltaOutcome outcome = DeltaOutcome::kTaken;
    bool is_again = false;  // The point is the last one: nothing is added.
    bool is_new = false;
  };

  [[nodiscard]] static Key KeyOf(const TenantId& tenant, const wire::SeriesKey& key);
  // A total for a series that has none; null when there is no room.
  [[nodiscard]] Total* Make(const Key& key) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] bool HasRoom() const TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] Found Find(const TenantId& tenant, const wire::SeriesKey& key, const DeltaTimes& times)
      TICKSCOPE_REQUIRES(mu_);
  // Moves the total to the point's time, and tells the point the total's start.
  static void Advance(const Found& found, DeltaTimes& times);

  const Clock& clock_;
  const DeltaOptions options_;
  mutable Mutex mu_;
  std::list<Total> totals_ TICKSCOPE_GUARDED_BY(mu_);  // Silent longest first.
  std::unordered_map<Key, std::list<Total>::iterator, KeyHash> places_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::otlp
