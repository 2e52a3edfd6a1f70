#include "apiclient/prometheus_client.h"

#include <fmt/format.h>

#include "http/router.h"

namespace tickscope::apiclient {
namespace {

constexpr std::size_t kShownBytesMax = 200;

std::string SecondsText(std::int64_t ms) {
  return fmt::format("{:.3f}", static_cast<double>(ms) / 1000);
}

std::string EncodeForm(const auto& form) {
  std::string out;
  for (const auto& [name, value] : form) {
    if (!out.empty()) out += '&';
    out += http::PercentEncode(name);
    out += '=';
    out += http::PercentEncode(value);
  }
  return out;
}

// VictoriaMetrics answers raw samples as application/stream+json.
bool IsJson(const http::Response& response) {
  const std::string_view type = response.headers.Get("Content-Type");
  return type.starts_with("application/json") || type.starts_with("application/stream+json");
}

}  // namespace

PrometheusClient::PrometheusClient(PrometheusClientOptions options, http::Url url,
                                   std::unique_ptr<http::Client> http)
    : options_(std::move(options)), url_(std::move(url)), http_(std::move(http)) {}

Result<PrometheusClient> PrometheusClient::Make(io::Network& network, PrometheusClientOptions options) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(options.url));
  if (url.target.find('?') != std::string::npos) {
    return Fail(ErrorCode::kInvalidArgument, "a server's URL has no query part: " + options.url);
  }
  while (url.target.ends_with('/'))
    url.target.pop_back();
  auto http = http::Client::Make(network, options.http);
  return PrometheusClient(std::move(options), std::move(url), std::move(http));
}

Result<std::string> PrometheusClient::Call(std::string_view method, std::string_view path, const Form& form) {
  http::Request request;
  request.method = method;
  request.target = fmt::format("{}/api/v1/{}", url_.target, path);
  request.headers.Set("Accept", "application/json");
  if (!options_.tenant.empty()) request.headers.Set("X-Scope-OrgID", options_.tenant);
  if (method == "POST") {
    request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
    request.body = EncodeForm(form);
  } else if (!form.empty()) {
    request.target += '?';
    request.target += EncodeForm(form);
  }
  auto response = http_->Fetch(url_, std::move(request));
  if (!response) return FailWith(options_.url, std::move(response).error());
  // An error of the API is JSON too and says more than its status.
  if (!IsJson(*response)) {
    return Fail(
        ErrorCode::kUnavailable,
        fmt::format("{}: not an answer of the Prometheus API: HTTP {} {}: {}", options_.url, response->status,
                    http::StatusText(response->status), response->body.substr(0, kShownBytesMax)));
  }
  return std::move(response->body);
}

Result<QueryAnswer> PrometheusClient::Instant(std::string_view query, std::optional<TimeMs> time_ms) {
  Form form = {{"query", std::string(query)}};
  if (time_ms) form.emplace_back("time", SecondsText(*time_ms));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string body, Call("POST", "query", form));
  return ReadQueryAnswer(body);
}

Result<QueryAnswer> PrometheusClient::Range(std::string_view query, TimeMs start_ms, TimeMs end_ms,
                                            std::int64_t step_ms) {
  const Form form = {{"query", std::string(query)},
                     {"start", SecondsText(start_ms)},
                     {"end", SecondsText(end_ms)},
                     {"step", SecondsText(step_ms)}};
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string body, Call("POST", "query_range", form));
  return ReadQueryAnswer(body);
}

PrometheusClient::Form PrometheusClient::SeriesForm(const std::vector<std::string>& selectors,
                                                    const TimeSpan& span) {
  Form form;
  for (const std::string& selector : selectors)
    form.emplace_back("match[]", selector);
  if (span.start_ms) form.emplace_back("start", SecondsText(*span.start_ms));
  if (span.end_ms) form.emplace_back("end", SecondsText(*span.end_ms));
  return form;
}

Result<SeriesAnswer> PrometheusClient::Series(const std::vector<std::string>& selectors,
                                              const TimeSpan& span) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string body, Call("POST", "series", SeriesForm(selectors, span)));
  return ReadSeriesAnswer(body);
}

Result<TextsAnswer> PrometheusClient::LabelNames(const std::vector<std::string>& selectors,
                                                 const TimeSpan& span) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string body, Call("POST", "labels", SeriesForm(selectors, span)));
  return ReadTextsAnswer(body);
}

Result<TextsAnswer> PrometheusClient::LabelValues(std::string_view label,
                                                  const std::vector<std::string>& selectors,
                                                  const TimeSpan& span) {
  const std::string path = fmt::format("label/{}/values", http::PercentEncode(label));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string body, Call("GET", path, SeriesForm(selectors, span)));
  return ReadTextsAnswer(body);
}

}  // namespace tickscope::apiclient
