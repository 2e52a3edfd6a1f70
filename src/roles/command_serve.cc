// tickscope serve: the server, all roles in one process by default.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/mutex.h"
#include "http/server.h"
#include "io/asio_network.h"
#include "io/posix_file_system.h"
#include "io/process_info.h"
#include "io/secret_file.h"
#include "io/secret_memory.h"
#include "io/signals.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "roles/commands.h"
#include "roles/serve.h"
#include "roles/serve_config.h"

namespace tickscope::roles {
namespace {

constexpr std::uint64_t kConfigBytesMax = 1U << 20;
// Descriptors that connections leave to the stream and the rest of the process.
constexpr std::uint64_t kOtherFilesMax = 256;

// What an arena keeps of what was given back to it. By default it returns nearly all of it to the kernel, and the next query
// has the same pages cleared and mapped again: a fifth of what a query of a few million samples costs.
constexpr int kArenaSpareBytes = 4 << 20;
constexpr int kArenaStepBytes = 1 << 20;
// From here on a piece of memory is the kernel's own, and goes back to it at once.
constexpr int kOwnMappingBytes = 4 << 20;

// Flags given on the command line; they win over the file.
struct ServeFlags {
  std::string config_file;
  std::optional<std::string> data;
  std::optional<std::string> listen;
  std::optional<std::string> roles;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
  bool admin_api = false;
};

Result<ServeConfig> LoadConfig(io::FileSystem& fs, const ServeFlags& flags) {
  ServeConfig config;
  if (!flags.config_file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string yaml,
                               io::ReadWholeFile(fs, flags.config_file, kConfigBytesMax));
    TICKSCOPE_RETURN_IF_ERROR(ReadServeConfig(yaml, flags.config_file, config));
  }
  if (flags.data) config.data_directory = *flags.data;
  if (flags.listen) config.http.address = *flags.listen;
  if (flags.roles) config.roles = *flags.roles;
  if (flags.admin_api) config.admin_api = true;
  if (flags.log_level) {
    TICKSCOPE_ASSIGN_OR_RETURN(config.log_level, ParseLogLevel(*flags.log_level));
  }
  if (flags.log_format) {
    TICKSCOPE_ASSIGN_OR_RETURN(config.log_format, ParseLogFormat(*flags.log_format));
  }
  TICKSCOPE_RETURN_IF_ERROR(ParseRoles(config.roles));
  return config;
}

// Keeps connections from using up the descriptors that the stream needs to take a new segment.
void FitConnections(http::ServerOptions& options) {
  const std::uint64_t files_max = io::RaiseOpenFileLimit();
  const std::uint64_t connections_max = files_max - std::min(files_max - 1, kOtherFilesMax);
  if (options.connections_max <= connections_max) return;
  Log(LogLevel::kWarn, "fewer connections than configured, for want of file descriptors",
      {{"connections_max", connections_max},
       {"configured", options.connections_max},
       {"files_max", files_max}});
  options.connections_max = connections_max;
}

// What the signal and stream threads tell the main thread.
class Events {
 public:
  enum class Event : std::uint8_t { kStop, kReload, kFailed };

  void Raise(Event event) {
    if (event != Event::kReload) stopping_ = true;
    {
      const MutexLock lock(mu_);
      if (event == Event::kFailed) failed_ = true;
      if (event == Event::kReload) reload_ = true;
    }
    changed_.NotifyAll();
  }
  // Waits for something to do.
  [[nodiscard]] Event Wait() {
    const MutexLock lock(mu_);
    while (!stopping_ && !reload_)
      changed_.Wait(mu_);
    if (stopping_) return failed_ ? Event::kFailed : Event::kStop;
    reload_ = false;
    return Event::kReload;
  }
  [[nodiscard]] const std::atomic<bool>& stopping() const { return stopping_; }

 private:
  std::atomic<bool> stopping_{false};
  Mutex mu_;
  CondVar changed_;
  bool failed_ TICKSCOPE_GUARDED_BY(mu_) = false;
  bool reload_ TICKSCOPE_GUARDED_BY(mu_) = false;
};

int ReportError(const Error& error) {
  std::fprintf(stderr, "tickscope serve: %s\n", error.message.c_str());
  return 1;
}

int Serve(const ServeFlags& flags) {
  mallopt(M_TRIM_THRESHOLD, kArenaSpareBytes);
  mallopt(M_TOP_PAD, kArenaStepBytes);
  mallopt(M_MMAP_THRESHOLD, kOwnMappingBytes);
  const auto fs = io::MakePosixFileSystem();
  const auto clock = io::MakeSystemClock();
  const auto random = io::MakeSystemRandom();
  const auto process = io::MakeProcessInfo();
  Events events;
  // Before any other thread starts, so that all of them leave signals to the waiter.
  const auto signals = io::SignalWaiter::Start([&](io::Signal signal) {
    events.Raise(signal == io::Signal::kHangUp ? Events::Event::kReload : Events::Event::kStop);
  });
  if (!signals) return ReportError(signals.error());

  auto config = LoadConfig(*fs, flags);
  if (!config) return ReportError(config.error());
  SetLogOptions({.level = config->log_level, .format = config->log_format, .clock = clock.get()});
  if (!config->core_dump_memory) {
    if (const Status kept = io::KeepMemoryOutOfCoreDumps(); !kept)
      Log(LogLevel::kWarn, "there will be no core dumps at all", {{"error", kept.error().message}});
  }
  FitConnections(config->http);

  const auto network = io::MakeAsioNetwork();
  const ServeEnvironment environment{*fs,     *network,          *process,          *clock,
                                     *random, TICKSCOPE_VERSION, io::KeepSecretFile};
  auto server =
      ServeProcess::Start(environment, *config, [&events] { events.Raise(Events::Event::kFailed); });
  if (!server) return ReportError(server.error());
  Log(LogLevel::kInfo, "listening", {{"address", (*server)->address()}, {"data", config->data_directory}});
  if (const Status ready = (*server)->BecomeReady(events.stopping()); !ready)
    return ReportError(ready.error());

  while (true) {
    const Events::Event event = events.Wait();
    if (event == Events::Event::kReload) {
      if (const auto reloaded = LoadConfig(*fs, flags)) {
        (*server)->Reload(*reloaded);
      } else {
        Log(LogLevel::kError, "configuration not reloaded, the old one stays",
            {{"error", reloaded.error().message}});
      }
      continue;
    }
    Log(LogLevel::kInfo, "draining");
    (*server)->Stop();
    const bool failed = event == Events::Event::kFailed;
    Log(failed ? LogLevel::kError : LogLevel::kInfo,
        failed ? "stopped after a failed sync: start again to recover from the stream" : "stopped");
    return failed ? 1 : 0;
  }
}

void AddServeFlags(CLI::App& app, ServeFlags& flags) {
  app.add_option("--config", flags.config_file, "YAML file; see 'tickscope config show' for every setting")
      ->option_text("FILE");
  app.add_option("--data", flags.data, "directory for everything that is kept (data)")->option_text("DIR");
  app.add_option("--listen", flags.listen,
                 "address of the HTTP server; port 0 takes a free one (127.0.0.1:9280)")
      ->option_text("ADDRESS:PORT");
  app.add_option("--roles", flags.roles, "all, or a list of gateway, store, query, compact (all)")
      ->option_text("LIST");
  app.add_flag("--admin-api", flags.admin_api, "serve /api/v1/admin: imports, snapshots and deletes (off)");
  app.add_option("--log-level", flags.log_level, "debug, info, warn or error (info)")->option_text("LEVEL");
  app.add_option("--log-format", flags.log_format, "logfmt or json (logfmt)")->option_text("FORMAT");
}

}  // namespace

int RunServe(int argc, char** argv) {
  CLI::App app("run the server: remote write in, PromQL out, all durable in one directory",
               "tickscope serve");
  app.footer(
      "Flags win over the file. SIGTERM drains and ends, SIGHUP reads the file again.\n"
      "\n"
      "  tickscope serve --data /var/lib/tickscope --listen 0.0.0.0:9280\n"
      "  tickscope config show > tickscope.yaml && tickscope serve --config tickscope.yaml");
  ServeFlags flags;
  AddServeFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  return Serve(flags);
}

int RunConfig(int argc, char** argv) {
  CLI::App app("look at the server's configuration", "tickscope config");
  app.require_subcommand(1);
  ServeFlags flags;
  CLI::App* const show =
      app.add_subcommand("show", "print every setting with its value and meaning, as YAML");
  AddServeFlags(*show, flags);
  CLI::App* const check =
      app.add_subcommand("check", "read the file and report every mistake; exit 1 if there is one");
  AddServeFlags(*check, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  const auto fs = io::MakePosixFileSystem();
  const auto config = LoadConfig(*fs, flags);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return 1;
  }
  if (show->parsed()) std::fputs(WriteServeConfig(*config).c_str(), stdout);
  return 0;
}

}  // namespace tickscope::roles
