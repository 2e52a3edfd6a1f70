#include "api/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "api/error_text.h"
#include "api/time_text.h"
#include "http/router.h"

namespace tickscope::api {

Result<std::int64_t> ParseInteger(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ptr != digits.data() + digits.size() || read.ec == std::errc::invalid_argument) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("strconv.Atoi: parsing {}: invalid syntax", Quoted(text)));
  }
  if (read.ec != std::errc()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("strconv.Atoi: parsing {}: value out of range", Quoted(text)));
  }
  return value;
}

Result<Parameters> Parameters::Parse(const http::Request& request) {
  Parameters parameters;
  const std::string_view media_type = request.headers.Get("Content-Type");
  const std::string_view bare_type = media_type.substr(0, media_type.find(';'));
  if (request.method == "POST" && http::EqualsIgnoreCase(bare_type, "application/x-www-form-urlencoded")) {
    if (request.body.size() > kFormBytesMax) {
      return Fail(ErrorCode::kOutOfRange,
                  fmt::format("error parsing form values: body of {} bytes, want at most {}",
                              request.body.size(), kFormBytesMax));
    }
    parameters.values_ = http::ParseForm(request.body);
  }
  auto in_query = http::ParseForm(request.query());
  std::ranges::move(in_query, std::back_inserter(parameters.values_));
  return parameters;
}

std::string_view Parameters::Get(std::string_view name) const {
  const auto found =
      std::ranges::find(values_, name, [](const auto& pair) -> std::string_view { return pair.first; });
  return found == values_.end() ? std::string_view() : found->second;
}

std::vector<std::string_view> Parameters::All(std::string_view name) const {
  std::vector<std::string_view> all;
  for (const auto& [key, value] : values_) {
    if (key == name) all.push_back(value);
  }
  return all;
}

Result<TimeMs> Parameters::TimeOr(std::string_view name, TimeMs fallback) const {
  const std::string_view text = Get(name);
  if (text.empty()) return fallback;
  auto time_ms = ParseTime(text);
  if (time_ms) return *time_ms;
  return InvalidParameter(name,
                          fmt::format("invalid time value for '{}': {}", name, time_ms.error().message));
}

Result<std::size_t> Parameters::Limit() const {
  const std::string_view text = Get("limit");
  if (text.empty()) return 0U;
  auto limit = ParseInteger(text);
  if (!limit) return InvalidParameter("limit", std::move(limit).error());
  if (*limit < 0) return InvalidParameter("limit", "limit must be non-negative");
  return static_cast<std::size_t>(*limit);
}

}  // namespace tickscope::api
