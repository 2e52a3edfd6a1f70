// A site in memory for the agent's tests: targets that answer what a test tells them, a remote-write receiver that
// decodes what it gets, and an agent between them, on one thread and simulated time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/agent.h"
#include "agent/agent_config.h"
#include "agent/agent_metrics.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "http/server.h"
#include "io/memory_datagrams.h"
#include "io/memory_file_system.h"
#include "io/memory_network.h"
#include "wire/remote_write_headers.h"

namespace tickscope::agent {

/// A sample as the receiver saw it.
struct Arrived {
  std::string series;  ///< Labels::ToString
  TimeMs time_ms = 0;
  std::string value;  ///< "1.0", "stale", "histogram 3", "stale histogram"

  friend bool operator==(const Arrived&, const Arrived&) = default;
};

/// Processes that run because a test says so.
class SaidProcesses final : public io::ProcessTable {
 public:
  [[nodiscard]] bool Runs(std::uint64_t pid, std::uint64_t start) const override {
    return running.contains({pid, start});
  }
  std::set<std::pair<std::uint64_t, std::uint64_t>> running;
};

/// Lets gtest print one.
void PrintTo(const Arrived& arrived, std::ostream* out);

class SimulatedSite {
 public:
  static constexpr TimeMs kStartMs = 1'700'000'000'000;

  SimulatedSite();
  ~SimulatedSite();

  /// Serves at "host:port" until replaced.
  void AddTarget(const std::string& address, http::Handler handler);
  /// The common case: one text body, changeable through the returned string.
  std::shared_ptr<std::string> AddTextTarget(const std::string& address, std::string body);
  /// Starts the agent with a configuration, or applies another. The receiver is at receiver:9280.
  [[nodiscard]] Status Apply(std::string_view yaml);
  /// The agent is gone at once, as by SIGKILL; Apply starts another one. The file system stays.
  void Kill();
  void RunFor(std::chrono::milliseconds period) { network.scheduler().RunFor(period); }
  /// Asks for shutdown and runs until it is done; returns how long it took.
  std::chrono::milliseconds Shutdown(std::chrono::milliseconds timeout);

  /// Everything the receiver took since the last call.
  [[nodiscard]] std::vector<Arrived> TakeArrived() { return std::exchange(arrived_, {}); }

  ManualClock clock;
  io::MemoryNetwork network;
  io::MemoryFileSystem fs;
  MetricRegistry registry;
  AgentMetrics metrics;
  SaidProcesses processes;
  // Of the agent that the next Apply starts.
  guard::Guard* guard = nullptr;
  const io::HostProbe* probe = nullptr;
  io::Datagrams* datagrams = nullptr;
  const statsd::HistogramForms* histogram_forms = nullptr;
  /// All that is simulated lies on one.
  spool::SharedDisk disk{[](const std::string&) { return Result<std::uint64_t>(1); }};
  std::unique_ptr<Agent> agent;

  /// Items that left a spool without being delivered, as the metrics have it.
  [[nodiscard]] std::uint64_t LostItems(const std::string& url, const std::string& of_class,
                                        const std::string& reason);

  /// What the receiver answers; by default 204 and, to 2.0, how many it wrote.
  std::function<http::Response(const http::Request&)> answer;
  std::vector<wire::RemoteWriteProtocol> protocols;  ///< Of each request it got.
  std::vector<TimeMs> request_times_ms;
  std::vector<http::Headers> request_headers;
  std::map<std::string, TimeMs> starts_ms;            ///< Newest start timestamp of each series that had one.
  std::map<std::string, std::string> metadata_types;  ///< By series, from 2.0 requests that carried it.

 private:
  [[nodiscard]] http::Response Receive(const http::Request& request);
  void Decode(const http::Request& request, wire::RemoteWriteProtocol protocol, std::vector<Arrived>& out);

  MetricRegistry server_registry_;
  SeededRandom random_{7};
  std::unique_ptr<io::EventLoop> loop_;
  std::map<std::string, std::unique_ptr<http::Server>> servers_;
  std::vector<Arrived> arrived_;
};

/// The whole configuration for targets at the addresses, scraped every 10 s.
[[nodiscard]] std::string SiteYaml(const std::vector<std::string>& addresses,
                                   std::string_view more_scrape_settings = "",
                                   std::string_view more_remote_settings = "");

}  // namespace tickscope::agent
