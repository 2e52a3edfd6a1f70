#include "signals/signal_gateway.h"

#include <utility>
#include <vector>

#include "codec/signal_batch.h"

namespace tickscope::signals {
namespace {

constexpr stream::PartitionId kPartition{0};

// A new epoch may begin between looking and appending; more than a few in a row means the stream is in trouble.
constexpr int kEpochTries = 8;

}  // namespace

// A request whose payloads are on their way.
struct SignalGateway::Pending {
  Mutex mu;
  std::size_t left TICKSCOPE_GUARDED_BY(mu) =
      1;  // The request itself is one, so that it is not done before all are appended.
  SignalAnswer answer TICKSCOPE_GUARDED_BY(mu);
  Counters* counters = nullptr;
  TenantId tenant;
  ingest::MaybeDelivery delivery;
  // Whether the one record of the push has its number.
  bool is_numbered = false;
  SignalCallback done;
};

SignalGateway::SignalGateway(stream::Stream& stream, ingest::Deliveries& deliveries, const Clock& clock,
                             MetricRegistry& metrics, SignalOptions options,
                             std::shared_ptr<const PrivacyRules> rules)
    : stream_(stream),
      deliveries_(deliveries),
      clock_(clock),
      options_(options),
      logs_(MakeCounters(metrics, codec::RecordKind::kLogs)),
      spans_(MakeCounters(metrics, codec::RecordKind::kSpans)),
      rules_(std::move(rules)) {}

SignalGateway::Counters SignalGateway::MakeCounters(MetricRegistry& metrics, codec::RecordKind kind) {
  const std::string kind_name{codec::RecordKindName(kind)};
  const auto add = [&](const char* name, const char* help) {
    return metrics.AddCounter(name, help, {{"signal", kind_name}});
  };
  Counters counters;
  counters.requests = add("tickscope_signal_requests_total", "Requests with logs or spans answered.");
  counters.failed_requests =
      add("tickscope_signal_failed_requests_total", "Requests of which nothing is promised.");
  counters.duplicates = add("tickscope_signal_duplicate_pushes_total",
                            "Pushes that were on the stream already, and were not written again.");
  counters.rate_limited = add("tickscope_signal_rate_limited_requests_total",
                              "Requests refused because their tenant sends too much.");
  counters.records = add("tickscope_signal_records_total", "Logs or spans made durable.");
  counters.request_bytes = add("tickscope_signal_request_bytes_total", "Bytes of requests, decompressed.");
  counters.stream_bytes = add("tickscope_signal_stream_bytes_total", "Bytes made durable in the stream.");
  for (std::size_t i = 0; i < kRefusals; ++i) {
    counters.refused[i] = metrics.AddCounter(
        "tickscope_signal_refused_records_total", "Logs or spans that were not taken, by reason.",
        {{"signal", kind_name}, {"reason", std::string(RefusalName(static_cast<Refusal>(i)))}});
  }
  for (std::size_t i = 0; i < guard::kPiiKinds; ++i) {
    counters.replaced[i] = metrics.AddCounter(
        "tickscope_signal_private_values_total", "Private values replaced in logs or spans, by kind.",
        {{"signal", kind_name}, {"kind", std::string(guard::PiiKindName(static_cast<guard::PiiKind>(i)))}});
  }
  return counters;
}

void SignalGateway::SetRules(std::shared_ptr<const PrivacyRules> rules) {
  const MutexLock lock(mu_);
  rules_ = std::move(rules);
}

void SignalGateway::SetRates(ingest::TenantRateLimits rates) {
  const MutexLock lock(mu_);
  rate_limits_ = std::move(rates);
}

Status SignalGateway::Admit(codec::RecordKind kind, const TenantId& tenant, std::size_t request_bytes) {
  const bool is_logs = kind == codec::RecordKind::kLogs;
  const MutexLock lock(mu_);
  const ingest::RateLimits& limits = rate_limits_.Of(tenant);
  const ingest::RateLimits own{
      .bytes_per_second = is_logs ? limits.log_bytes_per_second : limits.trace_bytes_per_second,
      .burst_seconds = limits.burst_seconds};
  Status taken = (is_logs ? log_rates_ : span_rates_).Take(tenant, own, 0, request_bytes, clock_.Monotonic());
  if (!taken) CountersOf(kind).rate_limited->Add();
  return taken;
}

std::optional<SignalAnswer> SignalGateway::BeginPush(codec::RecordKind kind, const TenantId& tenant,
                                                     const ingest::MaybeDelivery& delivery) {
  if (!delivery) return std::nullopt;
  const ingest::Deliveries::Verdict verdict = deliveries_.Begin(tenant, *delivery);
  if (verdict == ingest::Deliveries::Verdict::kNew) return std::nullopt;
  Counters& counters = CountersOf(kind);
  counters.requests->Add();
  SignalAnswer answer;
  if (verdict == ingest::Deliveries::Verdict::kDone) {
    counters.duplicates->Add();
    answer.is_duplicate = true;
  } else {
    counters.failed_requests->Add();
    answer.error = Error{ErrorCode::kUnavailable, "this push is being written: ask again"};
  }
  return answer;
}

Intake SignalGateway::Begin(codec::RecordKind kind, const TenantId& tenant,
                            const ingest::MaybeDelivery& delivery) {
  std::shared_ptr<const PrivacyRules> rules;
  {
    const MutexLock lock(mu_);
    rules = rules_;
  }
  Intake intake(options_, std::move(rules), kind, tenant, clock_.NowMs());
  if (delivery) intake.KeepWhole();
  return intake;
}

void SignalGateway::Commit(Intake intake, std::size_t request_bytes, const ingest::MaybeDelivery& delivery,
                           SignalCallback done) {
  Counters& counters = CountersOf(intake.kind());
  counters.requests->Add();
  counters.request_bytes->Add(request_bytes);
  for (std::size_t i = 0; i < kRefusals; ++i)
    counters.refused[i]->Add(intake.refused_by_reason()[i]);
  for (std::size_t i = 0; i < guard::kPiiKinds; ++i)
    counters.replaced[i]->Add(intake.replaced()[i]);
  guard_notes_.Add(intake.tenant(), intake.kind(), delivery ? std::string_view(delivery->sender) : "",
                   clock_.NowMs(), intake.guard_notes());
  const auto pending = std::make_shared<Pending>();
  pending->counters = &counters;
  pending->tenant = intake.tenant();
  pending->delivery = delivery;
  pending->done = std::move(done);
  const std::vector<Bytes> payloads = intake.TakePayloads();
  // One that is too large for one record can be there in part, so its number says nothing.
  pending->is_numbered = delivery && payloads.size() == 1;
  {
    const MutexLock lock(pending->mu);
    pending->answer = {.accepted = intake.accepted(),
                       .refused = intake.refused(),
                       .message = intake.Explanation(),
                       .error = std::nullopt};
    pending->left += payloads.size();
  }
  for (const Bytes& payload : payloads)
    Append(payload, pending);
  Settle(*pending, {}, 0);
}

void SignalGateway::Append(const Bytes& payload, const std::shared_ptr<Pending>& pending) {
  const std::size_t size = payload.size();
  Status taken;
  for (int tries = 0; tries < kEpochTries; ++tries) {
    const stream::Epoch epoch = stream_.CurrentEpoch(kPartition);
    taken = stream_.Append(kPartition, epoch, Marked(payload, *pending, epoch),
                           [this, pending, size](const Result<stream::Offset>& result) {
                             if (!result) deliveries_.NoteLost();
                             Settle(*pending, result ? Status{} : std::unexpected(result.error()), size);
                           });
    if (taken) return;
    deliveries_.NoteLost();
    if (taken.error().code != ErrorCode::kFailedPrecondition) break;
  }
  Settle(*pending, taken, size);
}

Bytes SignalGateway::Marked(const Bytes& payload, const Pending& pending, stream::Epoch epoch) {
  Bytes marked;
  codec::AddDeliveries(payload,
                       {.tenant = pending.tenant,
                        .delivery = pending.is_numbered ? pending.delivery : std::nullopt,
                        .delivered = deliveries_.TakeOwed(epoch)},
                       marked);
  return marked;
}

void SignalGateway::Settle(Pending& pending, const Status& status, std::size_t payload_bytes) {
  SignalAnswer answer;
  {
    const MutexLock lock(pending.mu);
    if (status) {
      pending.counters->stream_bytes->Add(payload_bytes);
    } else if (!pending.answer.error) {
      pending.answer.error = status.error();
    }
    if (--pending.left > 0) return;
    answer = std::move(pending.answer);
  }
  deliveries_.Finish(pending.tenant, pending.delivery, pending.is_numbered && !answer.error);
  if (answer.error) {
    pending.counters->failed_requests->Add();
    // Also an epoch that never held still is a matter of trying again.
    if (answer.error->code == ErrorCode::kFailedPrecondition) answer.error->code = ErrorCode::kUnavailable;
  } else {
    pending.counters->records->Add(answer.accepted);
  }
  pending.done(std::move(answer));
}

void SignalGateway::Refuse(codec::RecordKind kind, Error error, SignalCallback done) {
  Counters& counters = CountersOf(kind);
  counters.requests->Add();
  counters.failed_requests->Add();
  done({.error = std::move(error)});
}

}  // namespace tickscope::signals
