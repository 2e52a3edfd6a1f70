#include "model/queryable.h"

namespace tickscope {

Status QueryContext::Check() const {
  if (cancelled_.load(std::memory_order_relaxed)) return Fail(ErrorCode::kCancelled, "query was canceled");
  if (clock_ != nullptr && clock_->Monotonic() > deadline_) {
    return Fail(ErrorCode::kDeadlineExceeded, "query timed out");
  }
  return {};
}

}  // namespace tickscope
