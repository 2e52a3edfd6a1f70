// StoredSample: one sample as the store has it, for comparing.
#pragma once

#include "model/histogram.h"

namespace tickscope::tsdb {

struct StoredSample {
  double value = 0;
  HistogramPtr histogram;  ///< Null for a float.
};

}  // namespace tickscope::tsdb
