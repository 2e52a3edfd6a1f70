// Query classes: who is to be served first when not all can be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tickscope::queryfront {

/// In order of importance.
enum class QueryClass : std::uint8_t { kAlert, kRecording, kDashboard, kAdHoc };

inline constexpr std::array<QueryClass, 4> kQueryClasses = {QueryClass::kAlert, QueryClass::kRecording,
                                                            QueryClass::kDashboard, QueryClass::kAdHoc};

[[nodiscard]] constexpr std::size_t ToIndex(QueryClass value) {
  return static_cast<std::size_t>(value);
}

/// "alert", "recording", "dashboard", "adhoc": in headers, metrics and messages.
[[nodiscard]] constexpr std::string_view QueryClassName(QueryClass value) {
  constexpr std::array<std::string_view, 4> kNames = {"alert", "recording", "dashboard", "adhoc"};
  return kNames[ToIndex(value)];
}

[[nodiscard]] constexpr std::optional<QueryClass> ParseQueryClass(std::string_view name) {
  for (const QueryClass value : kQueryClasses) {
    if (QueryClassName(value) == name) return value;
  }
  return std::nullopt;
}

}  // namespace tickscope::queryfront
