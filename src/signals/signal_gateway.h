// SignalGateway: takes the logs and spans of requests, puts what is acceptable on the stream, answers when it is durable.
//
//   Intake intake = gateway.Begin(RecordKind::kLogs, tenant);
//   ... decode into it ...
//   gateway.Commit(std::move(intake), bytes, [](SignalAnswer answer) { ... });
//
// Promises    An answer without an error means durable. A refused record costs only itself. A request that fails half-way
//             is answered with the error, and its sender sends all of it again: records are there once or more.
// Bounds      SignalOptions; what waits for the disk is the stream's bound.
// Threads     Thread-safe. Callbacks run on the stream's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "codec/record_kind.h"
#include "model/tenant.h"
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
};

using SignalCallback = std::move_only_function<void(SignalAnswer)>;

class SignalGateway {
 public:
  /// Everything given outlives the gateway, and the stream is closed before the gateway is destroyed.
  SignalGateway(stream::Stream& stream, const Clock& clock, MetricRegistry& metrics, SignalOptions options,
                std::shared_ptr<const PrivacyRules> rules);

  /// Takes over other rules for requests from now on.
  void SetRules(std::shared_ptr<const PrivacyRules> rules) TICKSCOPE_EXCLUDES(mu_);

  /// Requires: kLogs or kSpans. The intake does not outlive the gateway.
  [[nodiscard]] Intake Begin(codec::RecordKind kind, const TenantId& tenant) TICKSCOPE_EXCLUDES(mu_);
  /// Makes what the intake took durable. `request_bytes` is the request's size, decompressed. `done` runs once, here or on
  /// the stream's thread.
  void Commit(Intake intake, std::size_t request_bytes, SignalCallback done);
  /// Counts and answers a request that does not decode.
  void Refuse(codec::RecordKind kind, Error error, SignalCallback done);

  [[nodiscard]] const SignalOptions& options() const { return options_; }

 private:
  struct Counters {
    Counter* requests = nullptr;
    Counter* failed_requests = nullptr;
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
  // One payload of the request, or the request itself, is done with.
  void Settle(Pending& pending, const Status& status, std::size_t payload_bytes);

  stream::Stream& stream_;
  const Clock& clock_;
  const SignalOptions options_;
  Counters logs_;
  Counters spans_;
  Mutex mu_;
  std::shared_ptr<const PrivacyRules> rules_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::signals
