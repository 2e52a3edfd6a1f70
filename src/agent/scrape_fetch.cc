#include "agent/scrape_fetch.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "http/gzip.h"

namespace tickscope::agent {

std::string AcceptHeader(wire::NativeHistograms native_histograms) {
  // Text formats carry no native histograms, so whoever wants those asks for protobuf first.
  std::string accept;
  int weight = 6;
  const auto add = [&](std::string_view type) { accept += fmt::format("{};q=0.{},", type, weight--); };
  if (native_histograms == wire::NativeHistograms::kPrefer) {
    add("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited");
  }
  add("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8");
  add("application/openmetrics-text;version=0.0.1");
  add("text/plain;version=1.0.0;escaping=allow-utf-8");
  add("text/plain;version=0.0.4");
  return accept + fmt::format("*/*;q=0.{}", weight);
}

Result<ScrapeAnswer> FetchExposition(http::Client& client, const http::Url& url, const TargetConfig& target,
                                     const ScrapeAccess* access) {
  http::Request request;
  request.headers.Set("Accept", AcceptHeader(target.native_histograms));
  request.headers.Set("Accept-Encoding", "gzip");
  request.headers.Set("User-Agent", "tickscope-agent");
  request.headers.Set("X-Prometheus-Scrape-Timeout-Seconds",
                      fmt::format("{}", static_cast<double>(target.timeout_ms) / 1000.0));
  if (access != nullptr) TICKSCOPE_RETURN_IF_ERROR(access->Authorize(request.headers));
  TICKSCOPE_ASSIGN_OR_RETURN(http::Response response, client.Fetch(url, std::move(request)));
  if (response.status != 200) {
    return Fail(ErrorCode::kPermissionDenied, fmt::format("expected status 200, got {} {}", response.status,
                                                          http::StatusText(response.status)));
  }
  ScrapeAnswer answer;
  TICKSCOPE_ASSIGN_OR_RETURN(
      answer.format, wire::ExpositionFormatOf(response.headers.Get("Content-Type"), target.fallback_format));
  const std::string_view encoding = response.headers.Get("Content-Encoding");
  if (encoding.empty() || http::EqualsIgnoreCase(encoding, "identity")) {
    answer.body = std::move(response.body);
  } else if (http::EqualsIgnoreCase(encoding, "gzip")) {
    TICKSCOPE_ASSIGN_OR_RETURN(answer.body, http::Gunzip(response.body, target.body_bytes_max));
  } else {
    return Fail(ErrorCode::kUnsupported, fmt::format("expected Content-Encoding gzip, got {:?}", encoding));
  }
  return answer;
}

}  // namespace tickscope::agent
