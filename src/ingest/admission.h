// Admission: turns a decoded request into the batch that goes on the stream, series by series.
//
// A known series costs one key compare and one look at its last time; labels are read, checked and given a number
// only at first sight, or when the stream's new epoch wants their definition again. What breaks a rule is left out,
// counted, and named in the answer; the rest goes in.
//
// The numbers given here are the store's: on start the stream is replayed through Replay, so that both agree.
//
// Invariants   A1 every ref in a batch is defined in it or in an earlier batch of the same epoch.
//              A2 nothing is dropped here as a duplicate: what is acknowledged is on the stream. The store drops the
//                 copies.
// Threads      Externally locked (the gateway's lock).
// Memory       About 90 bytes a series.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "codec/sample_batch.h"
#include "ingest/label_rules.h"
#include "ingest/series_keys.h"
#include "model/appender.h"
#include "wire/remote_write_decode.h"

namespace tickscope::ingest {

struct AdmissionOptions {
  LabelLimits labels;
  std::int64_t late_window_ms = 600'000;  ///< How far behind its series' newest a sample may be.
  std::int64_t future_max_ms = 600'000;   ///< How far ahead of the clock a sample may be.
  std::int64_t past_max_ms =
      3650LL * 24 * 3600 * 1000;          ///< How far behind the clock; older is a sender's bug.
  std::uint64_t series_max = 10'000'000;  ///< Series a tenant.
  std::uint64_t tenants_max = 1'000;
};

/// Why samples were left out, by reason; one counter each.
struct AdmissionMetrics {
  explicit AdmissionMetrics(MetricRegistry& metrics);

  Counter* bad_labels;
  Counter* series_limit;
  Counter* out_of_order;
  Counter* conflicting;
  Counter* in_future;
  Counter* in_past;
  Counter* bad_histogram;
  Counter* exemplars;
  Gauge* cache_bytes;
};

/// What became of a request.
struct AdmissionOutcome {
  std::uint64_t samples = 0;  ///< Float samples in the batch.
  std::uint64_t histograms = 0;
  std::uint64_t refused = 0;          ///< Samples and histograms left out.
  std::vector<std::string> messages;  ///< Of the first few refusals.

  void Refuse(std::uint64_t count, std::string message);
};

class Admission {
 public:
  Admission(const Clock& clock, MetricRegistry& metrics, AdmissionOptions options, std::uint64_t seed);
  ~Admission();

  /// Adds the request's acceptable samples to `batch` (made for `tenant` and `epoch`), whose labels borrow from it.
  /// Errors: kResourceExhausted when the tenant is one too many.
  [[nodiscard]] Result<AdmissionOutcome> Admit(const TenantId& tenant, std::uint64_t epoch,
                                               const wire::ReceivedRequest& request,
                                               codec::SampleBatch& batch);
  /// The same for samples whose labels are at hand; `samples` outlives the batch.
  [[nodiscard]] Result<AdmissionOutcome> AdmitSamples(const TenantId& tenant, std::uint64_t epoch,
                                                      const std::vector<SeriesSample>& samples,
                                                      codec::SampleBatch& batch);
  /// Undoes the last Admit or AdmitSamples, which made `batch`: the stream did not take it.
  void Revert(const codec::SampleBatch& batch);
  /// Forgets the newest samples of these series: the stream took them and then failed. Whether a sample is late is
  /// judged anew from the next one on.
  void Forget(const TenantId& tenant, const std::vector<SeriesRef>& refs);
  void SetLimits(const AdmissionOptions& options) { options_ = options; }
  /// Numbers below `next_ref` are taken, whether their series is still known or not.
  void ReserveRefs(const TenantId& tenant, std::uint32_t next_ref);
  /// Learns a batch read back from the stream at start.
  void Replay(const codec::SampleBatch& batch);

 private:
  static constexpr std::uint64_t kNeverDefined = ~std::uint64_t{0};
  struct SeriesState {
    TimeMs last_time_ms = INT64_MIN;
    std::uint64_t last_bits = 0;
    std::uint64_t defined_epoch = kNeverDefined;
  };
  struct TenantState {
    SeriesKeys raw_keys;  // By the bytes a sender names the series with.
    SeriesKeys
        canonical_keys;  // By the labels themselves. Apart, so that raw keys stay in their senders' order.
    std::vector<SeriesState> series;
    // Metadata last put on the stream, by metric, so that it goes there when it changes.
    std::map<std::string, MetricMetadata, std::less<>> metadata;
  };

  [[nodiscard]] Result<TenantState*> TenantFor(const TenantId& tenant);
  [[nodiscard]] wire::SeriesKey CanonicalKey(const Labels& labels) const;
  // The series of `labels`, new if need be; defines it in the batch when this epoch has not.
  [[nodiscard]] Result<SeriesRef> Define(TenantState& tenant, std::uint64_t epoch,
                                         const std::vector<LabelView>& labels, codec::SampleBatch& batch);
  [[nodiscard]] Result<SeriesRef> Resolve(TenantState& tenant, std::uint64_t epoch,
                                          const wire::ReceivedRequest& request,
                                          const wire::ReceivedSeries& series, codec::SampleBatch& batch);
  // Times a sample may have, by the clock.
  struct TimeWindow {
    TimeMs min_ms = 0;
    TimeMs max_ms = 0;
  };
  [[nodiscard]] TimeWindow WindowNow() const;
  // Whether the window holds `time_ms`; refuses it otherwise.
  [[nodiscard]] bool AdmitTime(std::uint32_t position, TimeMs time_ms, const TimeWindow& window,
                               AdmissionOutcome& outcome);
  void AdmitFloat(TenantState& tenant, SeriesRef ref, std::uint32_t position, TimeMs time_ms, double value,
                  const TimeWindow& window, codec::SampleBatch& batch, AdmissionOutcome& outcome);
  void AdmitHistogram(SeriesRef ref, std::uint32_t position, const wire::ReceivedHistogram& sample,
                      const TimeWindow& window, codec::SampleBatch& batch, AdmissionOutcome& outcome);
  void NoteMetadata(TenantState& tenant, std::string_view metric, MetricMetadata metadata,
                    codec::SampleBatch& batch);

  const Clock& clock_;
  AdmissionMetrics metrics_;
  AdmissionOptions options_;
  const std::uint64_t seed_;
  std::map<TenantId, std::unique_ptr<TenantState>> tenants_;
  std::vector<LabelView> label_buffer_;
  // What the last admission overwrote, oldest first.
  struct Overwritten {
    SeriesRef ref;
    TimeMs last_time_ms;
    std::uint64_t last_bits;
  };
  std::vector<Overwritten> overwritten_;
};

}  // namespace tickscope::ingest
