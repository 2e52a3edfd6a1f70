// ExportService: an OTLP request of any signal, as a protobuf message, to the gateway that takes it; what is the same by
// whichever protocol it came.
//
// Bounds    Those of gateways and decoders; a request space for each thread that works at once.
// Threads   Thread-safe. Callbacks run here or on the stream's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "ingest/gateway.h"
#include "model/queryable.h"
#include "model/tenant.h"
#include "otlp/delta_sums.h"
#include "otlp/export_door.h"
#include "otlp/metrics_request.h"
#include "otlp/signal.h"
#include "otlp/stored_totals.h"
#include "otlp/translation.h"
#include "signals/signal_gateway.h"

namespace tickscope::otlp {

struct ExportOptions {
  Translation translation;
  DeltaOptions delta;
  const Clock* clock = nullptr;  ///< Never null; outlives the service.
  /// Has what was made durable, as soon as requests are taken: totals go on from there. Null for totals that begin anew with each start.
  const Queryable* storage = nullptr;
};

class ExportService final : public ExportDoor {
 public:
  /// Everything given outlives the service.
  ExportService(ingest::Gateway& metrics_gateway, signals::SignalGateway& signal_gateway, Random& random,
                MetricRegistry& metrics, ExportOptions options);
  ~ExportService() override;

  /// Of a sender who counts pushes: one that is on the stream already, all of it, is not looked at again.
  void Export(Signal signal, const TenantId& tenant, std::string_view message,
              const std::optional<codec::Delivery>& delivery, ExportCallback done) override;
  /// Counts and answers a request that is no message.
  void Refuse(Signal signal, Error error, ExportCallback done) override;

  /// Most bytes of a message.
  [[nodiscard]] std::size_t request_bytes_max(Signal signal) const override;

 private:
  void ExportMetrics(const TenantId& tenant, std::string_view message,
                     const std::optional<codec::Delivery>& delivery, ExportCallback done);
  void ExportSignals(Signal signal, const TenantId& tenant, std::string_view message,
                     const std::optional<codec::Delivery>& delivery, ExportCallback done);
  [[nodiscard]] std::unique_ptr<MetricsRequest> TakeSpace();
  void ReturnSpace(std::unique_ptr<MetricsRequest> space, std::size_t message_bytes);

  ingest::Gateway& metrics_gateway_;
  signals::SignalGateway& signal_gateway_;
  const Translation translation_;
  const std::uint64_t seed_;
  const bool takes_delta_;
  DeltaSums sums_;
  std::optional<StoredTotals> stored_;
  Counter* points_;
  std::array<Counter*, kRefusals> refused_;
  Mutex mu_;
  std::vector<std::unique_ptr<MetricsRequest>> idle_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::otlp
