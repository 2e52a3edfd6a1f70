#include "roles/running_logs.h"

#include <utility>

#include "io/asio_network.h"
#include "io/foreign_directory.h"
#include "io/process_info.h"
#include "io/system_random.h"
#include "tokens/file_key_provider.h"

namespace tickscope::roles {
namespace {

Result<std::unique_ptr<tokens::KeyProvider>> OpenKeys(const agent::LogTokensConfig& config) {
  if (config.keys.empty()) return nullptr;
  return tokens::FileKeyProvider::Open(config.keys);
}

}  // namespace

Status CheckLogs(const agent::AgentConfig& config) {
  const auto keys = OpenKeys(config.logs.tokens);
  return keys ? Status() : Status(std::unexpected(keys.error()));
}

agent::LogSettings LogSettingsOf(const agent::AgentConfig& config) {
  return {.config = config.logs,
          .external_labels = config.external_labels,
          .player_patterns = config.guard.player_patterns};
}

Result<std::unique_ptr<RunningLogs>> RunningLogs::Start(const agent::AgentConfig& config,
                                                        io::Network& network, const Clock& clock,
                                                        io::FileSystem& fs, MetricRegistry& registry,
                                                        spool::SharedDisk& disk, agent::Executor executor) {
  if (!config.logs.is_on()) return nullptr;
  auto running = std::make_unique<RunningLogs>();
  running->random_ = io::MakeSystemRandom();
  running->datagrams_ = io::MakeAsioDatagrams();
  running->loop_ = network.MakeLoop();
  TICKSCOPE_ASSIGN_OR_RETURN(running->pipeline_,
                             agent::LogPipeline::Make({.settings = LogSettingsOf(config),
                                                       .open_keys = OpenKeys,
                                                       .open_directory = io::OpenForeignDirectory,
                                                       .datagrams = running->datagrams_.get()},
                                                      {.network = network,
                                                       .loop = *running->loop_,
                                                       .clock = clock,
                                                       .random = *running->random_,
                                                       .fs = fs,
                                                       .registry = registry,
                                                       .host_name = io::HostName(),
                                                       .disk = &disk},
                                                      std::move(executor)));
  TICKSCOPE_RETURN_IF_ERROR(running->pipeline_->Start());
  running->thread_ = network.RunInBackground(*running->loop_);
  return running;
}

}  // namespace tickscope::roles
