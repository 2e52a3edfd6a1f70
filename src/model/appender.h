// Appender: the write side of storage, for parts that make samples themselves (freshness probe, rules).
#pragma once

#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "model/sample.h"
#include "model/tenant.h"

namespace tickscope {

/// One float sample with its series.
struct SeriesSample {
  Labels labels;
  FloatSample sample;
};

/// Thread-safe.
class Appender {
 public:
  virtual ~Appender() = default;
  /// Returns when the samples are durable; they are visible to queries shortly after.
  /// Errors: kInvalidArgument when a sample is refused (the others are written); kUnavailable when the stream
  /// is not.
  [[nodiscard]] virtual Status Append(const TenantId& tenant, const std::vector<SeriesSample>& samples) = 0;
};

}  // namespace tickscope
