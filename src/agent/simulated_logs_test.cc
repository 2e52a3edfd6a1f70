#include "agent/simulated_logs_test.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include "wire/delivery_headers.h"

namespace tickscope::agent {

SimulatedLogs::SimulatedLogs(SimulatedSite& site)
    : site_(site),
      server_(http::Server::Start(
                  site.network, {.address = "loki:3100"},
                  [this](const http::Request& request, http::Respond respond) { respond(Receive(request)); },
                  server_registry_)
                  .value()) {}

SimulatedLogs::~SimulatedLogs() {
  Kill();
}

Status SimulatedLogs::Start(std::string_view yaml) {
  TICKSCOPE_ASSIGN_OR_RETURN(const AgentConfig config, ParseAgentConfig(yaml, "site.yaml"));
  loop_ = site_.network.MakeLoop();
  TICKSCOPE_ASSIGN_OR_RETURN(
      pipeline, LogPipeline::Make({.settings = SettingsOf(config),
                                   .open_keys = [this](const LogTokensConfig&) { return open_keys(); },
                                   .open_directory = [this](const std::string& path)
                                       -> Result<std::unique_ptr<io::ForeignDirectory>> {
                                     if (path == kDirectory) return directory.Open();
                                     return Fail(ErrorCode::kNotFound, "no such directory: " + path);
                                   },
                                   .datagrams = site_.datagrams},
                                  {.network = site_.network,
                                   .loop = *loop_,
                                   .clock = site_.clock,
                                   .random = random_,
                                   .fs = site_.fs,
                                   .registry = site_.registry,
                                   .host_name = "the-host",
                                   .disk = &site_.disk},
                                  [](WorkerPool::Task&& task) {
                                    task();
                                    return true;
                                  }));
  return pipeline->Start();
}

LogSettings SimulatedLogs::SettingsOf(const AgentConfig& config) {
  return {.config = config.logs, .external_labels = config.external_labels, .player_patterns = {}};
}

Status SimulatedLogs::Reload(std::string_view yaml, bool take_up) {
  TICKSCOPE_ASSIGN_OR_RETURN(const AgentConfig config, ParseAgentConfig(yaml, "site.yaml"));
  std::optional<Status> ready;
  pipeline->PrepareReload(SettingsOf(config), [&](Status status) { ready = std::move(status); });
  loop_->RunUntil([&] { return ready.has_value(); });
  if (!*ready) return *ready;
  bool done = false;
  pipeline->FinishReload(take_up, [&] { done = true; });
  loop_->RunUntil([&] { return done; });
  return {};
}

void SimulatedLogs::Kill() {
  pipeline.reset();
  loop_.reset();
}

void SimulatedLogs::Shutdown(std::chrono::milliseconds timeout) {
  bool done = false;
  pipeline->Shutdown(timeout, [&] { done = true; });
  loop_->RunUntil([&] { return done; });
  EXPECT_TRUE(done);
  Kill();
}

void SimulatedLogs::Write(std::string_view line, const std::string& file) {
  directory.Append(file, std::string(line) + "\n");
}

http::Response SimulatedLogs::Receive(const http::Request& request) {
  on_request(request);
  const int status = answer();
  if (status != 204) return {.status = status};
  const std::string number(request.headers.Get(wire::kDeliveryHeader));
  EXPECT_FALSE(number.empty());
  http::Response taken{.status = 204};
  if (!taken_.insert(number).second) {
    ++duplicates;
    taken.headers.Set(wire::kDuplicateHeader, "1");
    return taken;
  }
  std::string message;
  EXPECT_TRUE(snappy::Uncompress(request.body.data(), request.body.size(), &message));
  for (const logs::PushedEntry& entry : logs::PushedEntries(message)) {
    ++arrived_[entry.line];
    labels[entry.line] = entry.labels;
  }
  if (is_answer_lost()) return {.status = 502};
  return taken;
}

}  // namespace tickscope::agent
