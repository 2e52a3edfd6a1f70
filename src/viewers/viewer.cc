#include "viewers/viewer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apiclient/prometheus_answer.h"
#include "http/gzip.h"
#include "http/router.h"
#include "wire/remote_write_headers.h"

namespace tickscope::viewers {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kDetailBytesMax = 300;
constexpr std::size_t kAnswerBytesMax = 256 << 20;

std::string Cut(std::string_view text) {
  return std::string(text.substr(0, kDetailBytesMax));
}

http::ClientOptions ClientOptionsOf(const ViewersOptions& options) {
  http::ClientOptions client = options.client;
  client.connect_timeout = std::min<milliseconds>(options.timeout, milliseconds(10'000));
  client.request_timeout = options.timeout;
  client.response_bytes_max = kAnswerBytesMax;
  return client;
}

}  // namespace

std::string FlawOf(const http::Response& response) {
  return response.status == 200 ? std::string() : fmt::format("http {}", response.status);
}

Viewer::Viewer(ViewerWorld& world, const Dashboard& dashboard)
    : world_(world),
      dashboard_(dashboard),
      client_(world.network, world.loop, world.options.server, ClientOptionsOf(world.options),
              world.options.connections_per_viewer) {
  for (const Variable& variable : dashboard.variables)
    values_[variable.name] = variable.value;
}

void Viewer::Start() {
  const auto refresh_ms = static_cast<std::uint64_t>(world_.options.refresh.count());
  world_.loop.After(milliseconds(world_.random.Below(refresh_ms)), [this] { Open(); });
}

http::Request Viewer::MakeRequest(std::string_view method, std::string_view path) const {
  http::Request request{.method = std::string(method), .target = world_.options.server.target};
  if (request.target.ends_with('/')) request.target.pop_back();
  request.target += path;
  request.headers.Set("Accept-Encoding", "gzip");
  request.headers.Set("X-Tickscope-Class", "dashboard");
  if (!world_.options.tenant.empty()) request.headers.Set(wire::kTenantHeader, world_.options.tenant);
  return request;
}

void Viewer::Send(http::Request request, Answered answered, Failed failed, std::function<void()> done) {
  world_.stats.RequestBegins();
  client_.Fetch(std::move(request), [this, answered = std::move(answered), failed = std::move(failed),
                                     done = std::move(done)](const Result<http::Response>& response) {
    world_.stats.RequestEnds();
    if (!response) {
      failed(std::string(ErrorCodeName(response.error().code)), Cut(response.error().message));
    } else if (const std::string flaw = FlawOf(*response); !flaw.empty()) {
      world_.stats.AddBytes(response->body.size());
      std::string body = response->body;
      if (response->headers.Get("Content-Encoding") == "gzip")
        body = http::Gunzip(body, kAnswerBytesMax).value_or("");
      failed(flaw, Cut(body));
    } else {
      answered(*response, Now());
    }
    done();
  });
}

void Viewer::OpenOne(http::Request request, Answered more) {
  ++opening_;
  const nanoseconds sent = Now();
  Send(
      std::move(request),
      [this, sent, more = std::move(more)](const http::Response& response, nanoseconds at) {
        world_.stats.RecordOpening(at - sent, response.body.size());
        if (more) more(response, at);
      },
      [this](const std::string& kind, const std::string& detail) {
        world_.stats.RecordOpeningError(kind, detail);
      },
      [this] {
        if (--opening_ == 0) Begin();
      });
}

void Viewer::Open() {
  OpenOne(MakeRequest("GET", "/api/v1/status/buildinfo"), nullptr);
  OpenOne(MakeRequest("GET", "/api/v1/metadata?limit=5000"), nullptr);
  const std::int64_t now_s = world_.clock.NowMs() / 1000;
  for (const Variable& variable : dashboard_.variables) {
    if (variable.label.empty()) continue;
    std::string path =
        fmt::format("/api/v1/label/{}/values?start={}&end={}", http::PercentEncode(variable.label),
                    now_s - dashboard_.range_ms / 1000, now_s);
    if (!variable.match.empty()) path.append("&match%5B%5D=").append(http::PercentEncode(variable.match));
    OpenOne(MakeRequest("GET", path), [this, &variable](const http::Response& response, nanoseconds) {
      TakeValue(variable, response);
    });
  }
}

void Viewer::TakeValue(const Variable& variable, const http::Response& response) {
  std::string& value = values_[variable.name];
  if (!value.empty()) return;
  std::string body = response.body;
  if (response.headers.Get("Content-Encoding") == "gzip")
    body = http::Gunzip(body, kAnswerBytesMax).value_or("");
  const auto answer = apiclient::ReadTextsAnswer(body);
  if (!answer) return world_.stats.RecordOpeningError("unreadable", Cut(answer.error().message));
  if (!answer->texts.empty()) value = answer->texts.front();
}

}  // namespace tickscope::viewers
