// PageViewer: all of a dashboard's queries over one stream.
#include <fmt/format.h>

#include <charconv>
#include <set>
#include <utility>

#include "viewers/viewer.h"
#include "wire/json_writer.h"

namespace tickscope::viewers {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::int64_t kRetryDefaultMs = 3000;
constexpr std::size_t kRequestBytesMax = 4 << 20;

// The number behind `"key":`, which events carry near their beginning; 0 when there is none.
double NumberAfter(std::string_view data, std::string_view key) {
  const std::size_t at = data.find(key);
  if (at == std::string_view::npos) return 0;
  const std::string_view rest = data.substr(at + key.size());
  double value = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value;
}

// Points that an event carries: each ends with its value's quote and bracket. A bucket of a native histogram counts as one, and so
// does a label that ends so, which is rare.
std::uint64_t PointsIn(std::string_view data) {
  std::uint64_t points = 0;
  for (std::size_t at = data.find("\"]"); at != std::string_view::npos; at = data.find("\"]", at + 2))
    ++points;
  return points;
}

class PageViewer final : public Viewer {
 public:
  PageViewer(ViewerWorld& world, const Dashboard& dashboard)
      : Viewer(world, dashboard), events_([this](const apiclient::ServerEvent& event) { Take(event); }) {}

 private:
  void Begin() override {
    wire::JsonWriter json(body_, kRequestBytesMax);
    json.BeginObject();
    json.Key("queries");
    json.BeginArray();
    for (const Panel& panel : dashboard_.panels) {
      const Window window = WindowOf(dashboard_, panel);
      for (const std::string& query : panel.queries) {
        json.BeginObject();
        json.Key("id");
        json.String(std::to_string(classes_.size()));
        json.Key("query");
        json.String(Substitute(query, values_, window));
        json.Key("range");
        json.String(fmt::format("{}ms", window.range_ms));
        json.Key("step");
        json.String(fmt::format("{}ms", window.step_ms));
        json.EndObject();
        classes_.push_back(ClassOf(window.range_ms));
      }
    }
    json.EndArray();
    json.EndObject();
    Connect();
  }

  void Connect() {
    http::Request request = MakeRequest("POST", "/api/v1/stream");
    request.headers.Set("Content-Type", "application/json");
    request.headers.Set("Accept", "text/event-stream");
    if (!events_.last_id().empty()) request.headers.Set("Last-Event-ID", events_.last_id());
    request.body = body_;
    events_.Restart();
    connected_ = Now();
    awaited_.fill(0);
    seen_.clear();
    if (events_.last_id().empty()) {
      for (const WindowClass window : classes_)
        ++awaited_[static_cast<std::size_t>(window)];
    }
    client_.Follow(std::move(request),
                   {.on_head = [this](const http::Response&) { world_.stats.Connected(); },
                    .on_content =
                        [this](std::string_view content) {
                          world_.stats.AddBytes(content.size());
                          events_.Feed(content);
                        }},
                   [this](const Result<http::Response>& response) { OnEnd(response); });
  }

  void OnEnd(const Result<http::Response>& response) {
    if (!response) {
      world_.stats.RecordError(WindowClass::kUpTo12h, std::string(ErrorCodeName(response.error().code)),
                               response.error().message);
    } else if (const std::string flaw = FlawOf(*response); !flaw.empty()) {
      world_.stats.RecordError(WindowClass::kUpTo12h, flaw, response->body.substr(0, 300));
    }
    const std::int64_t retry_ms = events_.retry_ms().value_or(kRetryDefaultMs);
    // A server that is away gives no new time, so chance is added here too.
    const auto extra =
        static_cast<std::int64_t>(world_.random.Below(static_cast<std::uint64_t>(retry_ms / 2 + 1)));
    world_.loop.After(milliseconds(retry_ms + extra), [this] { Connect(); });
  }

  void Take(const apiclient::ServerEvent& event) {
    const auto id = static_cast<std::size_t>(NumberAfter(event.data, "\"query\":\""));
    const WindowClass window = id < classes_.size() ? classes_[id] : WindowClass::kUpTo12h;
    if (event.type == "snapshot") {
      world_.stats.SnapshotCame(PointsIn(event.data));
      auto& awaited = awaited_[static_cast<std::size_t>(window)];
      if (seen_.insert(id).second && awaited > 0 && --awaited == 0)
        world_.stats.RecordFirstView(window, Now() - connected_);
    } else if (event.type == "points") {
      const double to_ms = NumberAfter(event.data, "\"to\":") * 1000;
      const double lag_ms = static_cast<double>(world_.clock.NowMs()) - to_ms;
      world_.stats.RecordEvent(window, nanoseconds(static_cast<std::int64_t>(lag_ms * 1e6)),
                               PointsIn(event.data));
    } else if (event.type == "failure") {
      world_.stats.RecordError(window, "failure event", event.data.substr(0, 300));
    }
  }

  std::string body_;
  std::vector<WindowClass> classes_;  // By query.
  apiclient::EventStream events_;
  nanoseconds connected_{0};
  std::array<std::size_t, kWindowClasses> awaited_{};  // First snapshots.
  std::set<std::size_t> seen_;
};

}  // namespace

std::unique_ptr<Viewer> MakePageViewer(ViewerWorld& world, const Dashboard& dashboard) {
  return std::make_unique<PageViewer>(world, dashboard);
}

}  // namespace tickscope::viewers
