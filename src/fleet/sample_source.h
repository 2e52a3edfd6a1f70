// SampleSource: reads raw samples of a fleet's series back, as `fleet verify` needs them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apiclient/prometheus_client.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/labels.h"
#include "model/sample.h"

namespace tickscope::fleet {

/// One series as it was answered; the same series may come twice, and so may a sample.
struct FetchedSeries {
  Labels labels;
  std::vector<FloatSample> samples;
};

/// Not thread-safe.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  /// Every sample in (after, until] of every series whose server label is one of `servers`.
  /// Errors: as apiclient::PrometheusClient; kCorruption when the answer is not a matrix of floats.
  [[nodiscard]] virtual Result<std::vector<FetchedSeries>> Read(std::span<const std::string> servers,
                                                                TimeMs after_ms, TimeMs until_ms) = 0;
};

/// Reads through the Prometheus HTTP API: an instant query of a range selector gives samples as they are stored,
/// which a range query, with its steps and lookback, does not.
[[nodiscard]] std::unique_ptr<SampleSource> MakeApiSampleSource(apiclient::PrometheusClient client);

}  // namespace tickscope::fleet
