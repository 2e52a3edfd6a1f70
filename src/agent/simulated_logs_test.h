// Logs of a simulated site: a directory that a game writes to, a log pipeline over the site's disk and network, and a receiver of Loki's
// push API that takes each numbered push once, as a gateway does.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "agent/agent_config.h"
#include "agent/log_pipeline.h"
#include "agent/simulated_site_test.h"
#include "io/memory_foreign_directory.h"
#include "logs/pushed_test.h"

namespace tickscope::agent {

class SimulatedLogs {
 public:
  /// The url to push to, and the directory of the files.
  static constexpr std::string_view kUrl = "http://loki:3100/loki/api/v1/push";
  static constexpr std::string_view kDirectory = "/var/log/game";

  /// The site outlives it.
  explicit SimulatedLogs(SimulatedSite& site);
  ~SimulatedLogs();

  /// Starts a pipeline with the `logs` of a configuration.
  [[nodiscard]] Status Start(std::string_view yaml);
  /// Gets other settings ready, and takes them up or not.
  [[nodiscard]] Status Reload(std::string_view yaml, bool take_up = true);
  /// It is gone at once, as by SIGKILL; the disk and the files stay.
  void Kill();
  /// Asks for shutdown and runs until it is done.
  void Shutdown(std::chrono::milliseconds timeout);

  void RunUntil(const std::function<bool()>& condition) { loop_->RunUntil(condition); }

  /// A line of the file, with its end.
  void Write(std::string_view line, const std::string& file = "game.log");
  /// How often each line arrived.
  [[nodiscard]] const std::map<std::string, int>& arrived() const { return arrived_; }
  [[nodiscard]] std::uint64_t Lost(const std::string& of_class, const std::string& reason) {
    return site_.LostItems(std::string(kUrl), of_class, reason);
  }

  io::MemoryForeignDirectory directory;
  /// Status of the next answer; 204 takes what came.
  std::function<int()> answer = [] { return 204; };
  /// Whether a push that was taken is answered as if it had not been.
  std::function<bool()> is_answer_lost = [] { return false; };
  std::function<void(const http::Request&)> on_request = [](const http::Request&) {};
  std::map<std::string, std::string> labels;  ///< By line.
  std::uint64_t duplicates = 0;               ///< Pushes that came again and were known.
  std::function<Result<std::unique_ptr<tokens::KeyProvider>>()> open_keys = [] {
    return Result<std::unique_ptr<tokens::KeyProvider>>(nullptr);
  };
  std::unique_ptr<LogPipeline> pipeline;

 private:
  [[nodiscard]] static LogSettings SettingsOf(const AgentConfig& config);
  [[nodiscard]] http::Response Receive(const http::Request& request);

  SimulatedSite& site_;
  MetricRegistry server_registry_;
  SeededRandom random_{11};
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<http::Server> server_;
  std::set<std::string> taken_;  // Numbers of pushes.
  std::map<std::string, int> arrived_;
};

}  // namespace tickscope::agent
