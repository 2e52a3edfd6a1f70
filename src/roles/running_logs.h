// RunningLogs: the agent's log pipeline with the loop and the thread it runs on.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "agent/agent_config.h"
#include "agent/log_pipeline.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "io/datagrams.h"
#include "io/file_system.h"
#include "io/network.h"

namespace tickscope::roles {

/// What can be wrong with the configuration's logs that is not in the file itself: keys that are not to be read.
[[nodiscard]] Status CheckLogs(const agent::AgentConfig& config);

[[nodiscard]] agent::LogSettings LogSettingsOf(const agent::AgentConfig& config);

class RunningLogs {
 public:
  /// Null when the configuration has no logs. All outlive it, and the executor's tasks end before it does. Errors: as CheckLogs,
  /// LogPipeline::Make and LogPipeline::Start.
  [[nodiscard]] static Result<std::unique_ptr<RunningLogs>> Start(
      const agent::AgentConfig& config, io::Network& network, const Clock& clock, io::FileSystem& fs,
      MetricRegistry& registry, spool::SharedDisk& disk, agent::Executor executor);

  // As LogPipeline: what they call is called on its loop.
  void PrepareReload(agent::LogSettings settings, std::function<void(Status)> ready) {
    pipeline_->PrepareReload(std::move(settings), std::move(ready));
  }
  void FinishReload(bool take_up, std::function<void()> done) {
    pipeline_->FinishReload(take_up, std::move(done));
  }
  void UseKeyEpoch(tokens::TokenEpoch epoch, std::function<void(Result<tokens::TokenEpoch>)> done) {
    pipeline_->UseKeyEpoch(epoch, std::move(done));
  }
  [[nodiscard]] tokens::TokenEpoch key_epoch() const { return pipeline_->key_epoch(); }
  void Shutdown(std::chrono::milliseconds timeout, std::function<void()> done) {
    pipeline_->Shutdown(timeout, std::move(done));
  }

 private:
  std::unique_ptr<Random> random_;
  std::unique_ptr<io::Datagrams> datagrams_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<agent::LogPipeline> pipeline_;
  std::unique_ptr<io::LoopThread> thread_;
};

}  // namespace tickscope::roles
