#include "columnar/s3_error.h"

#include <array>
#include <initializer_list>

namespace tickscope::columnar {
namespace {

struct Rule {
  std::initializer_list<std::string_view>
      any_of;  ///< As the protocol and as the client's table of errors spell it.
  ErrorCode code;
  std::string_view says;
};

// The first that matches counts: precise names before the classes they belong to.
const std::initializer_list<Rule>& Rules() {
  static const std::initializer_list<Rule> rules = {
      {{"NoSuchBucket", "NO_SUCH_BUCKET", "Bucket not found", "bucket does not exist"},
       ErrorCode::kFailedPrecondition,
       "the bucket does not exist: create it, or check its name, the region and the endpoint"},
      {{"RequestTimeTooSkewed", "REQUEST_TIME_TOO_SKEWED", "RequestExpired", "REQUEST_EXPIRED",
        "RequestInTheFuture"},
       ErrorCode::kUnauthenticated,
       "the clocks of this machine and of the server differ by more than is allowed: set this one right "
       "(timedatectl, "
       "chronyc tracking)"},
      {{"ExpiredToken", "TokenRefreshRequired"},
       ErrorCode::kUnauthenticated,
       "the credentials have expired: renew them, or use a source that renews itself"},
      {{"InvalidAccessKeyId", "INVALID_ACCESS_KEY_ID", "InvalidClientTokenId", "INVALID_CLIENT_TOKEN_ID",
        "UnrecognizedClient", "access key ID you provided does not exist", "does not exist in our records"},
       ErrorCode::kUnauthenticated,
       "the server does not know the access key: check AWS_ACCESS_KEY_ID or the configured key"},
      {{"SignatureDoesNotMatch", "SIGNATURE_DOES_NOT_MATCH", "InvalidSignature", "INVALID_SIGNATURE",
        "IncompleteSignature", "INCOMPLETE_SIGNATURE"},
       ErrorCode::kUnauthenticated,
       "the signature is not what the server expects: check the secret key, and that no proxy changes "
       "requests"},
      {{"MissingAuthenticationToken", "MISSING_AUTHENTICATION_TOKEN", "InvalidToken",
        "MissingSecurityHeader"},
       ErrorCode::kUnauthenticated,
       "the server wants credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or give "
       "the machine a "
       "role"},
      {{"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint",
        "HTTP status 301", "HTTP status 307"},
       ErrorCode::kInvalidArgument,
       "the bucket is in another region: say which by region=..."},
      {{"AccessDenied", "ACCESS_DENIED", "AllAccessDisabled", "HTTP status 403"},
       ErrorCode::kPermissionDenied,
       "the credentials are not allowed to do this: they need s3:GetObject, s3:PutObject, s3:DeleteObject, "
       "s3:AbortMultipartUpload and s3:ListBucket"},
      {{"InvalidRange", "INVALID_RANGE", "HTTP status 416"},
       ErrorCode::kOutOfRange,
       "the range is outside the object"},
      {{"NoSuchKey", "NO_SUCH_KEY", "RESOURCE_NOT_FOUND", "HTTP status 404", "Path does not exist"},
       ErrorCode::kNotFound,
       "no such object"},
      {{"QuotaExceeded", "HTTP status 507", "StorageFull", "XMinioStorageFull"},
       ErrorCode::kResourceExhausted,
       "the store is full"},
      {{"SlowDown", "SLOW_DOWN", "THROTTLING", "HTTP status 429", "RequestLimitExceeded", "TooManyRequests"},
       ErrorCode::kUnavailable,
       "the server asks to slow down"},
      {{"curlCode: 6,"}, ErrorCode::kUnavailable, "the name of the server is not known: check the endpoint"},
      {{"curlCode: 7,"},
       ErrorCode::kUnavailable,
       "the server takes no connection: is it running, is the port right"},
      {{"curlCode: 28,"}, ErrorCode::kUnavailable, "the server is silent"},
      {{"curlCode: 35,", "curlCode: 58,", "curlCode: 60,", "curlCode: 77,"},
       ErrorCode::kUnavailable,
       "TLS failed: is the server's certificate signed by those of ca_file, is it https at all"},
      {{"NETWORK_CONNECTION", "curlCode:", "Could not read", "HTTP status 5", "INTERNAL_FAILURE",
        "InternalError", "SERVICE_UNAVAILABLE", "ServiceUnavailable", "RequestTimeout", "REQUEST_TIMEOUT"},
       ErrorCode::kUnavailable,
       "the server does not answer as it should"},
      {{"HTTP status 400"}, ErrorCode::kInvalidArgument, "the server takes the request for a wrong one"},
  };
  return rules;
}

constexpr std::size_t kClientTextBytesMax = 300;

}  // namespace

Error S3Error(std::string_view doing, std::string_view where, std::string_view client_text) {
  ErrorCode code = ErrorCode::kUnavailable;
  std::string_view says = "the server or the way to it failed";
  for (const Rule& rule : Rules()) {
    bool matches = false;
    for (const std::string_view token : rule.any_of)
      matches = matches || client_text.contains(token);
    if (!matches) continue;
    code = rule.code;
    says = rule.says;
    break;
  }
  std::string message = "s3 ";
  message.append(doing).append(": ").append(says).append(": ").append(where);
  // The client's own words help with what is rare; what is plain needs none.
  if (code != ErrorCode::kNotFound) {
    message.append(" client=\"").append(client_text.substr(0, kClientTextBytesMax)).append("\"");
  }
  return Fail(code, std::move(message)).error();
}

bool IsBareS3Status(std::string_view client_text) {
  return client_text.contains("No response body") || client_text.contains("HeadObject") ||
         client_text.contains("HeadBucket");
}

}  // namespace tickscope::columnar
