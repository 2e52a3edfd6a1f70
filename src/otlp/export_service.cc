#include "otlp/export_service.h"

#include <utility>

#include "otlp/signal_request.h"

namespace tickscope::otlp {
namespace {

// A space that one large request blew up is not kept.
constexpr std::size_t kMessageBytesKept = 8U << 20;

// What the decoder left out, kept until the rest is durable.
struct Refused {
  std::uint64_t points = 0;
  std::string explanation;
};

ExportOutcome OutcomeOf(const Refused& refused, ingest::WriteAnswer answer) {
  // With nothing refused by admission an error is the stream's: nothing was written.
  if (answer.error && answer.refused == 0) return {.error = std::move(answer.error)};
  ExportOutcome outcome{.refused = refused.points + answer.refused};
  outcome.is_duplicate = answer.is_duplicate;
  outcome.message = refused.explanation;
  if (answer.error) {
    if (!outcome.message.empty()) outcome.message += "; ";
    outcome.message += answer.error->message;
  }
  return outcome;
}

codec::RecordKind KindOf(Signal signal) {
  return signal == Signal::kLogs ? codec::RecordKind::kLogs : codec::RecordKind::kSpans;
}

signals::SignalCallback ToSignalCallback(ExportCallback done) {
  return [done = std::move(done)](signals::SignalAnswer answer) mutable {
    done({answer.refused, std::move(answer.message), std::move(answer.error), answer.is_duplicate});
  };
}

}  // namespace

ExportService::ExportService(ingest::Gateway& metrics_gateway, signals::SignalGateway& signal_gateway,
                             Random& random, MetricRegistry& metrics, ExportOptions options)
    : metrics_gateway_(metrics_gateway),
      signal_gateway_(signal_gateway),
      translation_(std::move(options.translation)),
      seed_(random.Next()),
      takes_delta_(options.delta.series_max > 0),
      sums_(*options.clock, options.delta),
      points_(metrics.AddCounter("tickscope_otlp_data_points_total", "Data points of requests that decoded.",
                                 {})) {
  for (std::size_t i = 0; i < kRefusals; ++i) {
    refused_[i] = metrics.AddCounter("tickscope_otlp_refused_data_points_total",
                                     "Data points that are no samples, by reason.",
                                     {{"reason", std::string(RefusalName(static_cast<Refusal>(i)))}});
  }
  if (options.storage != nullptr)
    stored_.emplace(*options.storage, *options.clock, options.delta.idle_ms, metrics);
  metrics.AddCallbackGauge("tickscope_otlp_delta_series", "Series whose delta data points are added up.", {},
                           [this] { return static_cast<double>(sums_.size()); });
}

ExportService::~ExportService() = default;

std::unique_ptr<MetricsRequest> ExportService::TakeSpace() {
  const MutexLock lock(mu_);
  if (idle_.empty()) return std::make_unique<MetricsRequest>(translation_, seed_);
  std::unique_ptr<MetricsRequest> space = std::move(idle_.back());
  idle_.pop_back();
  return space;
}

void ExportService::ReturnSpace(std::unique_ptr<MetricsRequest> space, std::size_t message_bytes) {
  if (message_bytes > kMessageBytesKept) return;
  const MutexLock lock(mu_);
  idle_.push_back(std::move(space));
}

std::size_t ExportService::request_bytes_max(Signal signal) const {
  return signal == Signal::kMetrics ? metrics_gateway_.request_bytes_max()
                                    : signal_gateway_.options().request_bytes_max;
}

void ExportService::Export(Signal signal, const TenantId& tenant, std::string_view message,
                           const std::optional<codec::Delivery>& delivery, ExportCallback done) {
  if (signal == Signal::kMetrics) {
    ExportMetrics(tenant, message, delivery, std::move(done));
  } else {
    ExportSignals(signal, tenant, message, delivery, std::move(done));
  }
}

void ExportService::Refuse(Signal signal, Error error, ExportCallback done) {
  if (signal != Signal::kMetrics)
    return signal_gateway_.Refuse(KindOf(signal), std::move(error), ToSignalCallback(std::move(done)));
  metrics_gateway_.Refuse(std::move(error), [done = std::move(done)](ingest::WriteAnswer answer) mutable {
    done({.error = std::move(answer.error)});
  });
}

void ExportService::ExportMetrics(const TenantId& tenant, std::string_view message,
                                  const std::optional<codec::Delivery>& delivery, ExportCallback done) {
  // Before anything of it is added up.
  if (delivery) {
    if (std::optional<ingest::WriteAnswer> answer = metrics_gateway_.BeginPush(tenant, *delivery))
      return done(OutcomeOf({}, *std::move(answer)));
  }
  std::unique_ptr<MetricsRequest> request = TakeSpace();
  request->AddDeltasTo(takes_delta_ ? &sums_ : nullptr, stored_ ? &*stored_ : nullptr, tenant);
  if (const Status decoded = request->Decode(message); !decoded) {
    if (delivery) metrics_gateway_.EndPush(tenant, *delivery);
    Refuse(Signal::kMetrics, decoded.error(), std::move(done));
  } else {
    points_->Add(request->point_count());
    Refused refused{request->refused_total(), request->Explanation()};
    for (std::size_t i = 0; i < kRefusals; ++i)
      refused_[i]->Add(request->refused()[i]);
    // One that is refused in part is not kept in mind, so that who asks again hears it again.
    const bool is_whole = refused.points == 0;
    if (delivery && !is_whole) metrics_gateway_.EndPush(tenant, *delivery);
    metrics_gateway_.Write(
        tenant, *request, is_whole ? delivery : std::nullopt,
        [refused = std::move(refused), done = std::move(done)](ingest::WriteAnswer answer) mutable {
          done(OutcomeOf(refused, std::move(answer)));
        });
  }
  ReturnSpace(std::move(request), message.size());
}

void ExportService::ExportSignals(Signal signal, const TenantId& tenant, std::string_view message,
                                  const std::optional<codec::Delivery>& delivery, ExportCallback done) {
  const codec::RecordKind kind = KindOf(signal);
  signals::SignalCallback answer = ToSignalCallback(std::move(done));
  if (auto known = signal_gateway_.BeginPush(kind, tenant, delivery)) return answer(*std::move(known));
  signals::Intake intake = signal_gateway_.Begin(kind, tenant, delivery);
  Status decoded = signal_gateway_.Admit(kind, tenant, message.size());
  if (decoded) decoded = DecodeSignals(message, intake);
  if (!decoded) {
    signal_gateway_.EndPush(tenant, delivery);
    return signal_gateway_.Refuse(kind, std::move(decoded).error(), std::move(answer));
  }
  signal_gateway_.Commit(std::move(intake), message.size(), delivery, std::move(answer));
}

}  // namespace tickscope::otlp
