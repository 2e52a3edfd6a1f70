#include "model/column_scan.h"

namespace tickscope {

void CounterSteps::Clear() {
  times_ms.clear();
  steps.clear();
  anchors.clear();
  last = 0;
  grown = 0;
}

bool CounterSteps::BeginStretch(TimeMs time_ms, double value) {
  double step = 0;
  if (!times_ms.empty()) {
    if (time_ms <= times_ms.back()) return false;
    step = value >= last ? value - last : value;
  }
  if (!(value >= 0) || !(step < 0x1p32)) return false;
  grown += step;
  anchors.push_back({static_cast<std::uint32_t>(times_ms.size()), value, grown});
  times_ms.push_back(time_ms);
  steps.push_back(static_cast<std::uint32_t>(step));
  last = value;
  return true;
}

Result<bool> ColumnReader::AppendSteps(std::uint32_t, CounterSteps&) {
  return false;
}

}  // namespace tickscope
