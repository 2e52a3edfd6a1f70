// CORS: whether a page of another origin may read answers, as Prometheus tells browsers.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "model/matcher.h"

namespace tickscope::api {

/// Any origin: what Prometheus lets in unless told otherwise.
inline constexpr std::string_view kAnyOrigin = ".*";

class CorsPolicy {
 public:
  /// `origins` is a regular expression that an origin must match as a whole. Errors: kInvalidArgument when it is none.
  [[nodiscard]] static Result<CorsPolicy> Make(std::string_view origins);

  /// Adds the headers that the request's origin gets. A request without one, from no browser, gets Vary only.
  void Apply(const http::Request& request, http::Response& response) const;

 private:
  explicit CorsPolicy(Matcher origins) : origins_(std::move(origins)) {}

  Matcher origins_;
};

}  // namespace tickscope::api
