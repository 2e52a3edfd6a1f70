#include "signals/signal_gateway.h"

#include <utility>
#include <vector>

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
  SignalCallback done;
};

SignalGateway::SignalGateway(stream::Stream& stream, const Clock& clock, MetricRegistry& metrics,
                             SignalOptions options, std::shared_ptr<const PrivacyRules> rules)
    : stream_(stream),
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

Intake SignalGateway::Begin(codec::RecordKind kind, const TenantId& tenant) {
  std::shared_ptr<const PrivacyRules> rules;
  {
    const MutexLock lock(mu_);
    rules = rules_;
  }
  return Intake(options_, std::move(rules), kind, tenant, clock_.NowMs());
}

void SignalGateway::Commit(Intake intake, std::size_t request_bytes, SignalCallback done) {
  Counters& counters = CountersOf(intake.kind());
  counters.requests->Add();
  counters.request_bytes->Add(request_bytes);
  for (std::size_t i = 0; i < kRefusals; ++i)
    counters.refused[i]->Add(intake.refused_by_reason()[i]);
  for (std::size_t i = 0; i < guard::kPiiKinds; ++i)
    counters.replaced[i]->Add(intake.replaced()[i]);
  const auto pending = std::make_shared<Pending>();
  pending->counters = &counters;
  pending->done = std::move(done);
  const std::vector<Bytes> payloads = intake.TakePayloads();
  {
    const MutexLock lock(pending->mu);
    pending->answer = {intake.accepted(), intake.refused(), intake.Explanation(), std::nullopt};
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
    // A copy: the stream keeps what it refuses.
    taken = stream_.Append(kPartition, stream_.CurrentEpoch(kPartition), payload,
                           [this, pending, size](const Result<stream::Offset>& result) {
                             Settle(*pending, result ? Status{} : std::unexpected(result.error()), size);
                           });
    if (taken) return;
    if (taken.error().code != ErrorCode::kFailedPrecondition) break;
  }
  Settle(*pending, taken, size);
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
