#include "api/process_routes.h"

#include <fmt/format.h>

#include <string_view>

#include "api/answer.h"

namespace tickscope::api {
namespace {

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
constexpr std::string_view kExpositionText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

constexpr std::string_view kLandingPage = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tickscope</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }}
code {{ font-size: .95em }}
dt {{ margin-top: .8rem }}
</style>
<h1>Tickscope {version}</h1>
{note}<p>Metrics for live games. In Grafana, add a Prometheus data source with this server's address.</p>
<dl>
<dt><a href="/api/v1/query?query=up"><code>/api/v1/query</code></a>, <code>/api/v1/query_range</code>
<dd>PromQL at one time, or over a range of times
<dt><a href="/api/v1/labels"><code>/api/v1/labels</code></a>,
<a href="/api/v1/label/__name__/values"><code>/api/v1/label/NAME/values</code></a>, <code>/api/v1/series</code>
<dd>What is stored
<dt><a href="/api/v1/metadata"><code>/api/v1/metadata</code></a>, <code>/api/v1/format_query</code>,
<code>/api/v1/parse_query</code>
<dd>Types and help of metrics; queries laid out and taken apart
<dt><code>POST /api/v1/write</code>
<dd>Prometheus remote write 1.0 and 2.0
<dt><a href="/api/v1/status/tsdb"><code>/api/v1/status/tsdb</code></a>,
<a href="/api/v1/status/buildinfo"><code>/api/v1/status/buildinfo</code></a>
<dd>The largest metrics and labels; which version this is
<dt><a href="/metrics"><code>/metrics</code></a>, <a href="/-/ready"><code>/-/ready</code></a>,
<a href="/-/healthy"><code>/-/healthy</code></a>
<dd>This server's own metrics and health
</dl>
</html>
)";

using MakeResponse = std::function<http::Response()>;

void AddGet(http::Router& router, std::string_view path, const MakeResponse& make) {
  router.Add("GET", path, [make](const http::Request&, const http::PathParameters&, http::Respond respond) {
    respond(make());
  });
}

}  // namespace

void RegisterProcessRoutes(http::Router& router, const ProcessRoutes& routes) {
  AddGet(router, "/-/healthy", [] { return TextAnswer(200, kPlainText, "Tickscope is healthy.\n"); });
  AddGet(router, "/-/ready", [ready = routes.ready] {
    const Status status = ready();
    if (status) return TextAnswer(200, kPlainText, "Tickscope is ready.\n");
    return TextAnswer(503, kPlainText, fmt::format("Tickscope is not ready: {}\n", status.error().message));
  });
  AddGet(router, "/metrics",
         [&metrics = routes.metrics] { return TextAnswer(200, kExpositionText, metrics.RenderText()); });
}

std::string LandingPage(std::string_view version, std::string_view note) {
  return fmt::format(kLandingPage, fmt::arg("version", version), fmt::arg("note", note));
}

void RegisterLandingPage(http::Router& router, std::string_view version) {
  AddGet(router, "/", [page = LandingPage(version, "")] { return TextAnswer(200, kHtml, page); });
}

}  // namespace tickscope::api
