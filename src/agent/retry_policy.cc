#include "agent/retry_policy.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace tickscope::agent {

std::int64_t RetryPolicy::NextMs(std::string_view retry_after, Random& random) {
  constexpr unsigned kDoublingsMax = 20;
  const std::int64_t bound = std::min(max_ms_, min_ms_ << std::min(failures_, kDoublingsMax));
  ++failures_;
  const auto jitter = static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(bound) + 1));
  std::int64_t seconds = 0;
  const char* const end = retry_after.data() + retry_after.size();
  const auto parsed = std::from_chars(retry_after.data(), end, seconds);
  if (parsed.ec != std::errc() || parsed.ptr != end || seconds < 0) return jitter;
  return std::min(seconds, kRetryAfterMsMax / 1000) * 1000 + jitter;
}

}  // namespace tickscope::agent
