#include "console/page_endpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "api/answer.h"
#include "http/gzip.h"

namespace tickscope::console {
namespace {

constexpr std::string_view kForEver = "public, max-age=31536000, immutable";
constexpr std::string_view kAskAgain = "no-cache";

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".webmanifest", "application/manifest+json"},
    {".woff2", "font/woff2"},
};

std::string_view TypeOf(std::string_view name) {
  const auto* const found =
      std::ranges::find_if(kTypes, [&](const auto& type) { return name.ends_with(type.first); });
  return found == std::end(kTypes) ? "application/octet-stream" : found->second;
}

// Styles may stand in the page: the components set theirs so. Scripts may not.
std::string PolicyFor(const std::vector<std::string>& ancestors) {
  return fmt::format(
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
      "font-src "
      "'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; "
      "form-action 'none'; "
      "frame-ancestors {}",
      ancestors.empty() ? "'none'" : fmt::format("{}", fmt::join(ancestors, " ")));
}

// Whether an If-None-Match names the tag, by weak comparison (RFC 9110 section 13.1.2).
bool Names(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    const std::size_t comma = if_none_match.find(',');
    std::string_view one = if_none_match.substr(0, comma);
    if_none_match.remove_prefix(comma == std::string_view::npos ? if_none_match.size() : comma + 1);
    while (one.starts_with(' '))
      one.remove_prefix(1);
    while (one.ends_with(' '))
      one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == tag) return true;
  }
  return false;
}

class PageServer {
 public:
  PageServer(const PageFiles& files, const PageOptions& options)
      : files_(files),
        policy_(PolicyFor(options.frame_ancestors)),
        may_be_framed_(!options.frame_ancestors.empty()),
        landing_page_(options.landing_page) {}

  [[nodiscard]] http::Response Answer(const http::Request& request) const {
    const std::string_view path = request.path();
    if (path.starts_with("/api/"))
      return api::ErrorAnswer({ErrorCode::kNotFound, "no such path: see docs/http-api.md"});
    if (request.method != "GET" && request.method != "HEAD") return http::TextResponse(404, "no such path");
    if (files_.empty() && path == "/") return Guarded("index.html", landing_page_);
    const EmbeddedFile* const file = files_.Find(path);
    return file == nullptr ? http::TextResponse(404, "no such path") : Serve(*file, request);
  }

 private:
  [[nodiscard]] http::Response Serve(const EmbeddedFile& file, const http::Request& request) const {
    const bool packed = !file.gzip.empty() && http::AcceptsGzip(request.headers.Get("Accept-Encoding"));
    // Two forms of a file are two answers, and have two tags.
    const std::string tag = fmt::format("\"{}{}\"", file.tag, packed ? "-gzip" : "");
    const bool is_known = Names(request.headers.Get("If-None-Match"), tag);
    http::Response response = Guarded(file.name, is_known ? "" : packed ? file.gzip : file.content);
    if (is_known) response.status = 304;
    if (packed && !is_known) response.headers.Set("Content-Encoding", "gzip");
    response.headers.Set("ETag", tag);
    response.headers.Set("Vary", "Accept-Encoding");
    response.headers.Set("Cache-Control", file.name.starts_with("assets/") ? kForEver : kAskAgain);
    return response;
  }

  [[nodiscard]] http::Response Guarded(std::string_view name, std::string_view content) const {
    http::Response response = api::TextAnswer(200, TypeOf(name), std::string(content));
    response.headers.Set("Content-Security-Policy", policy_);
    response.headers.Set("X-Content-Type-Options", "nosniff");
    // A viewer link is a secret in an address: no other site gets to see it.
    response.headers.Set("Referrer-Policy", "no-referrer");
    response.headers.Set("Cross-Origin-Opener-Policy", "same-origin");
    if (!may_be_framed_) response.headers.Set("X-Frame-Options", "DENY");
    return response;
  }

  const PageFiles& files_;
  const std::string policy_;
  const bool may_be_framed_;
  const std::string landing_page_;
};

}  // namespace

void ServePages(http::Router& router, const PageFiles& files, const PageOptions& options) {
  const auto server = std::make_shared<const PageServer>(files, options);
  router.SetFallback([server](const http::Request& request, const http::PathParameters&,
                              http::Respond respond) { respond(server->Answer(request)); });
}

}  // namespace tickscope::console
