#include "model/queryable.h"

#include "model/column_scan.h"

namespace tickscope {

Status QueryContext::Check() const {
  if (cancelled_.load(std::memory_order_relaxed)) return Fail(ErrorCode::kCancelled, "query was canceled");
  if (clock_ != nullptr && clock_->Monotonic() > deadline_) {
    return Fail(ErrorCode::kDeadlineExceeded, "query timed out");
  }
  return {};
}

Queryable::~Queryable() = default;

Result<std::unique_ptr<ColumnScan>> Queryable::Scan(const SelectRequest&, const QueryContext&) const {
  return std::unique_ptr<ColumnScan>();
}

}  // namespace tickscope
