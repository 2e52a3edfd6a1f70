#include "ingest/write_status.h"

namespace tickscope::ingest {
namespace {

constexpr const char* kRetryAfterSeconds = "1";

}  // namespace

int WriteStatusOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kOutOfRange:
      return 413;
    case ErrorCode::kUnsupported:
      return 415;
    case ErrorCode::kRateLimited:
      return 429;
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      return 503;
    case ErrorCode::kInternal:
      return 500;
    default:
      return 400;
  }
}

void SetWriteStatus(const Error& error, http::Response& response) {
  response.status = WriteStatusOf(error);
  if (response.status == 503 || response.status == 429)
    response.headers.Set("Retry-After", kRetryAfterSeconds);
}

std::string_view TrimHeader(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

}  // namespace tickscope::ingest
