// tickscope agent: scrape targets, send what they say by remote write.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/agent.h"
#include "agent/agent_config.h"
#include "agent/agent_metrics.h"
#include "agent/fleet_follower.h"
#include "api/guard_route.h"
#include "api/process_routes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "config/yaml_tree.h"
#include "control/schema_number.h"
#include "discovery/discovery.h"
#include "http/router.h"
#include "http/server.h"
#include "io/asio_network.h"
#include "io/disk_of.h"
#include "io/host_probe.h"
#include "io/posix_file_system.h"
#include "io/process_info.h"
#include "io/process_table.h"
#include "io/secret_memory.h"
#include "io/signals.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "roles/agent_dry_run.h"
#include "roles/agent_pages.h"
#include "roles/agent_reload.h"
#include "roles/agent_targets.h"
#include "roles/commands.h"
#include "roles/guard_rejects.h"
#include "roles/open_guard.h"
#include "roles/running_logs.h"

namespace tickscope::roles {
namespace {

constexpr std::size_t kWaitingScrapesMax = 10'000;
constexpr std::size_t kWaitingRequestsMax = 1'000;
constexpr std::chrono::milliseconds kServerDrain{1'000};

/// What the command line says; each overrules the file.
struct Flags {
  std::string config_path;
  std::optional<std::string> listen;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
  bool check = false;
  bool dry_run = false;
};

Result<agent::AgentConfig> LoadConfig(const Flags& flags) {
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string text,
                             io::ReadWholeFile(*fs, flags.config_path, config::kYamlBytesMax));
  TICKSCOPE_ASSIGN_OR_RETURN(agent::AgentConfig config, agent::ParseAgentConfig(text, flags.config_path));
  if (flags.listen) config.listen = *flags.listen;
  if (flags.log_level) {
    TICKSCOPE_ASSIGN_OR_RETURN(config.log_level, ParseLogLevel(*flags.log_level));
  }
  if (flags.log_format) {
    TICKSCOPE_ASSIGN_OR_RETURN(config.log_format, ParseLogFormat(*flags.log_format));
  }
  return config;
}

void AddProcessMetrics(MetricRegistry& metrics, const io::ProcessInfo& process) {
  const auto gauge = [&](std::string_view name, std::string_view help, auto read) {
    metrics.AddCallbackGauge(name, help, {}, [&process, read] {
      const auto usage = process.Read();
      return usage ? read(*usage) : 0.0;
    });
  };
  gauge("process_resident_memory_bytes", "Memory resident in bytes.",
        [](const io::ProcessUsage& usage) { return static_cast<double>(usage.resident_bytes); });
  gauge("process_cpu_seconds_total", "User and system CPU time spent in seconds.",
        [](const io::ProcessUsage& usage) { return usage.cpu_seconds; });
  gauge("process_open_fds", "Open file descriptors.",
        [](const io::ProcessUsage& usage) { return static_cast<double>(usage.open_file_count); });
}

std::size_t ShardCount(const agent::AgentConfig& config) {
  std::size_t shards = 0;
  for (const auto& remote : config.remote_writes)
    shards += remote.shards;
  return shards + (config.logs.is_on() ? 1 : 0);
}

// The configuration in force, and the targets found for it.
class Targets {
 public:
  Targets(const discovery::DiscoveryContext& context, discovery::Discovery::Executor executor,
          agent::Agent& agent)
      : agent_(agent),
        discovery_(context, std::move(executor), [this](const discovery::Found& found) { Take(found); }) {}

  /// All or nothing, as Agent::Apply.
  [[nodiscard]] Status Apply(agent::AgentConfig config) {
    TakeFound(discovery_.Follow(DiscoveryPlanOf(config)), config);
    if (Status applied = agent_.Apply(config); !applied) {
      TakeFound(discovery_.Follow(DiscoveryPlanOf(config_)), config_);
      return applied;
    }
    config_ = std::move(config);
    return {};
  }
  void Stop() { discovery_.Stop(); }

 private:
  void Take(const discovery::Found& found) {
    TakeFound(found, config_);
    if (const Status applied = agent_.Apply(config_); !applied) {
      Log(LogLevel::kError, "targets that were found are not taken up", {{"error", applied.error().message}});
      return;
    }
    Log(LogLevel::kInfo, "targets changed", {{"targets", agent_.target_count()}});
  }

  agent::Agent& agent_;
  agent::AgentConfig config_;
  discovery::Discovery discovery_;
};

control::AgentReport Report(const agent::Agent& agent, const agent::AgentMetrics& metrics,
                            const AgentReload& reload) {
  control::AgentReport report{.version = TICKSCOPE_VERSION,
                              .cadence_ms = agent.cadence_ms(),
                              .schema_version = reload.schema().in_force(),
                              .key_epoch = reload.key_epoch(),
                              .lag_ms = agent.lag_ms(),
                              .rejects = metrics.dropped(agent::DropReason::kGuard)};
  for (std::size_t i = 0; i < agent::kDropReasonCount; ++i) {
    const auto reason = static_cast<agent::DropReason>(i);
    if (reason != agent::DropReason::kGuard) report.lost += metrics.dropped(reason);
  }
  return report;
}

std::string NumberText(std::uint64_t number) {
  return number == 0 ? std::string() : std::to_string(number);
}

agent::FleetStatus FleetStatusOf(const agent::FleetFollower& follower, const AgentReload& reload) {
  const auto told = [](const agent::ToldVersion& version, const auto& text) {
    return agent::ToldStatus{.told = text(version.told()),
                             .in_force = text(version.in_force()),
                             .is_behind = version.is_behind(),
                             .error = version.error()};
  };
  return {.generation = follower.settings().generation,
          .schema = told(reload.schema(), control::SchemaNumberText),
          .keys = told(reload.keys(), NumberText)};
}

Status Run(const Flags& flags, const agent::AgentConfig& config) {
  // Each arena keeps memory of its own; with a handful of mostly idle threads one is enough.
  mallopt(M_ARENA_MAX, 1);
  const auto clock = io::MakeSystemClock();
  SetLogOptions({.level = config.log_level, .format = config.log_format, .clock = clock.get()});
  if (!config.core_dump_memory) {
    if (const Status kept = io::KeepMemoryOutOfCoreDumps(); !kept)
      Log(LogLevel::kWarn, "there will be no core dumps at all", {{"error", kept.error().message}});
  }
  const auto random = io::MakeSystemRandom();
  const auto fs = io::MakePosixFileSystem();
  const auto network = io::MakeAsioNetwork();
  const auto process = io::MakeProcessInfo();
  const auto processes = io::MakeProcessTable();
  const auto probe = io::MakeHostProbe();
  const auto datagrams = io::MakeAsioDatagrams();
  const auto loop = network->MakeLoop();
  MetricRegistry registry;
  AddProcessMetrics(registry, *process);
  agent::AgentMetrics metrics(registry);
  TICKSCOPE_ASSIGN_OR_RETURN(const guard::GuardOptions schema, ReadGuardOptions(*fs, config.guard));
  TICKSCOPE_ASSIGN_OR_RETURN(const auto guard, guard::Guard::Make(schema, *clock, registry));
  statsd::HistogramForms histogram_forms = HistogramFormsOf(schema);
  spool::SharedDisk disk(io::DiskOf, config.disk_bytes_max);
  std::atomic<bool> is_ready{false};

  // Before any other thread, for threads inherit what is blocked. Nothing arrives before the loop runs.
  std::function<void(io::Signal)> on_signal;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto signals, io::SignalWaiter::Start([&](io::Signal signal) {
                               loop->Post([&on_signal, signal] { on_signal(signal); });
                             }));

  WorkerPool scrape_pool(config.scrape_workers, kWaitingScrapesMax);
  // One more, so that settings can be asked for while all receivers are slow.
  WorkerPool send_pool(ShardCount(config) + 1, kWaitingRequestsMax);
  agent::AgentContext context{.network = *network,
                              .loop = *loop,
                              .clock = *clock,
                              .random = *random,
                              .metrics = metrics,
                              .processes = *processes,
                              .guard = guard.get(),
                              .fs = fs.get(),
                              .registry = &registry,
                              .disk = &disk,
                              .host_name = io::HostName(),
                              .probe = probe.get(),
                              .datagrams = datagrams.get(),
                              .histogram_forms = &histogram_forms};
  const auto send = [&](WorkerPool::Task&& task) { return send_pool.Submit(std::move(task)); };
  TICKSCOPE_ASSIGN_OR_RETURN(const auto follower, agent::FleetFollower::Make(config.fleet, context, send));
  context.observer = follower.get();
  agent::Agent agent(
      context, [&](WorkerPool::Task&& task) { return scrape_pool.Submit(std::move(task)); }, send);
  Targets targets(
      {.network = *network, .loop = *loop, .fs = *fs, .clock = *clock, .metrics = registry},
      [&](WorkerPool::Task&& task) { return scrape_pool.Submit(std::move(task)); }, agent);
  AgentReload reload(
      {.fs = *fs,
       .loop = *loop,
       .clock = *clock,
       .registry = registry,
       .metrics = metrics,
       .agent = agent,
       .guard = *guard,
       .histogram_forms = histogram_forms,
       .disk = disk,
       .load = [&flags] { return LoadConfig(flags); },
       .apply = [&targets](const agent::AgentConfig& wanted) { return targets.Apply(wanted); }},
      config);
  reload.SetSchema(SchemaNumberOf(schema));
  follower->SetHooks({.set_cadence = [&agent](std::int64_t cadence_ms) { agent.SetCadence(cadence_ms); },
                      .tell = [&reload](const control::FleetSettings& told) { reload.Tell(told); },
                      .report = [&agent, &metrics, &reload] { return Report(agent, metrics, reload); }});
  std::unique_ptr<RunningLogs> logs;
  std::size_t still_running = 0;  // Of what is shutting down.
  on_signal = [&](io::Signal signal) {
    if (signal == io::Signal::kHangUp) {
      if (is_ready) reload.Reload();
      return;
    }
    if (!is_ready.exchange(false)) return;
    Log(LogLevel::kInfo, "shutting down");
    targets.Stop();
    reload.Stop();
    const std::chrono::milliseconds timeout(config.shutdown_timeout_ms);
    const auto one_ended = [&] {
      if (--still_running == 0) loop->Stop();
    };
    still_running = logs != nullptr ? 2 : 1;
    if (logs != nullptr) logs->Shutdown(timeout, [&, one_ended] { loop->Post(one_ended); });
    agent.Shutdown(timeout, one_ended);
  };

  http::Router router;
  const auto describe = [&] {
    agent::AgentStatus status = agent.Describe();
    if (follower->is_listening()) status.fleet = FleetStatusOf(*follower, reload);
    return status;
  };
  RegisterAgentPages(router, *loop, *clock, describe, TICKSCOPE_VERSION);
  api::RegisterProcessRoutes(router, {.ready = [&]() -> Status {
                                        if (is_ready) return {};
                                        return Fail(ErrorCode::kUnavailable, "starting or shutting down");
                                      },
                                      .metrics = registry});
  const GuardRejectList rejects(*guard);
  api::RegisterGuardRoute(router, rejects);
  TICKSCOPE_ASSIGN_OR_RETURN(const auto server, http::Server::Start(
                                                    *network, {.address = config.listen},
                                                    [&](http::Request request, http::Respond respond) {
                                                      router.Handle(std::move(request), std::move(respond));
                                                    },
                                                    registry));
  TICKSCOPE_RETURN_IF_ERROR(targets.Apply(config));
  agent::AggregationRules rules = AggregationRulesOf(schema, config.external_labels);
  if (!rules.empty() && config.external_labels.empty()) {
    Log(LogLevel::kWarn,
        "sums of several agents meet in one series: give each agent external_labels of its own");
  }
  TICKSCOPE_RETURN_IF_ERROR(agent.Aggregate(config.aggregation, std::move(rules)));
  TICKSCOPE_ASSIGN_OR_RETURN(
      logs, RunningLogs::Start(config, *network, *clock, *fs, registry, disk,
                               [&](WorkerPool::Task&& task) { return send_pool.Submit(std::move(task)); }));
  reload.SetLogs(logs.get());
  is_ready = true;
  Log(LogLevel::kInfo, "agent started",
      {{"listen", server->address()},
       {"targets", agent.target_count()},
       {"receivers", config.remote_writes.size()}});
  // Parsing and joining is done, and most of it never again. The first reads bring back what they use.
  io::LetGoOfStartupCode();
  loop->Run();
  scrape_pool.Stop();
  send_pool.Stop();
  server->Drain(kServerDrain);
  Log(LogLevel::kInfo, "agent stopped");
  return {};
}

}  // namespace

int RunAgent(int argc, char** argv) {
  CLI::App app("Scrapes targets and sends what they say by Prometheus remote write 2.0, or 1.0.",
               "tickscope agent");
  Flags flags;
  app.add_option("--config", flags.config_path, "YAML file with targets and receivers")->required();
  app.add_option("--listen", flags.listen,
                 "address:port for /metrics, /-/ready, /-/healthy and /api/v1/guard/rejects");
  app.add_option("--log-level", flags.log_level, "debug, info, warn or error");
  app.add_option("--log-format", flags.log_format, "logfmt or json");
  app.add_flag("--check", flags.check, "check the configuration, print it with every default, and end");
  app.add_flag(
      "--dry-run", flags.dry_run,
      "read every target once, print what would be sent, and end; exit code 1 when a target is down");
  app.footer(
      "SIGTERM ends every series with a staleness marker, delivers what waits (shutdown_timeout) and ends.\n"
      "SIGHUP reads the configuration again; what did not change goes on untouched.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto config = LoadConfig(flags);
  if (!config) {
    std::fprintf(stderr, "tickscope agent: %s\n", config.error().message.c_str());
    return 1;
  }
  if (flags.check) {
    if (const Status checked = CheckLogs(*config); !checked) {
      std::fprintf(stderr, "tickscope agent: %s\n", checked.error().message.c_str());
      return 1;
    }
    std::fputs(agent::DescribeAgentConfig(*config).c_str(), stdout);
    return 0;
  }
  if (flags.dry_run) return DryRunAgent(*config);
  if (const Status status = Run(flags, *config); !status) {
    std::fprintf(stderr, "tickscope agent: %s\n", status.error().message.c_str());
    return 1;
  }
  return 0;
}

}  // namespace tickscope::roles
