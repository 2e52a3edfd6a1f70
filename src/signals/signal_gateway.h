// SignalGateway: takes the logs and spans of requests, puts what is acceptable on the stream, answers when it is durable.
//
//   Intake intake = gateway.Begin(RecordKind::kLogs, tenant);
//   ... decode into it ...
//   gateway.Commit(std::move(intake), bytes, std::nullopt, [](SignalAnswer answer) { ... });
//
// A push that its sender numbered is asked about first (BeginPush), and its number goes into the record with its lines: one append makes both durable.
//
// Promises    An answer without an error means durable. A refused record costs only itself.
//             A push with a number is there once, whatever happens to answers and processes, unless it is larger than Intake::kWholeBytes.
//             Another request that fails half-way is answered with the error, and its sender sends all of it again: records are there once or more.
// Bounds      SignalOptions; what waits for the disk is the stream's bound.
// Threads     Thread-safe. Callbacks run on the stream's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "codec/record_kind.h"
#include "ingest/deliveries.h"
#include "ingest/tenant_rates.h"
#include "model/tenant.h"
#include "signals/guard_notes.h"
#include "signals/intake.h"
#include "signals/privacy_rules.h"
#include "signals/refusal.h"
#include "signals/signal_options.h"
#include "stream/stream.h"

namespace tickscope::signals {

/// What a sender is told. With an error nothing is promised; else all but `refused` records are durable.
struct SignalAnswer {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::string message;  ///< Why some were refused; empty when none was.
  std::optional<Error> error;
  bool is_duplicate = false;  ///< This push was written before.
};

using SignalCallback = std::move_only_function<void(SignalAnswer)>;

class SignalGateway {
 public:
  /// Everything given outlives the gateway, and the stream is closed before the gateway is destroyed.
  SignalGateway(stream::Stream& stream, ingest::Deliveries& deliveries, const Clock& clock,
                MetricRegistry& metrics, SignalOptions options, std::shared_ptr<const PrivacyRules> rules);

  /// Takes over other rules for requests from now on.
  void SetRules(std::shared_ptr<const PrivacyRules> rules) TICKSCOPE_EXCLUDES(mu_);

  /// Takes over other rates for requests from now on; until the first call there are none.
  void SetRates(ingest::TenantRateLimits rates) TICKSCOPE_EXCLUDES(mu_);
  /// Before a request is decoded: whether its tenant may send so many bytes, decompressed, now. Errors: kRateLimited, counted.
  [[nodiscard]] Status Admit(codec::RecordKind kind, const TenantId& tenant, std::size_t request_bytes)
      TICKSCOPE_EXCLUDES(mu_);

  /// Whether a push is to be written: nothing, and then it ends with Commit or EndPush. Else what to answer: that it was written before, or
  /// kUnavailable while it is being written. Nothing for a sender who does not count.
  [[nodiscard]] std::optional<SignalAnswer> BeginPush(codec::RecordKind kind, const TenantId& tenant,
                                                      const ingest::MaybeDelivery& delivery);
  /// Ends a push of which nothing is written.
  void EndPush(const TenantId& tenant, const ingest::MaybeDelivery& delivery) {
    deliveries_.Finish(tenant, delivery, false);
  }

  /// Requires: kLogs or kSpans. The intake does not outlive the gateway.
  [[nodiscard]] Intake Begin(codec::RecordKind kind, const TenantId& tenant,
                             const ingest::MaybeDelivery& delivery = std::nullopt) TICKSCOPE_EXCLUDES(mu_);
  /// Makes what the intake took durable. `request_bytes` is the request's size, decompressed; `delivery` what BeginPush let in. `done` runs once,
  /// here or on the stream's thread.
  void Commit(Intake intake, std::size_t request_bytes, const ingest::MaybeDelivery& delivery,
              SignalCallback done);
  /// Counts and answers a request that does not decode.
  void Refuse(codec::RecordKind kind, Error error, SignalCallback done);

  /// What was replaced and refused for privacy lately.
  [[nodiscard]] const GuardNotes& guard_notes() const { return guard_notes_; }

  [[nodiscard]] const SignalOptions& options() const { return options_; }

 private:
  struct Counters {
    Counter* requests = nullptr;
    Counter* failed_requests = nullptr;
    Counter* duplicates = nullptr;
    Counter* rate_limited = nullptr;
    Counter* records = nullptr;
    Counter* request_bytes = nullptr;
    Counter* stream_bytes = nullptr;
    std::array<Counter*, kRefusals> refused{};
    std::array<Counter*, guard::kPiiKinds> replaced{};
  };
  struct Pending;

  [[nodiscard]] Counters& CountersOf(codec::RecordKind kind) {
    return kind == codec::RecordKind::kLogs ? logs_ : spans_;
  }
  [[nodiscard]] static Counters MakeCounters(MetricRegistry& metrics, codec::RecordKind kind);
  void Append(const Bytes& payload, const std::shared_ptr<Pending>& pending);
  // The payload with which push it is, and what the epoch is owed.
  [[nodiscard]] Bytes Marked(const Bytes& payload, const Pending& pending, stream::Epoch epoch);
  // One payload of the request, or the request itself, is done with.
  void Settle(Pending& pending, const Status& status, std::size_t payload_bytes);

  stream::Stream& stream_;
  ingest::Deliveries& deliveries_;
  const Clock& clock_;
  const SignalOptions options_;
  GuardNotes guard_notes_;
  Counters logs_;
  Counters spans_;
  Mutex mu_;
  std::shared_ptr<const PrivacyRules> rules_ TICKSCOPE_GUARDED_BY(mu_);
  ingest::TenantRateLimits rate_limits_ TICKSCOPE_GUARDED_BY(mu_);
  ingest::TenantRates log_rates_ TICKSCOPE_GUARDED_BY(mu_){"log_bytes_per_second"};
  ingest::TenantRates span_rates_ TICKSCOPE_GUARDED_BY(mu_){"trace_bytes_per_second"};
};

}  // namespace tickscope::signals
