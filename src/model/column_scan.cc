#include "model/column_scan.h"

namespace tickscope {

std::size_t CounterSteps::row_count() const {
  std::size_t rows = 0;
  for (const StepStretch& stretch : stretches)
    rows += stretch.times_ms.size();
  return rows;
}

bool CounterSteps::IsInOrder() const {
  for (std::size_t i = 1; i < stretches.size(); ++i) {
    if (stretches[i].times_ms.front() <= stretches[i - 1].times_ms.back() || !(RiseInto(i) < 0x1p32))
      return false;
  }
  return true;
}

Result<bool> ColumnReader::AppendSteps(std::uint32_t, CounterSteps&) {
  return false;
}

Result<bool> ColumnReader::AppendParts(std::uint32_t, std::span<const TimeMs>, SampleParts&) {
  return false;
}

}  // namespace tickscope
