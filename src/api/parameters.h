// Parameters of an API request: the query string and a POST form as one list.
//
// Threads   Immutable after Parse.
#pragma once

#include <cstdint>
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
