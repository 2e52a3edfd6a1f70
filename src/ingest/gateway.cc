#include "ingest/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

#include "codec/sample_batch.h"
#include "http/zstd.h"
#include "wire/remote_write_decode.h"

namespace tickscope::ingest {
namespace {

constexpr stream::PartitionId kPartition{0};

// A new epoch may begin between looking and appending; more than a few in a row means the stream is in trouble.
constexpr int kEpochTries = 8;

// A scratch buffer that one large request blew up is not kept.
constexpr std::size_t kScratchBytesKept = 8U << 20;

// A zstd frame's first bytes. No snappy block has them: it would be 40 bytes that begin with a copy of what came before.
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

// Unpacks a request's body, a snappy block or zstd frames, sizes they announce checked first.
Status Unpack(std::string_view body, std::size_t bytes_max, Bytes& out) {
  if (!body.starts_with(kZstdMagic)) return wire::DecompressSnappy(body, bytes_max, out);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string content, http::Unzstd(body, bytes_max));
  const ByteView bytes = AsBytes(content);
  out.assign(bytes.begin(), bytes.end());
  return {};
}

std::optional<Error> RefusalError(const AdmissionOutcome& outcome) {
  if (outcome.refused == 0) return std::nullopt;
  std::string message = fmt::format("{} of {} samples not written: ", outcome.refused,
                                    outcome.refused + outcome.samples + outcome.histograms);
  for (std::size_t i = 0; i < outcome.messages.size(); ++i) {
    if (i > 0) message += "; ";
    message += outcome.messages[i];
  }
  if (outcome.refused > outcome.messages.size()) message += "; ...";
  return Fail(ErrorCode::kInvalidArgument, std::move(message)).error();
}

// As if all of the request was written.
WriteAnswer AnswerForAll(const wire::ReceivedRequest& request) {
  WriteAnswer answer{.samples_written = request.values().size(),
                     .histograms_written = request.histograms().size()};
  for (const wire::ReceivedSeries& series : request.series())
    answer.exemplars_written += series.exemplar_count;
  return answer;
}

}  // namespace

struct Gateway::Scratch {
  explicit Scratch(std::uint64_t seed) : request(seed) {}

  Bytes message;
  wire::RemoteWriteRequest request;
  codec::SampleBatch batch;
};

// Takes a scratch space for a scope.
class Gateway::ScratchLease {
 public:
  explicit ScratchLease(Gateway& gateway) : gateway_(gateway) {
    const MutexLock lock(gateway_.scratch_mu_);
    if (gateway_.idle_scratch_.empty()) {
      scratch_ = std::make_unique<Scratch>(gateway_.seed_);
    } else {
      scratch_ = std::move(gateway_.idle_scratch_.back());
      gateway_.idle_scratch_.pop_back();
    }
  }
  ~ScratchLease() {
    if (scratch_->message.capacity() > kScratchBytesKept) return;
    const MutexLock lock(gateway_.scratch_mu_);
    gateway_.idle_scratch_.push_back(std::move(scratch_));
  }
  ScratchLease(const ScratchLease&) = delete;
  ScratchLease& operator=(const ScratchLease&) = delete;

  [[nodiscard]] Scratch& operator*() const { return *scratch_; }
  [[nodiscard]] Scratch* operator->() const { return scratch_.get(); }

 private:
  Gateway& gateway_;
  std::unique_ptr<Scratch> scratch_;
};

Gateway::Gateway(stream::Stream& stream, const Clock& clock, Random& random, MetricRegistry& metrics,
                 GatewayOptions options)
    : stream_(stream),
      clock_(clock),
      options_(options),
      seed_(random.Next()),
      requests_(metrics.AddCounter("tickscope_ingest_requests_total", "Write requests answered.", {})),
      samples_(metrics.AddCounter("tickscope_ingest_samples_total", "Samples made durable.", {})),
      failed_requests_(metrics.AddCounter("tickscope_ingest_failed_requests_total",
                                          "Write requests of which nothing was written.", {})),
      duplicates_(metrics.AddCounter("tickscope_ingest_duplicate_pushes_total",
                                     "Pushes that were on the stream already, and were not written again.",
                                     {})),
      rate_limited_(metrics.AddCounter("tickscope_ingest_rate_limited_requests_total",
                                       "Requests refused because their tenant sends too much.", {})),
      other_replicas_(
          metrics.AddCounter("tickscope_ingest_other_replica_requests_total",
                             "Requests left out because another replica of their cluster is elected.", {})),
      append_seconds_(metrics.AddHistogram("tickscope_ingest_append_seconds",
                                           "Time from a request's decoding to its durability.", {},
                                           kLatencyBucketsSeconds)),
      deliveries_(options.senders_max),
      admission_(clock, metrics, options.admission, seed_) {
  metrics.AddCallbackGauge("tickscope_ingest_senders", "Senders whose pushes are told from repetitions.", {},
                           [this] { return static_cast<double>(deliveries_.senders()); });
}

Gateway::~Gateway() = default;

void Gateway::Write(const TenantId& tenant, wire::RemoteWriteProtocol protocol, std::string_view body,
                    WriteCallback done) {
  Write(tenant, protocol, body, std::nullopt, std::move(done));
}

void Gateway::Write(const TenantId& tenant, wire::RemoteWriteProtocol protocol, std::string_view body,
                    const std::optional<codec::Delivery>& delivery, WriteCallback done) {
  const ScratchLease scratch(*this);
  Status decoded = Unpack(body, options_.request_bytes_max, scratch->message);
  if (decoded) decoded = scratch->request.Decode(protocol, scratch->message);
  if (!decoded) {
    Refuse(std::move(decoded).error(), std::move(done));
    return;
  }
  if (delivery) {
    if (std::optional<WriteAnswer> answer = BeginPush(tenant, *delivery)) {
      if (answer->is_duplicate) {
        *answer = AnswerForAll(scratch->request);
        answer->is_duplicate = true;
      }
      return done(*std::move(answer));
    }
  }
  AdmitAndAppend(tenant, *scratch, delivery, scratch->request, scratch->message.size(), std::move(done));
}

void Gateway::Write(const TenantId& tenant, const wire::ReceivedRequest& request,
                    const std::optional<codec::Delivery>& delivery, WriteCallback done) {
  const ScratchLease scratch(*this);
  AdmitAndAppend(tenant, *scratch, delivery, request, 0, std::move(done));
}

void Gateway::Refuse(Error error, WriteCallback done) {
  requests_->Add();
  failed_requests_->Add();
  done({.error = std::move(error)});
}

std::optional<WriteAnswer> Gateway::BeginPush(const TenantId& tenant, const codec::Delivery& delivery) {
  const Deliveries::Verdict verdict = deliveries_.Begin(tenant, delivery);
  if (verdict == Deliveries::Verdict::kNew) return std::nullopt;
  requests_->Add();
  if (verdict == Deliveries::Verdict::kDone) {
    duplicates_->Add();
    return WriteAnswer{.is_duplicate = true};
  }
  failed_requests_->Add();
  return WriteAnswer{.error = Error{ErrorCode::kUnavailable, "this push is being written: ask again"}};
}

Result<ReplicaElection::Verdict> Gateway::HearReplica(const TenantId& tenant, const ReplicaOptions& options,
                                                      const wire::ReceivedRequest& request) {
  constexpr auto kElected = ReplicaElection::Verdict::kElected;
  if (!options.enabled || request.series().empty()) return kElected;
  // A sender's series all have its labels: the first says it for all.
  if (!request.ReadLabels(request.series().front(), replica_labels_)) return kElected;
  const auto name = FindReplica(options, replica_labels_);
  if (!name) return kElected;
  return replicas_.Hear(options, tenant, name->cluster, name->replica, clock_.Monotonic());
}

std::optional<WriteAnswer> Gateway::Screen(const TenantId& tenant, const wire::ReceivedRequest& request,
                                           std::size_t bytes) {
  const MutexLock lock(mu_);
  const TenantLimits& limits = admission_.LimitsOf(tenant);
  const auto heard = HearReplica(tenant, limits.replicas, request);
  if (!heard) return WriteAnswer{.error = heard.error()};
  if (*heard == ReplicaElection::Verdict::kOther) {
    other_replicas_->Add();
    WriteAnswer answer = AnswerForAll(request);
    answer.is_other_replica = true;
    return answer;
  }
  const std::uint64_t samples = request.values().size() + request.histograms().size();
  const Status taken = rates_.Take(tenant, limits.rates, samples, bytes, clock_.Monotonic());
  if (taken) return std::nullopt;
  rate_limited_->Add();
  return WriteAnswer{.error = taken.error()};
}

void Gateway::AdmitAndAppend(const TenantId& tenant, Scratch& scratch, const MaybeDelivery& delivery,
                             const wire::ReceivedRequest& request, std::size_t bytes, WriteCallback done) {
  if (std::optional<WriteAnswer> answer = Screen(tenant, request, bytes)) {
    requests_->Add();
    if (answer->error) failed_requests_->Add();
    deliveries_.Finish(tenant, delivery, false);
    done(*std::move(answer));
    return;
  }
  AdmitAndAppend(
      tenant, scratch, delivery,
      [&](Admission& admission, stream::Epoch epoch, codec::SampleBatch& batch) {
        return admission.Admit(tenant, epoch, request, batch);
      },
      std::move(done));
}

void Gateway::AdmitAndAppend(const TenantId& tenant, Scratch& scratch, const MaybeDelivery& delivery,
                             const Admit& admit, WriteCallback done) {
  requests_->Add();
  const std::chrono::nanoseconds started = clock_.Monotonic();
  // Shared because an append that is refused drops its callback, and there may be another try.
  const auto answer = std::make_shared<WriteCallback>(std::move(done));
  codec::SampleBatch& batch = scratch.batch;
  Error failure{ErrorCode::kUnavailable, "the stream did not take the request"};
  for (int tries = 0; tries < kEpochTries; ++tries) {
    AdmissionOutcome outcome;
    {
      const MutexLock lock(mu_);
      const stream::Epoch epoch = stream_.CurrentEpoch(kPartition);
      batch.Clear();
      batch.tenant = tenant;
      batch.received_ms = clock_.NowMs();
      auto admitted = admit(admission_, epoch, batch);
      if (!admitted) {
        failure = std::move(admitted).error();
        break;
      }
      outcome = *std::move(admitted);
      if (!batch.empty()) {
        // One that is refused in part is not kept in mind: whoever asks again is to hear again what was refused, and what was written is dropped
        // by the store.
        const MaybeDelivery kept = outcome.refused == 0 ? delivery : std::nullopt;
        batch.delivery = kept;
        batch.delivered = deliveries_.TakeOwed(epoch);
        Bytes payload;
        payload.reserve(batch.floats.size() * 2 + 256);
        encoder_.Encode(batch, epoch, payload);
        const Status taken =
            stream_.Append(kPartition, epoch, std::move(payload),
                           [this, answer,
                            appended = Appended{.tenant = tenant,
                                                .refs = batch.floats.refs,
                                                .outcome = outcome,
                                                .delivery = kept,
                                                .started = started}](Result<stream::Offset> result) {
                             Finish(appended, std::move(result), *answer);
                           });
        if (taken) {
          if (!kept) deliveries_.Finish(tenant, delivery, false);
          return;
        }
        deliveries_.NoteLost();
        admission_.Revert(batch);
        encoder_.Forget(batch);
        failure = taken.error();
        if (failure.code == ErrorCode::kFailedPrecondition) continue;
        break;
      }
    }
    deliveries_.Finish(tenant, delivery, false);
    (*answer)({.refused = outcome.refused_positions, .error = RefusalError(outcome)});
    return;
  }
  deliveries_.Finish(tenant, delivery, false);
  failed_requests_->Add();
  (*answer)({.error = std::move(failure)});
}

void Gateway::Finish(const Appended& appended, Result<stream::Offset> result, WriteCallback& answer) {
  append_seconds_->Observe(std::chrono::duration<double>(clock_.Monotonic() - appended.started).count());
  const AdmissionOutcome& outcome = appended.outcome;
  if (!result) {
    {
      const MutexLock lock(mu_);
      admission_.Forget(appended.tenant, appended.refs);
    }
    deliveries_.Finish(appended.tenant, appended.delivery, false);
    // What the epoch says of those before it may have been in this one.
    deliveries_.NoteLost();
    failed_requests_->Add();
    answer({.error = std::move(result).error()});
    return;
  }
  deliveries_.Finish(appended.tenant, appended.delivery, true);
  samples_->Add(outcome.samples + outcome.histograms);
  answer({outcome.samples, outcome.histograms, outcome.exemplars, outcome.refused_positions,
          RefusalError(outcome)});
}

Status Gateway::Append(const TenantId& tenant, const std::vector<SeriesSample>& samples) {
  const ScratchLease scratch(*this);
  std::promise<WriteAnswer> promise;
  AdmitAndAppend(
      tenant, *scratch, std::nullopt,
      [&](Admission& admission, stream::Epoch epoch, codec::SampleBatch& batch) -> Result<AdmissionOutcome> {
        return admission.AdmitSamples(tenant, epoch, samples, batch);
      },
      [&promise](WriteAnswer answer) { promise.set_value(std::move(answer)); });
  const WriteAnswer answer = promise.get_future().get();
  if (answer.error) return std::unexpected(*answer.error);
  return {};
}

void Gateway::SetLimits(const AdmissionOptions& limits) {
  const MutexLock lock(mu_);
  admission_.SetLimits(limits);
}

void Gateway::SetGuard(guard::Guard& guard) {
  const MutexLock lock(mu_);
  admission_.SetGuard(guard);
}

Admission::TenantStatus Gateway::LimitStatus(const TenantId& tenant) const {
  const MutexLock lock(mu_);
  return admission_.StatusOf(tenant);
}

void Gateway::ReserveRefs(const TenantId& tenant, std::uint32_t next_ref) {
  const MutexLock lock(mu_);
  admission_.ReserveRefs(tenant, next_ref);
}

void Gateway::Replay(const codec::SampleBatch& batch) {
  const MutexLock lock(mu_);
  admission_.Replay(batch);
}

}  // namespace tickscope::ingest
