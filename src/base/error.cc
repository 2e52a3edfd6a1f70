#include "base/error.h"

namespace tickscope {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kOutOfRange:
      return "out_of_range";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kAlreadyExists:
      return "already_exists";
    case ErrorCode::kFailedPrecondition:
      return "failed_precondition";
    case ErrorCode::kCorruption:
      return "corruption";
    case ErrorCode::kResourceExhausted:
      return "resource_exhausted";
    case ErrorCode::kRateLimited:
      return "rate_limited";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kDeadlineExceeded:
      return "deadline_exceeded";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kInternal:
      return "internal";
  }
  std::unreachable();
}

std::unexpected<Error> Fail(ErrorCode code, std::string message) {
  if (message.size() > kErrorMessageBytesMax) {
    message.resize(kErrorMessageBytesMax - 3);
    message += "...";
  }
  return std::unexpected(Error{code, std::move(message)});
}

std::unexpected<Error> FailWith(std::string_view context, Error error) {
  error.message.insert(0, std::string(context) + ": ");
  return Fail(error.code, std::move(error.message));
}

}  // namespace tickscope
