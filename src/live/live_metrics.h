// What the live tail says about itself on /metrics.
#pragma once

#include <array>
#include <cstdint>

#include "base/metrics.h"

namespace tickscope::live {

enum class SnapshotReason : std::uint8_t {
  kNew,     ///< The first.
  kTooOld,  ///< A client came back and what it missed is not kept any more.
  kBehind,  ///< A client did not read what it was sent.
  kAnew,    ///< The window was evaluated anew.
};

enum class EndReason : std::uint8_t { kLeft, kSlow, kStopped };
enum class RefusalReason : std::uint8_t { kRequest, kConnections, kTopics, kStopping };
enum class EvaluationResult : std::uint8_t { kOk, kError, kCancelled };

struct LiveMetrics {
  explicit LiveMetrics(MetricRegistry& registry);

  Gauge* connections;
  Gauge* subscriptions;
  Gauge* topics;
  Gauge* points;
  Gauge* behind;
  std::array<Counter*, 3> evaluations;  ///< By EvaluationResult.
  HistogramMetric* evaluation_seconds;
  HistogramMetric* lag_seconds;
  Counter* steps;
  Counter* snapshot_events;
  Counter* point_events;
  Counter* failure_events;
  Counter* event_bytes;
  Counter* corrections;
  std::array<Counter*, 4> snapshots;  ///< By SnapshotReason.
  Counter* snapshots_made;
  Counter* resumes;
  std::array<Counter*, 3> ended;    ///< By EndReason.
  std::array<Counter*, 4> refused;  ///< By RefusalReason.
};

}  // namespace tickscope::live
