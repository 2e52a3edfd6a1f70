// AgentReload: how a running agent takes up other settings: all of them by SIGHUP, the schema and the tokenizer's key when the fleet is told.
//
//   SIGHUP -> read files -> logs get ready, on their loop -> guard, targets, receivers, sums -> logs take it up, or let it go
//
// All or nothing, but for keys that change with a restart only: those are told by name, and stay as they are.
//
// Threads   The agent's loop; what the log pipeline says comes back to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/agent_config.h"
#include "agent/agent_metrics.h"
#include "agent/told_version.h"
#include "control/settings.h"
#include "guard/guard.h"
#include "roles/running_logs.h"
#include "spool/shared_disk.h"
#include "statsd/histogram_form.h"

namespace tickscope::roles {

class AgentReload {
 public:
  /// All outlive it.
  struct Parts {
    io::FileSystem& fs;
    io::EventLoop& loop;
    const Clock& clock;
    MetricRegistry& registry;
    agent::AgentMetrics& metrics;
    agent::Agent& agent;
    guard::Guard& guard;
    statsd::HistogramForms& histogram_forms;  ///< That the agent's context points to.
    spool::SharedDisk& disk;
    std::function<Result<agent::AgentConfig>()> load;  ///< Reads the file, with the command line over it.
    std::function<Status(const agent::AgentConfig&)> apply;  ///< Targets and receivers: all or nothing.
  };
  AgentReload(Parts parts, agent::AgentConfig config);

  /// Before anything else: what the guard was opened with.
  void SetSchema(std::uint64_t number) { schema_.SetInForce(number); }
  /// Null for none. Their thread ends before this does.
  void SetLogs(RunningLogs* logs);

  /// Reads the file again. One that comes while another is under way follows it.
  void Reload();
  /// From now on nothing is taken up any more.
  void Stop() { is_stopped_ = true; }
  /// What the fleet is told to use.
  void Tell(const control::FleetSettings& settings);

  [[nodiscard]] const agent::ToldVersion& schema() const { return schema_; }
  [[nodiscard]] const agent::ToldVersion& keys() const { return keys_; }
  /// Of the key in use.
  [[nodiscard]] std::uint64_t key_epoch() const { return logs_ == nullptr ? 0 : logs_->key_epoch(); }

 private:
  void OnLogsReady(const Status& ready, agent::AgentConfig wanted);
  [[nodiscard]] Status TakeUp(agent::AgentConfig wanted);
  [[nodiscard]] Status TakeUpSchema(const guard::GuardOptions& options, const agent::AgentConfig& config);
  [[nodiscard]] Result<std::uint64_t> ReadSchema(std::uint64_t wanted);
  void ReadKeys(std::uint64_t wanted, agent::ToldVersion::Done done);
  void End(const Status& reloaded);
  void TellKeys();

  const Parts parts_;
  agent::AgentConfig config_;  // In force: what changes with a restart only is as it was at the start.
  RunningLogs* logs_ = nullptr;
  agent::ToldVersion schema_;
  agent::ToldVersion keys_;
  std::uint64_t key_epoch_told_ = 0;
  bool is_reloading_ = false;
  bool is_asked_again_ = false;
  bool is_stopped_ = false;
};

}  // namespace tickscope::roles
