// Exemplar: an example observation attached to a sample, usually with a trace id.
#pragma once

#include "base/clock.h"
#include "model/labels.h"

namespace tickscope {

/// `time_ms` 0 means the exemplar has no time of its own.
struct Exemplar {
  Labels labels;
  double value = 0;
  TimeMs time_ms = 0;
};

}  // namespace tickscope
