#include "model/series_limit.h"

#include <string>

namespace tickscope {

Status CheckSeriesCount(std::uint64_t matching, std::uint64_t max) {
  if (matching <= max) return {};
  std::string message = "query matches too many series: got ";
  message.append(std::to_string(matching)).append(", want at most ").append(std::to_string(max));
  return Fail(ErrorCode::kResourceExhausted, std::move(message));
}

}  // namespace tickscope
