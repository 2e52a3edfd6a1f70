// What an Error becomes in an HTTP answer: the one table of status codes and Prometheus error types.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"

namespace tickscope::api {

struct HttpError {
  ErrorCode code;
  int status;
  std::string_view type;  ///< The envelope's errorType.
};

/// Status and type of an error code; every code has one.
[[nodiscard]] const HttpError& HttpErrorFor(ErrorCode code);

/// The whole table, for metrics that count by type.
[[nodiscard]] std::span<const HttpError> HttpErrors();

}  // namespace tickscope::api
