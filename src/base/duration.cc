#include "base/duration.h"

#include <algorithm>
#include <array>
#include <limits>

namespace tickscope {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};

constexpr std::array<Unit, 7> kUnits = {{{"y", 365LL * 24 * 3600 * 1000},
                                         {"w", 7LL * 24 * 3600 * 1000},
                                         {"d", 24LL * 3600 * 1000},
                                         {"h", 3600LL * 1000},
                                         {"m", 60LL * 1000},
                                         {"s", 1000},
                                         {"ms", 1}}};

// 2^63 nanoseconds, the reference implementation's bound.
constexpr std::int64_t kDurationMsMax = std::numeric_limits<std::int64_t>::max() / 1'000'000;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::unexpected<Error> BadDuration(std::string_view text) {
  return Fail(ErrorCode::kInvalidArgument,
              "not a valid duration string: \"" + std::string(text.substr(0, 64)) + "\"");
}

std::unexpected<Error> UnknownUnit(std::string_view unit, std::string_view text) {
  std::string message = "unknown unit \"";
  message.append(unit.substr(0, 64)).append("\" in duration \"").append(text.substr(0, 64)).append("\"");
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

}  // namespace

Result<std::int64_t> ParseDurationMs(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return Fail(ErrorCode::kInvalidArgument, "empty duration string");
  std::int64_t total_ms = 0;
  std::size_t unit_index = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t count = 0;
    const std::size_t digits_at = at;
    while (at < text.size() && IsDigit(text[at])) {
      count = count * 10 + (text[at++] - '0');
      if (count > kDurationMsMax) return Fail(ErrorCode::kOutOfRange, "duration out of range");
    }
    if (at == digits_at) return BadDuration(text);
    const std::size_t name_at = at;
    while (at < text.size() && !IsDigit(text[at]))
      ++at;
    const std::string_view name = text.substr(name_at, at - name_at);
    if (std::ranges::find(kUnits, name, &Unit::name) == kUnits.end()) return UnknownUnit(name, text);
    while (unit_index < kUnits.size() && kUnits[unit_index].name != name)
      ++unit_index;
    if (unit_index == kUnits.size()) return BadDuration(text);
    const std::int64_t unit_ms = kUnits[unit_index++].ms;
    if (count > (kDurationMsMax - total_ms) / unit_ms)
      return Fail(ErrorCode::kOutOfRange, "duration out of range");
    total_ms += count * unit_ms;
  }
  return total_ms;
}

std::string FormatDurationMs(std::int64_t duration_ms) {
  if (duration_ms == 0) return "0s";
  std::string out;
  std::uint64_t rest = static_cast<std::uint64_t>(duration_ms);
  if (duration_ms < 0) {
    out = "-";
    rest = 0 - rest;
  }
  for (const Unit& unit : kUnits) {
    const auto unit_ms = static_cast<std::uint64_t>(unit.ms);
    // Years and weeks only when they are exact, so that 13d stays 13d.
    const bool exact_only = unit.name == "y" || unit.name == "w";
    if (rest < unit_ms || (exact_only && rest % unit_ms != 0)) continue;
    out += std::to_string(rest / unit_ms);
    out += unit.name;
    rest %= unit_ms;
  }
  return out;
}

}  // namespace tickscope
