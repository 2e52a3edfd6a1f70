#include "model/queryable.h"

#include "base/memory_meter.h"
#include "model/column_scan.h"

namespace tickscope {

Status QueryContext::Check() const {
  if (cancelled_.load(std::memory_order_relaxed)) return Fail(ErrorCode::kCancelled, "query was canceled");
  if (clock_ != nullptr && clock_->Monotonic() > deadline_) {
    return Fail(ErrorCode::kDeadlineExceeded, "query timed out");
  }
  if (const MemoryMeter* const meter = MemoryMeter::Current(); meter != nullptr && meter->IsOver()) {
    return NeedsTooMuchMemory(meter->bytes_max());
  }
  return {};
}

Queryable::~Queryable() = default;

Result<std::unique_ptr<ColumnScan>> Queryable::Scan(const SelectRequest&, const QueryContext&) const {
  return std::unique_ptr<ColumnScan>();
}

}  // namespace tickscope
