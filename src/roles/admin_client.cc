#include "roles/admin_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wire/remote_write_headers.h"

namespace tickscope::roles {
namespace {

// Well below what a server takes by default.
constexpr std::size_t kPieceBytes = 8U << 20;
constexpr std::size_t kQuotedBytesMax = 512;
// A server decodes all of an import before it answers.
constexpr std::chrono::milliseconds kTimeout{3'600'000};

}  // namespace

Result<AdminClient> AdminClient::Make(io::Network& network, std::string url, std::string tenant,
                                      http::ClientOptions options) {
  while (url.ends_with('/'))
    url.pop_back();
  TICKSCOPE_RETURN_IF_ERROR(http::ParseUrl(url));
  options.request_timeout = kTimeout;
  return AdminClient(std::move(url), std::move(tenant), http::Client::Make(network, std::move(options)));
}

Result<std::string> AdminClient::Call(std::string_view method, const std::string& path, std::string body) {
  const std::string target = url_ + "/api/v1/admin" + path;
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(target));
  http::Request request;
  request.method = method;
  request.body = std::move(body);
  request.headers.Set("Content-Type", "application/octet-stream");
  if (!tenant_.empty()) request.headers.Set(wire::kTenantHeader, tenant_);
  auto response = client_->Fetch(url, std::move(request));
  if (!response) return FailWith(target, std::move(response).error());
  if (response->status / 100 == 2) return std::move(response->body);
  ErrorCode code = ErrorCode::kInvalidArgument;
  if (response->status == 401) code = ErrorCode::kUnauthenticated;
  if (response->status == 403) code = ErrorCode::kPermissionDenied;
  if (response->status == 404) code = ErrorCode::kNotFound;
  if (response->status >= 500) code = ErrorCode::kUnavailable;
  return Fail(code, fmt::format("{}: answered {}: {}", target, response->status,
                                response->body.substr(0, kQuotedBytesMax)));
}

Status AdminClient::Upload(io::FileSystem& fs, const std::string& file, const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto source, fs.OpenRead(file));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, source->Size());
  for (std::uint64_t at = 0; at < size;) {
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(size - at, kPieceBytes)), '\0');
    TICKSCOPE_ASSIGN_OR_RETURN(
        const std::size_t got,
        source->ReadAt(at, {reinterpret_cast<std::byte*>(piece.data()), piece.size()}));
    if (got < piece.size()) return Fail(ErrorCode::kCorruption, file + ": shorter than it was");
    TICKSCOPE_RETURN_IF_ERROR(Call("PUT", fmt::format("{}?offset={}", path, at), std::move(piece)));
    at += got;
  }
  return {};
}

}  // namespace tickscope::roles
