#include "api/time_text.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>

#include "api/error_text.h"
#include "base/duration.h"

namespace tickscope::api {
namespace {

// Reads a finite number that spans all of `text`; Go's leading plus sign included.
std::optional<double> ReadNumber(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes exactly `digits` decimal digits off the front of `text`.
std::optional<int> TakeDigits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z" or "+hh:mm" as minutes east of UTC; must end the text.
std::optional<int> TakeUtcOffset(std::string_view text) {
  if (text == "Z") return 0;
  const bool west = text.starts_with('-');
  if (!TakeChar(text, "+-")) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  if (!hours || *hours > 23 || !TakeChar(text, ":")) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
  const int east = *hours * 60 + *minutes;
  return west ? -east : east;
}

std::optional<TimeMs> ReadRfc3339(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeChar(text, "-")) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeChar(text, "-")) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || !TakeChar(text, "T")) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  if (!hour || *hour > 23 || !TakeChar(text, ":")) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || *minute > 59 || !TakeChar(text, ":")) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second || *second > 59) return std::nullopt;

  std::int64_t ms = 0;
  if (TakeChar(text, ".,")) {
    std::int64_t scale = 100;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits) {
      ms += (text.front() - '0') * scale;
      scale /= 10;
      text.remove_prefix(1);
    }
    if (digits == 0) return std::nullopt;
  }
  const auto offset = TakeUtcOffset(text);
  if (!offset) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t minutes = (days * 24 + *hour) * 60 + *minute - *offset;
  return (minutes * 60 + *second) * 1000 + ms;
}

}  // namespace

Result<TimeMs> ParseTime(std::string_view text) {
  if (text == kEarliestTimeText) return kEarliestTimeMs;
  if (text == kLatestTimeText) return kLatestTimeMs;
  if (const auto seconds = ReadNumber(text)) {
    // Rounded at the millisecond as the reference does, whose comparison is also false for NaN.
    const double time_ms = std::round(*seconds * 1000);
    if (time_ms >= static_cast<double>(kEarliestTimeMs) && time_ms <= static_cast<double>(kLatestTimeMs)) {
      return static_cast<TimeMs>(time_ms);
    }
  } else if (const auto time_ms = ReadRfc3339(text)) {
    return *time_ms;
  }
  return Fail(ErrorCode::kInvalidArgument, fmt::format("cannot parse {} to a valid timestamp", Quoted(text)));
}

Result<std::int64_t> ParseDuration(std::string_view text) {
  if (const auto seconds = ReadNumber(text)) {
    // 2^63 nanoseconds, the reference's bound; false for NaN too.
    constexpr double kSecondsMax = 9'223'372'036.0;
    if (std::abs(*seconds) <= kSecondsMax) return static_cast<std::int64_t>(*seconds * 1000);
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("cannot parse {} to a valid duration. It overflows int64", Quoted(text)));
  }
  if (const auto duration_ms = ParseDurationMs(text)) return *duration_ms;
  return Fail(ErrorCode::kInvalidArgument, fmt::format("cannot parse {} to a valid duration", Quoted(text)));
}

}  // namespace tickscope::api
