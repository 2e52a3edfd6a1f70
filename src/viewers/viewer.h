// Viewer: one person in front of one dashboard. Internal to viewers_run.
//
// Threads   Its loop's.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apiclient/event_stream.h"
#include "base/clock.h"
#include "base/random.h"
#include "http/async_client.h"
#include "viewers/dashboard.h"
#include "viewers/viewer_stats.h"
#include "viewers/viewers_run.h"

namespace tickscope::viewers {

/// What the viewers of one loop share; outlives them.
struct ViewerWorld {
  io::Network& network;
  io::EventLoop& loop;
  const Clock& clock;
  const ViewersOptions& options;
  ViewerStats& stats;
  SeededRandom random;
};

class Viewer {
 public:
  /// `dashboard` outlives it.
  Viewer(ViewerWorld& world, const Dashboard& dashboard);
  virtual ~Viewer() = default;
  /// Comes after a while by chance, at most one refresh.
  void Start();

 protected:
  using Answered = std::function<void(const http::Response& response, std::chrono::nanoseconds at)>;
  using Failed = std::function<void(const std::string& kind, const std::string& detail)>;

  /// The dashboard's variables are known.
  virtual void Begin() = 0;

  [[nodiscard]] http::Request MakeRequest(std::string_view method, std::string_view path) const;
  /// Sends; calls one of the two, and `done` after it.
  void Send(http::Request request, Answered answered, Failed failed, std::function<void()> done);
  [[nodiscard]] std::chrono::nanoseconds Now() const { return world_.clock.Monotonic(); }

  ViewerWorld& world_;
  const Dashboard& dashboard_;
  std::map<std::string, std::string> values_;  // Of variables.
  http::AsyncClient client_;

 private:
  void Open();
  void OpenOne(http::Request request, Answered more);
  void TakeValue(const Variable& variable, const http::Response& response);

  std::size_t opening_ = 0;
};

[[nodiscard]] std::unique_ptr<Viewer> MakeGrafanaViewer(ViewerWorld& world, const Dashboard& dashboard);
[[nodiscard]] std::unique_ptr<Viewer> MakePageViewer(ViewerWorld& world, const Dashboard& dashboard);

/// Kind of an answer that is no success, for example "http 503"; empty when it is one.
[[nodiscard]] std::string FlawOf(const http::Response& response);

}  // namespace tickscope::viewers
