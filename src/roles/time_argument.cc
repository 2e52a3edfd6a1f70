#include "roles/time_argument.h"

#include "api/time_text.h"
#include "base/duration.h"

namespace tickscope::roles {

Result<TimeMs> ParseTimeArgument(std::string_view text, TimeMs now_ms) {
  constexpr std::string_view kNow = "now";
  if (!text.starts_with(kNow)) return api::ParseTime(text);
  text.remove_prefix(kNow.size());
  if (text.empty()) return now_ms;
  const char sign = text.front();
  if (sign != '-' && sign != '+') {
    return Fail(ErrorCode::kInvalidArgument, "bad time: after \"now\" comes + or - and a duration");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t distance_ms, ParseDurationMs(text.substr(1)));
  return sign == '-' ? now_ms - distance_ms : now_ms + distance_ms;
}

}  // namespace tickscope::roles
