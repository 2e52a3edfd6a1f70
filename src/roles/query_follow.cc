#include "roles/query_follow.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "api/time_text.h"
#include "apiclient/event_stream.h"
#include "http/async_client.h"
#include "http/router.h"
#include "io/signals.h"
#include "model/labels.h"
#include "wire/remote_write_headers.h"

namespace tickscope::roles {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;
using std::chrono::milliseconds;

constexpr std::int64_t kRetryDefaultMs = 3000;
// The server sends something every 15 s.
constexpr milliseconds kSilenceMax{45'000};

// One run of the command; everything on the loop.
class Follow {
 public:
  Follow(io::Network& network, io::EventLoop& loop, http::Url url, http::ClientOptions options,
         const FollowArguments& arguments)
      : loop_(loop),
        arguments_(arguments),
        target_(Target(url)),
        client_(network, loop, std::move(url), std::move(options), 1),
        events_([this](const apiclient::ServerEvent& event) { Take(event); }) {}

  void Connect() {
    http::Request request{.method = "GET", .target = target_};
    request.headers.Set("Accept", "text/event-stream");
    if (!arguments_.tenant.empty()) request.headers.Set(wire::kTenantHeader, arguments_.tenant);
    if (!events_.last_id().empty()) request.headers.Set("Last-Event-ID", events_.last_id());
    events_.Restart();
    client_.Follow(std::move(request),
                   {.on_head = [](const http::Response&) {},
                    .on_content = [this](std::string_view content) { events_.Feed(content); }},
                   [this](const Result<http::Response>& response) { OnEnd(response); });
  }

  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  [[nodiscard]] std::string Target(const http::Url& url) const {
    std::string target = url.target;
    if (target.ends_with('/')) target.pop_back();
    return target + "/api/v1/stream?query=" + http::PercentEncode(arguments_.expression) +
           "&range=" + http::PercentEncode(arguments_.range) +
           "&step=" + http::PercentEncode(arguments_.step);
  }

  void OnEnd(const Result<http::Response>& response) {
    if (done_) return;
    // What the server finds wrong with the request will not get better.
    if (response && response->status / 100 == 4) {
      failure_ = Error{ErrorCode::kInvalidArgument, fmt::format("{}: {}", response->status, response->body)};
      return loop_.Stop();
    }
    const std::string why =
        response ? fmt::format("the stream ended: status={}", response->status) : response.error().message;
    const std::int64_t retry_ms = events_.retry_ms().value_or(kRetryDefaultMs);
    std::fprintf(stderr, "%s; coming back in %.1f s\n", why.c_str(), static_cast<double>(retry_ms) / 1000);
    loop_.After(milliseconds(retry_ms), [this] { Connect(); });
  }

  void Take(const apiclient::ServerEvent& event) {
    if (event.type == "failure") {
      std::fprintf(stderr, "%s\n", event.data.c_str());
      return;
    }
    if (done_ || (event.type != "snapshot" && event.type != "points")) return;
    if (arguments_.json) {
      std::printf("%s\n", event.data.c_str());
    } else {
      Print(event);
    }
    std::fflush(stdout);
    if (event.type == "points" && arguments_.points_max > 0 && ++points_ >= arguments_.points_max) {
      done_ = true;
      loop_.Stop();
    }
  }

  void Print(const apiclient::ServerEvent& event) {
    element root;
    if (parser_.parse(event.data).get(root) != simdjson::SUCCESS) return;
    array series;
    if (root["series"].get(series) != simdjson::SUCCESS) return;
    if (event.type == "snapshot") names_.clear();
    for (const element& one : series) {
      std::uint64_t number = 0;
      if (one["n"].get(number) != simdjson::SUCCESS) continue;
      if (object metric; one["metric"].get(metric) == simdjson::SUCCESS) names_[number] = NameOf(metric);
      for (const char* kind : {"values", "histograms"}) {
        array points;
        if (one[kind].get(points) != simdjson::SUCCESS) continue;
        for (const element& point : points)
          PrintPoint(number, point);
      }
    }
    if (array forgotten; root["forgotten"].get(forgotten) == simdjson::SUCCESS) {
      for (const element& one : forgotten) {
        if (std::uint64_t number = 0; one.get(number) == simdjson::SUCCESS) names_.erase(number);
      }
    }
  }

  void PrintPoint(std::uint64_t number, const element& point) {
    double seconds = 0;
    if (point.at(0).get(seconds) != simdjson::SUCCESS) return;
    std::string_view text;
    const std::string value = point.at(1).get(text) == simdjson::SUCCESS
                                  ? std::string(text)
                                  : simdjson::minify(point.at(1).value());
    std::printf("%.3f  %s  %s\n", seconds, names_[number].c_str(), value.c_str());
  }

  static std::string NameOf(const object& metric) {
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (const auto& [name, value] : metric) {
      if (std::string_view text; value.get(text) == simdjson::SUCCESS) pairs.emplace_back(name, text);
    }
    return Labels::FromPairs(std::move(pairs)).ToString();
  }

  io::EventLoop& loop_;
  const FollowArguments& arguments_;
  const std::string target_;
  http::AsyncClient client_;
  apiclient::EventStream events_;
  simdjson::dom::parser parser_;
  std::map<std::uint64_t, std::string> names_;  // Of series, by their number.
  std::uint64_t points_ = 0;
  bool done_ = false;
  std::optional<Error> failure_;
};

}  // namespace

Status FollowQuery(const FollowArguments& arguments) {
  auto url = http::ParseUrl(arguments.url);
  if (!url) return FailWith("--to", std::move(url).error());
  Outbound out;
  TICKSCOPE_ASSIGN_OR_RETURN(http::ClientOptions options, out.Options(arguments.connect));
  options.request_timeout = kSilenceMax;
  const auto loop = out.network().MakeLoop();
  TICKSCOPE_ASSIGN_OR_RETURN(const auto signals, io::SignalWaiter::Start([&loop](io::Signal signal) {
                               if (signal != io::Signal::kHangUp) loop->Stop();
                             }));
  Follow follow(out.network(), *loop, *std::move(url), std::move(options), arguments);
  loop->Post([&follow] { follow.Connect(); });
  loop->Run();
  if (follow.failure()) return std::unexpected(*follow.failure());
  return {};
}

}  // namespace tickscope::roles
