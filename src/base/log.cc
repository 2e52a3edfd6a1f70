#include "base/log.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>

#include "base/civil_time.h"
#include "base/mutex.h"

namespace tickscope {
namespace {

struct GlobalLog {
  Mutex mu;
  LogOptions options TICKSCOPE_GUARDED_BY(mu);
  std::atomic<LogLevel> level{LogLevel::kInfo};
};

// The one global of the project: a log line must be possible from everywhere, before and after main's own
// objects.
GlobalLog& Global() {
  static GlobalLog& log = *new GlobalLog;
  return log;
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

bool NeedsQuotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

void AppendQuoted(std::string_view value, std::string& out) {
  out += '"';
  for (const char c : value) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void AppendField(LogFormat format, std::string_view key, std::string_view value, std::string& out) {
  value = value.substr(0, kLogValueBytesMax);
  if (format == LogFormat::kJson) {
    out += out.empty() ? '{' : ',';
    AppendQuoted(key, out);
    out += ':';
    AppendQuoted(value, out);
    return;
  }
  if (!out.empty()) out += ' ';
  out += key;
  out += '=';
  if (NeedsQuotes(value)) {
    AppendQuoted(value, out);
  } else {
    out += value;
  }
}

}  // namespace

void SetLogOptions(LogOptions options) {
  GlobalLog& global = Global();
  const MutexLock lock(global.mu);
  global.options = options;
  global.level = options.level;
}

std::string FormatLogLine(const LogOptions& options, LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields) {
  std::string line;
  if (options.clock != nullptr)
    AppendField(options.format, "ts", FormatUtcTime(options.clock->NowMs()), line);
  AppendField(options.format, "level", LevelName(level), line);
  AppendField(options.format, "msg", message, line);
  for (const LogField& field : fields)
    AppendField(options.format, field.key, field.value, line);
  if (options.format == LogFormat::kJson) line += '}';
  return line;
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  GlobalLog& global = Global();
  if (level < global.level.load(std::memory_order_relaxed)) return;
  const MutexLock lock(global.mu);
  std::string line = FormatLogLine(global.options, level, message, fields);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

Result<LogLevel> ParseLogLevel(std::string_view text) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    if (text == LevelName(level)) return level;
  }
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("unknown log level: got \"{}\", want debug, info, warn or error", text.substr(0, 32)));
}

Result<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "logfmt") return LogFormat::kLogfmt;
  if (text == "json") return LogFormat::kJson;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown log format: got \"{}\", want logfmt or json", text.substr(0, 32)));
}

}  // namespace tickscope
