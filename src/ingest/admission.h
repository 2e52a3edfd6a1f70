// Admission: turns a decoded request into the batch that goes on the stream, series by series.
//
// A known series costs one key compare and one look at its last time; labels are read, checked and given a number
// only at first sight, or when the stream's new epoch wants their definition again. What breaks a rule is left out,
// counted, and named in the answer; the rest goes in. What is over a limit of series is added up (ingest/overflow.h).
//
// The numbers given here are the store's: on start the stream is replayed through Replay, so that both agree.
//
// Invariants   A1 every ref in a batch is defined in it or in an earlier batch of the same epoch.
//              A2 nothing is dropped here as a duplicate: what is acknowledged is on the stream. The store drops the
//                 copies.
// Threads      Externally locked (the gateway's lock).
// Memory       About 100 bytes a series.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "codec/sample_batch.h"
#include "guard/guard.h"
#include "ingest/label_rules.h"
#include "ingest/late_senders.h"
#include "ingest/replica_election.h"
#include "ingest/tenant_rates.h"
#include "ingest/tenant_series.h"
#include "model/appender.h"
#include "wire/received_request.h"

namespace tickscope::ingest {

/// What a tenant may send.
struct TenantLimits {
  LabelLimits labels;
  TenantSeriesOptions series;
  std::int64_t late_window_ms = 600'000;  ///< How far behind its series' newest a sample may be.
  RateLimits rates;
  ReplicaOptions replicas;

  friend bool operator==(const TenantLimits&, const TenantLimits&) = default;
};

struct AdmissionOptions {
  TenantLimits limits;
  std::map<TenantId, TenantLimits> tenants;  ///< Those with limits of their own.
  std::int64_t future_max_ms = 600'000;      ///< How far ahead of the clock a sample may be.
  std::int64_t past_max_ms =
      3650LL * 24 * 3600 * 1000;  ///< How far behind the clock; older is a sender's bug.
  std::uint64_t tenants_max = 1'000;
};

/// Of all limits, those a second.
[[nodiscard]] TenantRateLimits RatesOf(const AdmissionOptions& options);

/// Why an exemplar was left out, which costs its request nothing but the exemplar.
enum class DroppedExemplar : std::uint8_t { kBadLabels, kInFuture, kSeriesLimit, kGuard };

/// Why samples were left out, by reason; one counter each.
struct AdmissionMetrics {
  explicit AdmissionMetrics(MetricRegistry& metrics);

  Counter* bad_labels;
  Counter* guard;
  Counter* series_limit;
  Counter* out_of_order;
  Counter* conflicting;
  Counter* in_future;
  Counter* in_past;
  Counter* bad_histogram;
  Counter* dropped_exemplars[4];  ///< By DroppedExemplar.
  Counter* overflowed[kLimitReasons];
  Gauge* cache_bytes;
  Gauge* budget_values;
};

/// What became of a request.
struct AdmissionOutcome {
  std::uint64_t samples = 0;  ///< Float samples in the batch.
  std::uint64_t histograms = 0;
  std::uint64_t exemplars = 0;
  std::uint64_t refused = 0;            ///< Samples and histograms left out.
  std::uint64_t refused_positions = 0;  ///< Of the request's positions those that lost any.
  std::vector<std::string> messages;    ///< Of the first few refusals.

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
  void SetLimits(const AdmissionOptions& options);
  /// Has new series of requests judged. `guard` outlives this.
  void SetGuard(guard::Guard& guard) { guard_ = &guard; }
  /// Numbers below `next_ref` are taken, whether their series is still known or not.
  void ReserveRefs(const TenantId& tenant, std::uint32_t next_ref);
  /// Learns a batch read back from the stream at start.
  void Replay(const codec::SampleBatch& batch);

  /// Where a tenant stands against its limits.
  struct TenantStatus {
    std::uint64_t active_series = 0;
    TenantLimits limits;
    std::vector<std::uint64_t> budget_series;  ///< Of each budget.
    std::vector<TenantSeries::OverflowState> overflow;
    std::map<std::string, LateCounts> late_senders;
  };
  [[nodiscard]] TenantStatus StatusOf(const TenantId& tenant) const;
  /// What is in force for a tenant, until SetLimits.
  [[nodiscard]] const TenantLimits& LimitsOf(const TenantId& tenant) const;

 private:
  struct TenantState {
    TenantState(std::uint64_t seed, TimeMs started_ms) : series(seed, started_ms) {}

    TenantSeries series;
    std::uint64_t guard_generation = 0;  // Of the rules its series were judged by.
    std::size_t budget_values_told = 0;  // In the metric.
    LateSenders late_senders;
    // Metadata last put on the stream, by metric, so that it goes there when it changes.
    std::map<std::string, MetricMetadata, std::less<>> metadata;
  };
  // One admission at work: what all its samples share.
  struct Work;

  [[nodiscard]] TenantState& StateFor(const TenantId& tenant);
  [[nodiscard]] Result<TenantState*> TenantFor(const TenantId& tenant);
  [[nodiscard]] Result<Place> Resolve(Work& work, const wire::ReceivedRequest& request,
                                      const wire::ReceivedSeries& series);
  // The same for the series at label_buffer_, which was made here.
  [[nodiscard]] Result<Place> ResolveMade(Work& work);
  // Who counts samples that are refused with this code.
  [[nodiscard]] Counter* CounterOf(ErrorCode code) const;
  [[nodiscard]] Result<Work> Begin(const TenantId& tenant, std::uint64_t epoch, codec::SampleBatch& batch);
  [[nodiscard]] AdmissionOutcome End(Work& work);
  // Counts what was refused of the series the work was at as one of its position's.
  static void SettleRefusals(Work& work);
  // Whether the clock allows `time_ms`; refuses it otherwise.
  [[nodiscard]] bool AdmitTime(Work& work, std::uint32_t position, TimeMs time_ms);
  void AdmitFloat(Work& work, Place place, std::uint32_t position, TimeMs time_ms, double value,
                  TimeMs start_ms);
  void AdmitHistogram(Work& work, Place place, std::uint32_t position, const wire::ReceivedHistogram& sample);
  void AdmitExemplars(Work& work, Place place);
  void NoteMetadata(Work& work, std::string_view metric, MetricMetadata metadata);
  // Why the series at label_buffer_ is not let in; counts as judged by the caller when it is.
  [[nodiscard]] std::optional<guard::Rejection> Judge(const Work& work, std::string_view type,
                                                      std::string_view type_before,
                                                      guard::SeriesOrigin origin) const;
  // Tells the guard of the series at label_buffer_ that NormalizeLabels refused. Nothing when that is not the guard's to say.
  [[nodiscard]] std::optional<guard::Rejection> JudgeMalformed(const Work& work) const;
  // Tells the guard of the series at label_buffer_, which has a value too many.
  void NoteOverBudget(const Work& work, const guard::BudgetedValue& value) const;
  // What the metric's type was declared as, empty when it was not.
  [[nodiscard]] std::string_view ToldType(const Work& work, std::string_view metric) const;
  // Counts the samples of a series that is not taken, and says why.
  void RefuseSeries(Work& work, const wire::ReceivedSeries& series, const Error* why);
  // The labels of the series the work is at, empty when they cannot be read.
  [[nodiscard]] const std::vector<LabelView>& LabelsAt(const Work& work);

  const Clock& clock_;
  AdmissionMetrics metrics_;
  AdmissionOptions options_;
  const std::uint64_t seed_;
  const TimeMs started_ms_;
  guard::Guard* guard_ = nullptr;
  std::map<TenantId, std::unique_ptr<TenantState>> tenants_;
  std::vector<LabelView> label_buffer_;
  wire::ReceivedExemplar exemplar_buffer_;
  // What the last admission overwrote, oldest first.
  struct Overwritten {
    SeriesRef ref;
    TimeMs last_time_ms;
    std::uint64_t last_bits;
  };
  std::vector<Overwritten> overwritten_;
};

}  // namespace tickscope::ingest
