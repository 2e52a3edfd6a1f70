// HttpLogDecoder: bodies of log records, as Fluent Bit's and Fluentd's HTTP outputs send them, and anybody with curl.
//
//   application/json                          an array of records, one record, or records one after the other
//   application/x-ndjson, application/jsonl   a record a line; a line that is none is an entry of its own
//   application/msgpack                       [time, record], or record, one after the other
//   text/plain                                an entry a line
//
// A record with nothing but log or message, and a date, is that text; any other is JSON. A date (seconds, or milliseconds, since 1970) is the
// entry's time.
//
// Threads   One at a time.
// Bounds    kHttpEntriesMax a body, kFluentDepthMax levels of a record; a body is held as what it is parsed to, about five times its bytes.
// Source    Fluent Bit's documentation of its http output; Fluentd's of out_http.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "logs/fluent_decoder.h"
#include "logs/log_intake.h"

namespace tickscope::logs {

enum class HttpLogForm : std::uint8_t { kJson, kJsonLines, kMsgpack, kText };

inline constexpr std::size_t kHttpEntriesMax = 100'000;

/// By the media type, parameters aside; nullopt for another.
[[nodiscard]] std::optional<HttpLogForm> HttpLogFormOf(std::string_view content_type);

class HttpLogDecoder {
 public:
  /// The intake outlives it.
  HttpLogDecoder(const LogSource& source, FluentOptions options, LogIntake& intake)
      : source_(source), options_(options), intake_(intake), packed_(source, options, nullptr, intake) {}

  /// Takes a body's entries. `tag` goes with each, unless it is empty. After an error the entries before the mistake may have been taken.
  /// Errors: kCorruption for what does not decode; kOutOfRange past a bound. They are counted here.
  [[nodiscard]] Status Take(HttpLogForm form, std::string_view tag, std::string_view body);
  /// What comes from now on is of that source.
  void Use(const LogSource& source) {
    source_ = source;
    packed_.Use(source);
  }

 private:
  [[nodiscard]] Status TakeForm(HttpLogForm form, std::string_view tag, std::string_view body);
  [[nodiscard]] Status TakeJson(std::string_view tag, std::string_view body);
  [[nodiscard]] Status TakeLines(HttpLogForm form, std::string_view tag, std::string_view body);
  void TakeText(std::string_view text, std::int64_t time_ns, std::string_view tag);

  LogSource source_;
  const FluentOptions options_;
  LogIntake& intake_;
  FluentDecoder packed_;
};

}  // namespace tickscope::logs
