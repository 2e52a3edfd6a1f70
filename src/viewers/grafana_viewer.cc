// GrafanaViewer: all of a dashboard's range queries at each refresh.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apiclient/prometheus_answer.h"
#include "http/gzip.h"
#include "http/router.h"
#include "viewers/viewer.h"

namespace tickscope::viewers {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// One answer of so many is read to its end; the others are believed by their status. Reading all would cost more than
// the server's work.
constexpr std::uint64_t kReadOneOf = 64;
constexpr std::size_t kAnswerBytesMax = 256 << 20;
constexpr std::chrono::seconds kLateAfter{1};

CacheUse CacheUseOf(const http::Response& response) {
  const std::string_view text = response.headers.Get("X-Tickscope-Cache");
  if (text == "hit") return CacheUse::kHit;
  if (text == "partial") return CacheUse::kPartial;
  // A query that the cache cannot serve (bypass) is no hit either.
  return text.empty() ? CacheUse::kUnknown : CacheUse::kMiss;
}

class GrafanaViewer final : public Viewer {
 public:
  using Viewer::Viewer;

 private:
  struct Query {
    std::string text;  // As a form has it.
    Window window;
    WindowClass window_class = WindowClass::kUpTo12h;
  };

  void Begin() override {
    for (const Panel& panel : dashboard_.panels) {
      const Window window = WindowOf(dashboard_, panel);
      for (const std::string& query : panel.queries) {
        queries_.push_back(
            {http::PercentEncode(Substitute(query, values_, window)), window, ClassOf(window.range_ms)});
      }
    }
    due_ = Now();
    Refresh();
  }

  void Refresh() {
    const nanoseconds refresh = world_.options.refresh;
    const nanoseconds now = Now();
    // Of several that became due meanwhile only the last is worth anything.
    const auto missed = static_cast<std::uint64_t>((now - due_) / refresh);
    due_ += refresh * static_cast<std::int64_t>(missed);
    world_.stats.RefreshDue(missed, now - due_ > kLateAfter);
    pending_ = queries_.size();
    for (const Query& query : queries_)
      SendQuery(query);
  }

  void SendQuery(const Query& query) {
    const std::int64_t step_ms = query.window.step_ms;
    const TimeMs now_ms = world_.clock.NowMs();
    const TimeMs end_ms = now_ms / step_ms * step_ms;
    const TimeMs start_ms = (now_ms - query.window.range_ms) / step_ms * step_ms;
    http::Request request = MakeRequest("POST", "/api/v1/query_range");
    request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
    const auto seconds = [](std::int64_t ms) { return fmt::format("{}.{:03}", ms / 1000, ms % 1000); };
    request.body = fmt::format("query={}&start={}&end={}&step={}", query.text, seconds(start_ms),
                               seconds(end_ms), seconds(step_ms));
    Send(
        std::move(request),
        [this, &query, due = due_](const http::Response& response, nanoseconds at) {
          world_.stats.RecordQuery(query.window_class, at - due, CacheUseOf(response), response.body.size());
          if (world_.random.Below(kReadOneOf) == 0) ReadAnswer(query, response);
        },
        [this, &query](const std::string& kind, const std::string& detail) {
          world_.stats.RecordError(query.window_class, kind, detail);
        },
        [this] {
          if (--pending_ == 0) Done();
        });
  }

  void ReadAnswer(const Query& query, const http::Response& response) {
    std::string body = response.body;
    if (response.headers.Get("Content-Encoding") == "gzip") {
      auto unpacked = http::Gunzip(body, kAnswerBytesMax);
      if (!unpacked)
        return world_.stats.RecordError(query.window_class, "unreadable", unpacked.error().message);
      body = *std::move(unpacked);
    }
    if (const auto answer = apiclient::ReadQueryAnswer(body); !answer)
      world_.stats.RecordError(query.window_class, "unreadable", answer.error().message);
  }

  void Done() {
    world_.stats.RefreshDone();
    due_ += world_.options.refresh;
    const nanoseconds wait = std::max<nanoseconds>(due_ - Now(), nanoseconds(0));
    world_.loop.After(std::chrono::ceil<milliseconds>(wait), [this] { Refresh(); });
  }

  std::vector<Query> queries_;
  nanoseconds due_{0};  // Of the refresh in progress.
  std::size_t pending_ = 0;
};

}  // namespace

std::unique_ptr<Viewer> MakeGrafanaViewer(ViewerWorld& world, const Dashboard& dashboard) {
  return std::make_unique<GrafanaViewer>(world, dashboard);
}

}  // namespace tickscope::viewers
