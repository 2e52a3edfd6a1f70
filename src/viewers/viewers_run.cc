#include "viewers/viewers_run.h"

#include <utility>

#include "base/check.h"
#include "viewers/viewer.h"

namespace tickscope::viewers {

// A loop and its share of the viewers.
class ViewersRun::Lane {
 public:
  Lane(io::Network& network, const Clock& clock, const ViewersOptions& options, ViewerStats& stats,
       std::uint64_t seed, std::vector<Dashboard> dashboards)
      : options_(options),
        dashboards_(std::move(dashboards)),
        loop_(network.MakeLoop()),
        world_{network, *loop_, clock, options_, stats, SeededRandom(seed)} {}

  ~Lane() {
    thread_.reset();  // From here on nothing runs on the loop.
    viewers_.clear();
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void Add(std::size_t dashboard) {
    const Dashboard& watched = dashboards_[dashboard % dashboards_.size()];
    viewers_.push_back(options_.mode == ViewerMode::kPage ? MakePageViewer(world_, watched)
                                                          : MakeGrafanaViewer(world_, watched));
  }
  void Start(io::Network& network) {
    loop_->Post([this] {
      for (const auto& viewer : viewers_)
        viewer->Start();
    });
    thread_ = network.RunInBackground(*loop_);
  }

 private:
  const ViewersOptions options_;
  const std::vector<Dashboard> dashboards_;
  const std::unique_ptr<io::EventLoop> loop_;
  ViewerWorld world_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  std::unique_ptr<io::LoopThread> thread_;
};

ViewersRun::ViewersRun(io::Network& network, const Clock& clock, ViewersOptions options,
                       std::vector<Dashboard> dashboards)
    : clock_(clock), started_(clock.Monotonic()) {
  TICKSCOPE_CHECK(!dashboards.empty() && options.count > 0 && options.threads > 0);
  for (std::size_t i = 0; i < options.threads; ++i) {
    lanes_.push_back(
        std::make_unique<Lane>(network, clock, options, stats_, MixBits(options.seed + i), dashboards));
  }
  for (std::size_t i = 0; i < options.count; ++i)
    lanes_[i % lanes_.size()]->Add(i);
  for (const auto& lane : lanes_)
    lane->Start(network);
}

ViewersRun::~ViewersRun() = default;

ViewersReport ViewersRun::Report() const {
  ViewersReport report = stats_.Report();
  report.seconds = std::chrono::duration<double>(clock_.Monotonic() - started_).count();
  return report;
}

}  // namespace tickscope::viewers
