#include "api/http_error.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace tickscope::api {
namespace {

constexpr HttpError kHttpErrors[] = {
    {ErrorCode::kInvalidArgument, 400, "bad_data"},
    {ErrorCode::kOutOfRange, 400, "bad_data"},
    {ErrorCode::kNotFound, 404, "not_found"},
    {ErrorCode::kAlreadyExists, 409, "conflict"},
    {ErrorCode::kFailedPrecondition, 422, "execution"},
    // On the read side the budget is the query's own: asking again does not help, asking for less does.
    {ErrorCode::kResourceExhausted, 422, "execution"},
    {ErrorCode::kRateLimited, 429, "too_many_requests"},
    {ErrorCode::kCancelled, 499, "canceled"},
    {ErrorCode::kDeadlineExceeded, 503, "timeout"},
    {ErrorCode::kUnavailable, 503, "unavailable"},
    {ErrorCode::kUnauthenticated, 401, "unauthorized"},
    {ErrorCode::kPermissionDenied, 403, "forbidden"},
    {ErrorCode::kUnsupported, 406, "not_acceptable"},
    {ErrorCode::kCorruption, 500, "internal"},
    {ErrorCode::kInternal, 500, "internal"},
};

}  // namespace

const HttpError& HttpErrorFor(ErrorCode code) {
  const auto* const found = std::ranges::find(kHttpErrors, code, &HttpError::code);
  TICKSCOPE_CHECK(found != std::end(kHttpErrors));
  return *found;
}

std::span<const HttpError> HttpErrors() {
  return kHttpErrors;
}

}  // namespace tickscope::api
