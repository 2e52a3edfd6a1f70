// Structured logging: one line an event, logfmt or JSON, to standard error.
//
//   Log(LogLevel::kInfo, "listening", {{"address", "127.0.0.1:9280"}});
//   ts=2026-03-01T12:00:00.000Z level=info msg=listening address=127.0.0.1:9280
//
// Never called in a per-sample path. Fields carry no secrets and no personal data; values are cut at
// kLogValueBytesMax so that no input can flood the log.
// Threads   Log may be called from any thread; a line is written whole.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/clock.h"
#include "base/error.h"

namespace tickscope {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kLogfmt, kJson };

inline constexpr std::size_t kLogValueBytesMax = 512;

struct LogField {
  template <typename T>
    requires std::is_arithmetic_v<T>
  LogField(std::string_view field_key, T field_value) : key(field_key), value(std::to_string(field_value)) {}
  LogField(std::string_view field_key, std::string_view field_value) : key(field_key), value(field_value) {}
  LogField(std::string_view field_key, const char* field_value) : key(field_key), value(field_value) {}
  LogField(std::string_view field_key, std::string field_value)
      : key(field_key), value(std::move(field_value)) {}

  std::string_view key;
  std::string value;
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kLogfmt;
  const Clock* clock = nullptr;  ///< For the ts field; must outlive all logging. Null leaves ts out.
};

/// Sets what is printed and how, for the whole process. Call once at start, again on reload.
void SetLogOptions(LogOptions options);

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

/// "debug", "info", "warn", "error". Errors: kInvalidArgument naming the text.
[[nodiscard]] Result<LogLevel> ParseLogLevel(std::string_view text);
/// "logfmt", "json". Errors: kInvalidArgument naming the text.
[[nodiscard]] Result<LogFormat> ParseLogFormat(std::string_view text);

/// The line Log would print, without the newline. Exposed for tests.
[[nodiscard]] std::string FormatLogLine(const LogOptions& options, LogLevel level, std::string_view message,
                                        std::initializer_list<LogField> fields);

}  // namespace tickscope
