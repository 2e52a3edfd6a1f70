// RetryPolicy: how long to wait before a failed request is sent again.
//
// Full jitter: uniform between zero and a bound that doubles with each failure, so that a fleet whose
// receiver comes back does not return all at once. A receiver that says Retry-After is obeyed, plus jitter on
// top.
// Source    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"

namespace tickscope::agent {

/// The longest Retry-After obeyed.
inline constexpr std::int64_t kRetryAfterMsMax = 300'000;

class RetryPolicy {
 public:
  RetryPolicy(std::int64_t min_ms, std::int64_t max_ms) : min_ms_(min_ms), max_ms_(max_ms) {}

  /// The wait after one more failure. `retry_after` is the header's value, empty for none; only whole seconds
  /// count.
  [[nodiscard]] std::int64_t NextMs(std::string_view retry_after, Random& random);
  /// Forgets failures, after a success.
  void Reset() { failures_ = 0; }

 private:
  std::int64_t min_ms_;
  std::int64_t max_ms_;
  unsigned failures_ = 0;
};

}  // namespace tickscope::agent
