#include "ingest/gateway.h"

#include <fmt/format.h>

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
      append_seconds_(metrics.AddHistogram("tickscope_ingest_append_seconds",
                                           "Time from a request's decoding to its durability.", {},
                                           kLatencyBucketsSeconds)),
      admission_(clock, metrics, options.admission, seed_) {}

Gateway::~Gateway() = default;

void Gateway::Write(const TenantId& tenant, wire::RemoteWriteProtocol protocol, std::string_view body,
                    WriteCallback done) {
  const ScratchLease scratch(*this);
  Status decoded = Unpack(body, options_.request_bytes_max, scratch->message);
  if (decoded) decoded = scratch->request.Decode(protocol, scratch->message);
  if (!decoded) {
    Refuse(std::move(decoded).error(), std::move(done));
    return;
  }
  AdmitAndAppend(tenant, *scratch, scratch->request, std::move(done));
}

void Gateway::Write(const TenantId& tenant, const wire::ReceivedRequest& request, WriteCallback done) {
  const ScratchLease scratch(*this);
  AdmitAndAppend(tenant, *scratch, request, std::move(done));
}

void Gateway::Refuse(Error error, WriteCallback done) {
  requests_->Add();
  failed_requests_->Add();
  done({.error = std::move(error)});
}

void Gateway::AdmitAndAppend(const TenantId& tenant, Scratch& scratch, const wire::ReceivedRequest& request,
                             WriteCallback done) {
  AdmitAndAppend(
      tenant, scratch,
      [&](Admission& admission, stream::Epoch epoch, codec::SampleBatch& batch) {
        return admission.Admit(tenant, epoch, request, batch);
      },
      std::move(done));
}

void Gateway::AdmitAndAppend(const TenantId& tenant, Scratch& scratch, const Admit& admit,
                             WriteCallback done) {
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
        Bytes payload;
        payload.reserve(batch.floats.size() * 2 + 256);
        encoder_.Encode(batch, epoch, payload);
        const Status taken =
            stream_.Append(kPartition, epoch, std::move(payload),
                           [this, tenant, started, answer, outcome,
                            refs = batch.floats.refs](Result<stream::Offset> result) {
                             Finish(tenant, refs, outcome, started, std::move(result), *answer);
                           });
        if (taken) return;
        admission_.Revert(batch);
        encoder_.Forget(batch);
        failure = taken.error();
        if (failure.code == ErrorCode::kFailedPrecondition) continue;
        break;
      }
    }
    (*answer)({.refused = outcome.refused_positions, .error = RefusalError(outcome)});
    return;
  }
  failed_requests_->Add();
  (*answer)({.error = std::move(failure)});
}

void Gateway::Finish(const TenantId& tenant, const std::vector<SeriesRef>& refs,
                     const AdmissionOutcome& outcome, std::chrono::nanoseconds started,
                     Result<stream::Offset> result, WriteCallback& answer) {
  append_seconds_->Observe(std::chrono::duration<double>(clock_.Monotonic() - started).count());
  if (!result) {
    {
      const MutexLock lock(mu_);
      admission_.Forget(tenant, refs);
    }
    failed_requests_->Add();
    answer({.error = std::move(result).error()});
    return;
  }
  samples_->Add(outcome.samples + outcome.histograms);
  answer({outcome.samples, outcome.histograms, outcome.exemplars, outcome.refused_positions,
          RefusalError(outcome)});
}

Status Gateway::Append(const TenantId& tenant, const std::vector<SeriesSample>& samples) {
  const ScratchLease scratch(*this);
  std::promise<WriteAnswer> promise;
  AdmitAndAppend(
      tenant, *scratch,
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
