// Gateway: takes write requests, puts what is acceptable on the stream, answers when it is durable.
//
// Life of a request: decompress and decode (in parallel, a scratch space each), then under one lock admit, encode and
// append, so that definitions reach the stream before what relies on them; the answer waits for the stream.
//
// Promises    An answer that says written means durable: it will be served, also after a crash.
//             A refused sample costs only itself; the rest of the request is written and the answer says so.
// Bounds      Decompressed size a request; scratch spaces as many as threads write at once.
// Threads     Thread-safe. Callbacks run on the stream's thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "codec/sample_batch.h"
#include "ingest/admission.h"
#include "ingest/deliveries.h"
#include "model/appender.h"
#include "stream/stream.h"
#include "wire/received_request.h"
#include "wire/remote_write_headers.h"

namespace tickscope::ingest {

struct GatewayOptions {
  AdmissionOptions admission;
  std::size_t request_bytes_max = 64U << 20;  ///< After decompression.
  std::size_t senders_max = 20'000;           ///< Whose pushes are told from repetitions.
};

/// What a sender is told. `error` is set when something was not written; with `refused` above zero that is a mistake of the
/// sender's, and the rest was.
struct WriteAnswer {
  std::uint64_t samples_written = 0;
  std::uint64_t histograms_written = 0;
  std::uint64_t exemplars_written = 0;
  std::uint64_t refused =
      0;  ///< Of what the sender sent (ReceivedSeries::position) what was not, or not whole, written.
  std::optional<Error> error;
  bool is_other_replica =
      false;  ///< Another replica of the sender's cluster is elected: nothing was written, and nothing is missing.
  bool is_duplicate = false;  ///< This push was written before, all of it.
};

using WriteCallback = std::move_only_function<void(WriteAnswer)>;

class Gateway final : public Appender {
 public:
  /// Everything given outlives the gateway, and the stream is closed before the gateway is destroyed.
  Gateway(stream::Stream& stream, const Clock& clock, Random& random, MetricRegistry& metrics,
          GatewayOptions options);
  ~Gateway() override;

  /// Handles one remote-write body, a snappy block. `done` runs once, here or on the stream's thread.
  void Write(const TenantId& tenant, wire::RemoteWriteProtocol protocol, std::string_view body,
             WriteCallback done);
  /// The same of a sender who counts pushes: one that is on the stream already, all of it, is
  /// answered as written, and not written again.
  /// Errors besides: kUnavailable while the same is being written.
  void Write(const TenantId& tenant, wire::RemoteWriteProtocol protocol, std::string_view body,
             const std::optional<codec::Delivery>& delivery, WriteCallback done);
  /// The same for a request of any format; it is not used after the return. `delivery` is one that BeginPush let in.
  void Write(const TenantId& tenant, const wire::ReceivedRequest& request,
             const std::optional<codec::Delivery>& delivery, WriteCallback done);
  /// Counts and answers a request that does not decode.
  void Refuse(Error error, WriteCallback done);

  /// Before a request is decoded by another: nothing when its push is to be written, which then ends with Write or EndPush. Else what to
  /// answer: that it was written before, or kUnavailable while it is being written.
  [[nodiscard]] std::optional<WriteAnswer> BeginPush(const TenantId& tenant, const codec::Delivery& delivery)
      TICKSCOPE_EXCLUDES(mu_);
  /// Ends a push that BeginPush let in and of which nothing is written, or not all.
  void EndPush(const TenantId& tenant, const codec::Delivery& delivery) {
    deliveries_.Finish(tenant, delivery, false);
  }

  /// Appender: returns when durable.
  [[nodiscard]] Status Append(const TenantId& tenant, const std::vector<SeriesSample>& samples) override;

  /// Numbers of series below `next_ref` are taken, before any write.
  void ReserveRefs(const TenantId& tenant, std::uint32_t next_ref) TICKSCOPE_EXCLUDES(mu_);
  /// Learns a batch read back from the stream, before any write.
  void Replay(const codec::SampleBatch& batch) TICKSCOPE_EXCLUDES(mu_);
  /// Which pushes are on the stream, for others who write to it. Recover it before any write.
  [[nodiscard]] Deliveries& deliveries() { return deliveries_; }

  /// Takes over other limits for requests from now on.
  void SetLimits(const AdmissionOptions& limits) TICKSCOPE_EXCLUDES(mu_);

  /// Has the series of write requests judged, each at its first sight. Before any write; `guard` outlives the gateway.
  void SetGuard(guard::Guard& guard) TICKSCOPE_EXCLUDES(mu_);

  /// Where a tenant stands against its limits.
  [[nodiscard]] Admission::TenantStatus LimitStatus(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::size_t request_bytes_max() const { return options_.request_bytes_max; }

 private:
  // What one request needs while it is worked on; kept for the next.
  struct Scratch;
  class ScratchLease;

  // Fills the batch for an epoch and says what became of the samples.
  using Admit = std::function<Result<AdmissionOutcome>(Admission& admission, stream::Epoch epoch,
                                                       codec::SampleBatch& batch)>;
  void AdmitAndAppend(const TenantId& tenant, Scratch& scratch, const MaybeDelivery& delivery,
                      const Admit& admit, WriteCallback done) TICKSCOPE_EXCLUDES(mu_);
  void AdmitAndAppend(const TenantId& tenant, Scratch& scratch, const MaybeDelivery& delivery,
                      const wire::ReceivedRequest& request, std::size_t bytes, WriteCallback done)
      TICKSCOPE_EXCLUDES(mu_);
  // Answers a request at once that is over its tenant's rate, or of a replica that is not elected. `bytes` is its size, 0 when not known.
  [[nodiscard]] std::optional<WriteAnswer> Screen(const TenantId& tenant,
                                                  const wire::ReceivedRequest& request, std::size_t bytes)
      TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] Result<ReplicaElection::Verdict> HearReplica(const TenantId& tenant,
                                                             const ReplicaOptions& options,
                                                             const wire::ReceivedRequest& request)
      TICKSCOPE_REQUIRES(mu_);
  // What the stream is told about a request that it took.
  struct Appended {
    TenantId tenant;
    std::vector<SeriesRef> refs;
    AdmissionOutcome outcome;
    MaybeDelivery delivery;
    std::chrono::nanoseconds started{};
  };
  // Answers a request the stream took. Runs on the stream's thread.
  void Finish(const Appended& appended, Result<stream::Offset> result, WriteCallback& answer)
      TICKSCOPE_EXCLUDES(mu_);

  stream::Stream& stream_;
  const Clock& clock_;
  const GatewayOptions options_;
  const std::uint64_t seed_;
  Counter* requests_;
  Counter* samples_;
  Counter* failed_requests_;
  Counter* duplicates_;
  Counter* rate_limited_;
  Counter* other_replicas_;
  HistogramMetric* append_seconds_;

  Deliveries deliveries_;
  mutable Mutex mu_;
  Admission admission_ TICKSCOPE_GUARDED_BY(mu_);
  codec::BatchEncoder encoder_ TICKSCOPE_GUARDED_BY(mu_);
  TenantRates rates_ TICKSCOPE_GUARDED_BY(mu_);
  ReplicaElection replicas_ TICKSCOPE_GUARDED_BY(mu_);
  std::vector<LabelView> replica_labels_ TICKSCOPE_GUARDED_BY(mu_);
  Mutex scratch_mu_;
  std::vector<std::unique_ptr<Scratch>> idle_scratch_ TICKSCOPE_GUARDED_BY(scratch_mu_);
};

}  // namespace tickscope::ingest
