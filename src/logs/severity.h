// Severity: how bad what a log line says is, as far as the line tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tickscope::logs {

enum class Severity : std::uint8_t { kUnknown, kTrace, kDebug, kInfo, kWarn, kError, kFatal };
inline constexpr std::size_t kSeverities = 7;

/// "unknown", "trace", "debug", "info", "warn", "error", "fatal".
[[nodiscard]] std::string_view SeverityName(Severity severity);

/// Whether lines of it go before others when there is no room for all.
[[nodiscard]] constexpr bool IsError(Severity severity) {
  return severity >= Severity::kError;
}

/// What a word that names a severity says, in any case: "WARNING", "crit", "E". Nothing for other words.
[[nodiscard]] std::optional<Severity> ParseSeverity(std::string_view word);

/// The severity of syslog's numbers, 0 (emergency) to 7 (debug); those beyond are unknown.
[[nodiscard]] Severity SeverityOfSyslog(unsigned number);

/// What the line says of itself, within its first kSeverityBytes bytes: the field level, lvl, severity or loglevel of logfmt or JSON; else the
/// first word that stands alone and is a severity in capitals (ERROR), or in brackets ([error]), or before a colon ("warning: ..."); else
/// glog's letter ("E1126 15:04:05").
[[nodiscard]] Severity DetectSeverity(std::string_view line);
inline constexpr std::size_t kSeverityBytes = 256;

}  // namespace tickscope::logs
