#include "objstore/store_location.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/duration.h"
#include "objstore/object_store.h"

namespace tickscope::objstore {
namespace {

constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kS3Scheme = "s3://";
constexpr std::int64_t kConnectTimeoutMsMax = 60'000;

std::unexpected<Error> Refuse(std::string what) {
  return Fail(ErrorCode::kInvalidArgument, "object store: " + std::move(what));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexDigit(text[i + 2]);
    if (low < 0) return Refuse("a '%' is not followed by two hexadecimal digits");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

bool IsPlainText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

// The rules of S3 for new buckets, and the '_' and capitals of old ones.
Status CheckBucket(std::string_view bucket) {
  const bool is_good = bucket.size() >= 3 && bucket.size() <= 63 && bucket.front() != '.' &&
                       bucket.front() != '-' && std::ranges::all_of(bucket, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '.' || c == '-' || c == '_';
                       });
  if (is_good) return {};
  return Refuse("bad bucket: want 3 to 63 letters, digits, '.', '-', '_', got \"" + std::string(bucket) +
                "\"");
}

Status CheckEndpoint(std::string_view endpoint) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!endpoint.starts_with(scheme)) continue;
    endpoint.remove_prefix(scheme.size());
    if (!endpoint.empty() && endpoint.find_first_of("/@?#") == std::string_view::npos &&
        IsPlainText(endpoint))
      return {};
  }
  return Refuse("bad endpoint: want http://HOST:PORT or https://HOST:PORT with nothing after it");
}

Status SetParameter(std::string_view key, std::string value, S3Options& options) {
  if (!IsPlainText(value)) return Refuse("bad value: key=" + std::string(key));
  if (key == "endpoint") {
    while (value.ends_with('/'))
      value.pop_back();
    TICKSCOPE_RETURN_IF_ERROR(CheckEndpoint(value));
    options.endpoint = std::move(value);
  } else if (key == "region") {
    options.region = std::move(value);
  } else if (key == "addressing" && (value == "path" || value == "virtual")) {
    options.is_virtual_hosted = value == "virtual";
  } else if (key == "credentials" && (value == "chain" || value == "anonymous")) {
    options.credentials =
        value == "chain" ? S3Options::Credentials::kChain : S3Options::Credentials::kAnonymous;
  } else if (key == "role_arn") {
    options.role_arn = std::move(value);
  } else if (key == "ca_file") {
    options.ca_file = std::move(value);
  } else if (key == "connect_timeout") {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t timeout_ms, ParseDurationMs(value));
    if (timeout_ms < 1 || timeout_ms > kConnectTimeoutMsMax) {
      return Refuse("bad connect_timeout: want 1ms to 1m, got " + value);
    }
    options.connect_timeout = std::chrono::milliseconds(timeout_ms);
  } else if (key == "addressing") {
    return Refuse("bad addressing: want path or virtual, got " + value);
  } else if (key == "credentials") {
    return Refuse(
        "bad credentials: want chain or anonymous; keys go into the environment or the configuration");
  } else {
    // The value may be a secret somebody tried to pass here.
    return Refuse(
        "unknown key \"" + std::string(key.substr(0, 64)) +
        "\": there are region, endpoint, addressing, credentials, role_arn, ca_file, connect_timeout");
  }
  return {};
}

Result<StoreLocation> ParseS3(std::string_view rest) {
  S3Options options;
  std::string_view query;
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  if (rest.contains('@')) {
    return Refuse(
        "keys do not go into the URL, which is shown and logged: use AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or the configuration");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  options.bucket = rest.substr(0, slash);
  TICKSCOPE_RETURN_IF_ERROR(CheckBucket(options.bucket));
  TICKSCOPE_ASSIGN_OR_RETURN(options.prefix, PercentDecode(rest.substr(std::min(slash + 1, rest.size()))));
  while (options.prefix.ends_with('/'))
    options.prefix.pop_back();
  if (!options.prefix.empty()) TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(options.prefix));

  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return Refuse("want KEY=VALUE pairs joined by '&' after the '?'");
    TICKSCOPE_ASSIGN_OR_RETURN(std::string value, PercentDecode(pair.substr(equals + 1)));
    TICKSCOPE_RETURN_IF_ERROR(SetParameter(pair.substr(0, equals), std::move(value), options));
  }
  return StoreLocation{.directory = "", .s3 = std::move(options)};
}

}  // namespace

Result<StoreLocation> ParseStoreLocation(std::string_view url) {
  if (url.empty()) return Refuse("want a path, file:///PATH or s3://BUCKET/PREFIX, got nothing");
  if (url.size() > kStoreUrlBytesMax) return Refuse("URL is too long: bytes=" + std::to_string(url.size()));
  if (url.contains('\0')) return Refuse("URL holds a zero byte");
  if (url.starts_with(kS3Scheme)) return ParseS3(url.substr(kS3Scheme.size()));
  if (url.starts_with(kFileScheme)) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::string path, PercentDecode(url.substr(kFileScheme.size())));
    if (!path.starts_with('/') || path.contains('\0'))
      return Refuse("want file:///PATH with three slashes and an absolute path");
    return StoreLocation{.directory = std::move(path), .s3 = std::nullopt};
  }
  if (const std::size_t colon = url.find("://"); colon != std::string_view::npos) {
    return Refuse("unknown scheme \"" + std::string(url.substr(0, std::min<std::size_t>(colon, 32))) +
                  "\": want a path, file:///PATH or s3://BUCKET/PREFIX");
  }
  return StoreLocation{.directory = std::string(url), .s3 = std::nullopt};
}

}  // namespace tickscope::objstore
