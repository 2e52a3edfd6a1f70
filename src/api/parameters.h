// Parameters of an API request: the query string and a POST form as one list, and readers for the forms of
// value Prometheus accepts. Error texts are the reference's, since people search for them.
//
// Threads   Immutable after Parse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "http/message.h"

namespace tickscope::api {

/// Longest form body read; the reference's bound.
inline constexpr std::size_t kFormBytesMax = 10 << 20;

/// The earliest and latest times, as Prometheus names them; clients send them to ask for everything.
inline constexpr std::string_view kEarliestTimeText = "-292273086-05-16T16:47:06Z";
inline constexpr std::string_view kLatestTimeText = "292277025-08-18T07:12:54.999999999Z";
inline constexpr TimeMs kEarliestTimeMs = -9'223'309'901'257'974'000;
inline constexpr TimeMs kLatestTimeMs = 9'223'309'901'257'974'999;

/// "1700000000.5" or RFC 3339, or one of the two texts above.
/// Errors: kInvalidArgument `cannot parse "x" to a valid timestamp`; also for NaN and times past the two
/// above.
[[nodiscard]] Result<TimeMs> ParseTime(std::string_view text);

/// Seconds as a float or a Prometheus duration, cut to whole milliseconds; may be negative.
/// Errors: kInvalidArgument `cannot parse "x" to a valid duration`.
[[nodiscard]] Result<std::int64_t> ParseDuration(std::string_view text);

/// `text` in double quotes with controls and bytes that are not UTF-8 as \xNN, for error messages.
[[nodiscard]] std::string Quoted(std::string_view text);

/// The same error as `invalid parameter "name": ...`.
[[nodiscard]] std::unexpected<Error> InvalidParameter(std::string_view name, Error error);
[[nodiscard]] std::unexpected<Error> InvalidParameter(std::string_view name, std::string_view what);

class Parameters {
 public:
  /// Errors: kOutOfRange when a form exceeds kFormBytesMax.
  [[nodiscard]] static Result<Parameters> Parse(const http::Request& request);

  /// First value, empty when absent; a form's value wins over the query string's.
  [[nodiscard]] std::string_view Get(std::string_view name) const;
  /// Every value in order.
  [[nodiscard]] std::vector<std::string_view> All(std::string_view name) const;

  /// `fallback` when absent or empty. Errors: kInvalidArgument naming the parameter.
  [[nodiscard]] Result<TimeMs> TimeOr(std::string_view name, TimeMs fallback) const;
  /// How many elements to answer with at most; 0, also when absent, is no limit.
  [[nodiscard]] Result<std::size_t> Limit() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// A whole number as Go's strconv reads it. Errors: kInvalidArgument in strconv's words.
[[nodiscard]] Result<std::int64_t> ParseInteger(std::string_view text);

}  // namespace tickscope::api
