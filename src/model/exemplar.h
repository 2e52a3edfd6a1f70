// Exemplar: an example observation attached to a sample, usually with a trace id.
#pragma once

#include <vector>

#include "base/clock.h"
#include "model/labels.h"

namespace tickscope {

/// `time_ms` 0 means the exemplar has no time of its own.
struct Exemplar {
  Labels labels;
  double value = 0;
  TimeMs time_ms = 0;
  friend bool operator==(const Exemplar&, const Exemplar&) = default;
};

/// A series' exemplars, by time.
struct SeriesExemplars {
  Labels series;
  std::vector<Exemplar> exemplars;
};

}  // namespace tickscope
