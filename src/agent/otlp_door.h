// OtlpDoor: what the agent does with OTLP requests that were unpacked.
//
//   metrics -> OtlpSeries -> batch -> Agent::Take        answered when every receiver's spool has it on the disk, or its queue
//   logs    -> LogPipeline::TakeOtlp                     answered when they are on the disk
//   traces  -> declined: the agent has no road for them
//
// Every request is answered once, at the latest by Close.
//
// Bound     kOtlpBytesMax of all requests that wait for an answer, unpacked; more is told to come again.
// Threads   Thread-safe; metrics are converted by one caller at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/commit_group.h"
#include "agent/otlp_metrics.h"
#include "agent/otlp_series.h"
#include "base/mutex.h"
#include "otlp/export_door.h"

namespace tickscope::agent {

inline constexpr std::size_t kOtlpBytesMax = 32U << 20;

class OtlpDoor final : public otlp::ExportDoor {
 public:
  /// Where requests go; any thread calls. Null for what the agent does not take.
  struct Roads {
    std::function<void(WriteBatchPtr, CommitGroup::Done)> metrics;
    std::function<void(std::string message, otlp::ExportCallback)> logs;
  };

  /// All outlive it; the roads' callbacks need not have run.
  OtlpDoor(std::size_t request_bytes_max, Roads roads, OtlpSeries& series, OtlpMetrics& metrics);
  ~OtlpDoor() override;
  OtlpDoor(const OtlpDoor&) = delete;
  OtlpDoor& operator=(const OtlpDoor&) = delete;

  void Export(otlp::Signal signal, const TenantId& tenant, std::string_view message,
              const std::optional<codec::Delivery>& delivery, otlp::ExportCallback done) override;
  void Refuse(otlp::Signal signal, Error error, otlp::ExportCallback done) override;
  [[nodiscard]] std::optional<std::string> Declines(otlp::Signal signal) const override;
  [[nodiscard]] std::size_t request_bytes_max(otlp::Signal) const override { return request_bytes_max_; }

  /// From now on requests are told to come again.
  void Shut();
  /// Answers all that wait. Requires: Shut.
  void Close();

 private:
  class UnderWay;
  struct State;

  [[nodiscard]] std::shared_ptr<UnderWay> Begin(otlp::Signal signal, std::size_t bytes,
                                                otlp::ExportCallback done);
  void ExportMetrics(std::string_view message, const std::shared_ptr<UnderWay>& request)
      TICKSCOPE_EXCLUDES(series_mu_);
  void Count(otlp::Signal signal, const otlp::ExportOutcome& outcome);

  const std::size_t request_bytes_max_;
  const Roads roads_;
  OtlpMetrics& metrics_;
  const std::shared_ptr<State> state_;  // Also of requests that outlive the door, answered.
  Mutex series_mu_;
  OtlpSeries& series_ TICKSCOPE_GUARDED_BY(series_mu_);
};

}  // namespace tickscope::agent
