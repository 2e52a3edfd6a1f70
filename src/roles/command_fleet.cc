// tickscope fleet: simulated game servers that write to a receiver, and the check that it kept what it acknowledged.
//
//   tickscope fleet --servers 50 --cadence 10s --to http://127.0.0.1:9280
//   tickscope fleet --servers 1000 --start now-6h --duration 6h --points-per-request 15 --ledger fleet.ledger
//   tickscope fleet verify --ledger fleet.ledger
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "base/duration.h"
#include "fleet/crowd_run.h"
#include "fleet/fleet_run.h"
#include "fleet/ledger.h"
#include "fleet/report_text.h"
#include "fleet/sample_source.h"
#include "fleet/verifier.h"
#include "io/asio_network.h"
#include "io/posix_file_system.h"
#include "io/process_info.h"
#include "io/signals.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "roles/time_argument.h"
#include "wire/remote_write_headers.h"

namespace tickscope::roles {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr std::string_view kWritePath = "/api/v1/write";
constexpr milliseconds kLedgerEvery{200};
constexpr std::size_t kWriteAnswerBytesMax = 1024 * 1024;
constexpr std::size_t kConnectionsMax = 256;
constexpr std::size_t kCrowdThreadsMax = 4;
constexpr milliseconds kCrowdTimeoutMin{10'000};
constexpr double kSpeedMax = 1e6;

struct FleetArguments {
  fleet::RunPlan plan;
  std::string cadence = "10s";
  std::string resolution = "full";
  std::string url = "http://127.0.0.1:9280";
  std::string protocol = "rw1";
  std::string speed;
  std::string start;
  std::string duration;
  std::string retry_for = "5m";
  std::string progress = "5s";
  std::string settle = "5s";
  std::string ledger;
  std::string tenant;
  std::optional<std::uint32_t> sdk_servers;
  std::string sdk_pages = "/dev/shm";
  std::size_t connections = 4;
  bool json = false;
  ConnectFlags connect;
  bool own_connections = false;
  bool forgets_sessions = false;
  std::string warm_up = "0s";
};

void PrintText(std::FILE* out, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), out);
}

Result<std::int64_t> DurationOption(std::string_view option, const std::string& text) {
  auto duration_ms = ParseDurationMs(text);
  if (!duration_ms) return FailWith(option, std::move(duration_ms).error());
  if (*duration_ms < 0)
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: want no less than 0", option));
  return *duration_ms;
}

// The server's URL without a path to write to: what people paste may end in either.
std::string_view ServerUrl(std::string_view url) {
  while (url.ends_with('/'))
    url.remove_suffix(1);
  if (url.ends_with(kWritePath)) url.remove_suffix(kWritePath.size());
  return url;
}

// Times real time; 0 is as fast as possible. A run of the past has no pace unless one is asked for.
Result<double> SpeedOf(const FleetArguments& arguments) {
  if (arguments.speed == "max") return 0;
  if (arguments.speed.empty()) return arguments.start.empty() ? 1 : 0;
  double speed = 0;
  const char* const begin = arguments.speed.data();
  const char* const end = begin + arguments.speed.size();
  const auto [stop, error] = std::from_chars(begin, end, speed);
  if (error != std::errc() || stop != end || !(speed > 0) || speed > kSpeedMax) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--speed: want max or a number above 0 up to {}, got \"{}\"", kSpeedMax,
                            arguments.speed));
  }
  return speed;
}

Result<fleet::RunOptions> ReadRunOptions(const FleetArguments& arguments, TimeMs now_ms) {
  fleet::RunOptions options{.plan = arguments.plan};
  TICKSCOPE_ASSIGN_OR_RETURN(options.plan.cadence_ms, DurationOption("--cadence", arguments.cadence));
  if (arguments.resolution == "declared") options.plan.resolution = fleet::Resolution::kDeclared;
  TICKSCOPE_ASSIGN_OR_RETURN(options.speed, SpeedOf(arguments));
  std::int64_t duration_ms = 0;
  if (!arguments.duration.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(duration_ms, DurationOption("--duration", arguments.duration));
  }
  if (duration_ms == 0 && options.speed != 1) {
    return Fail(ErrorCode::kInvalidArgument, "--duration: needed unless the fleet runs in real time");
  }
  if (!arguments.start.empty()) {
    auto start_ms = ParseTimeArgument(arguments.start, now_ms);
    if (!start_ms) return FailWith("--start", std::move(start_ms).error());
    options.plan.start_ms = *start_ms;
  } else {
    options.plan.start_ms = options.speed == 1 ? now_ms : now_ms - duration_ms;
  }
  // In real time the SDK costs nothing that matters; a run that makes a year in a minute would spend most of it there.
  const bool is_like_life = options.speed == 1 && options.plan.resolution == fleet::Resolution::kFull;
  options.plan.sdk_servers = arguments.sdk_servers.value_or(
      is_like_life ? std::min(options.plan.servers, fleet::kSdkServersMax) : 0);
  TICKSCOPE_RETURN_IF_ERROR(fleet::CheckPlan(options.plan));
  options.tick_count =
      static_cast<std::uint64_t>((duration_ms + options.plan.cadence_ms - 1) / options.plan.cadence_ms);
  if (options.tick_count > fleet::kTickMax) {
    return Fail(ErrorCode::kOutOfRange, fmt::format("--duration: more than {} scrapes", fleet::kTickMax));
  }

  if (arguments.protocol == "rw2") {
    options.to.protocol = wire::RemoteWriteProtocol::kV2;
  } else if (arguments.protocol != "rw1") {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--protocol: want rw1 or rw2, got \"{}\"", arguments.protocol));
  }
  if (arguments.connections < 1 || arguments.connections > kConnectionsMax) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("--connections: got {}, want 1 to {}", arguments.connections, kConnectionsMax));
  }
  options.connections = arguments.connections;
  options.to.tenant = arguments.tenant;
  auto url = http::ParseUrl(fmt::format("{}{}", ServerUrl(arguments.url), kWritePath));
  if (!url) return FailWith("--to", std::move(url).error());
  options.to.url = *std::move(url);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t retry_for_ms,
                             DurationOption("--retry-for", arguments.retry_for));
  options.retry_for = milliseconds(retry_for_ms);
  return options;
}

Result<std::unique_ptr<io::SignalWaiter>> StopOnSignals(fleet::StopFlag& stop) {
  return io::SignalWaiter::Start([&stop](io::Signal signal) {
    if (signal != io::Signal::kHangUp) stop.Set();
  });
}

// Says on standard error how a run goes on.
class Progress {
 public:
  Progress(const Clock& clock, milliseconds every)
      : clock_(clock), every_(every), next_(clock.Monotonic() + every) {}

  template <typename Run>
  void Tell(const Run& run) {
    if (every_ == milliseconds(0) || clock_.Monotonic() < next_) return;
    const fleet::RunReport now = run.Report();
    PrintText(stderr, fleet::ProgressLine(now, before_) + "\n");
    before_ = now;
    next_ += every_;
  }

 private:
  const Clock& clock_;
  const milliseconds every_;
  nanoseconds next_;
  fleet::RunReport before_;
};

Status PrintReport(const fleet::RunReport& report, const io::ProcessInfo& process, bool as_json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const io::ProcessUsage usage, process.Read());
  PrintText(stdout, as_json ? fleet::ReportJson(report, usage.cpu_seconds)
                            : fleet::ReportText(report, usage.cpu_seconds));
  return {};
}

// Every server over a connection of its own, until stopped or for --duration.
Status RunCrowd(const FleetArguments& arguments) {
  fleet::StopFlag stop;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto signals, StopOnSignals(stop));
  io::RaiseOpenFileLimit();
  const auto clock = io::MakeSystemClock();
  const auto network = io::MakeAsioNetwork();
  const auto process = io::MakeProcessInfo();
  const auto fs = io::MakePosixFileSystem();
  MetricRegistry metrics;
  ConnectFlags connect = arguments.connect;
  // An agent keeps one of its own; here all of them share what is kept.
  connect.tls.sessions_max = arguments.forgets_sessions ? 0 : arguments.plan.servers;
  TICKSCOPE_ASSIGN_OR_RETURN(http::ClientOptions client, ConnectOptions(connect, *fs, *clock, metrics));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t progress_ms,
                             DurationOption("--progress", arguments.progress));
  FleetArguments alone = arguments;
  alone.plan.servers_per_request = 1;
  alone.sdk_servers = 0;
  TICKSCOPE_ASSIGN_OR_RETURN(fleet::RunOptions options, ReadRunOptions(alone, clock->NowMs()));
  if (options.speed != 1 || options.plan.points_per_request != 1 || !arguments.ledger.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "--own-connections: only in real time, a scrape a request, without a ledger");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t warm_up_ms, DurationOption("--warm-up", arguments.warm_up));
  client.request_timeout = std::max(milliseconds(options.plan.cadence_ms), kCrowdTimeoutMin);
  client.response_bytes_max = kWriteAnswerBytesMax;
  client.idle_connections_max = 1;
  fleet::CrowdRun run(*network, *clock,
                      {.plan = options.plan,
                       .to = options.to,
                       .client = client,
                       .threads = std::min<std::size_t>(options.connections, kCrowdThreadsMax),
                       .warm_up = milliseconds(warm_up_ms)});
  const nanoseconds end =
      options.tick_count == 0
          ? nanoseconds::max()
          : clock->Monotonic() +
                milliseconds(static_cast<std::int64_t>(options.tick_count) * options.plan.cadence_ms);
  Progress progress(*clock, milliseconds(progress_ms));
  while (clock->Monotonic() < end && stop.WaitUntil(*clock, clock->Monotonic() + kLedgerEvery)) {
    progress.Tell(run);
  }
  const fleet::RunReport report = run.Report();
  TICKSCOPE_RETURN_IF_ERROR(PrintReport(report, *process, arguments.json));
  if (report.requests_acknowledged == 0)
    return Fail(ErrorCode::kUnavailable, fmt::format("nothing was acknowledged: {}", report.last_error));
  return {};
}

Status RunToTheEnd(const FleetArguments& arguments) {
  fleet::StopFlag stop;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto signals, StopOnSignals(stop));
  const auto clock = io::MakeSystemClock();
  const auto network = io::MakeAsioNetwork();
  const auto process = io::MakeProcessInfo();
  const auto random = io::MakeSystemRandom();
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t progress_ms,
                             DurationOption("--progress", arguments.progress));
  TICKSCOPE_ASSIGN_OR_RETURN(fleet::RunOptions options, ReadRunOptions(arguments, clock->NowMs()));
  std::unique_ptr<fleet::SdkServers> sdk;
  if (options.plan.sdk_servers != 0) {
    auto started =
        fleet::SdkServers::Start(*fs, arguments.sdk_pages, options.plan.sdk_servers, options.connections);
    if (started) {
      sdk = *std::move(started);
      options.sdk = sdk.get();
    } else if (arguments.sdk_servers) {
      return std::unexpected(std::move(started).error());
    } else {
      PrintText(stderr, fmt::format("no server runs the SDK: {}\n", started.error().message));
      options.plan.sdk_servers = 0;
    }
  }
  std::unique_ptr<fleet::LedgerWriter> ledger;
  if (!arguments.ledger.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(ledger, fleet::LedgerWriter::Open(*fs, arguments.ledger, options.plan));
  }

  MetricRegistry metrics;
  TICKSCOPE_ASSIGN_OR_RETURN(http::ClientOptions client,
                             ConnectOptions(arguments.connect, *fs, *clock, metrics));
  client.response_bytes_max = kWriteAnswerBytesMax;
  client.idle_connections_max = 1;
  const auto make_client = [&network, &client] { return http::Client::Make(*network, client); };
  fleet::FleetRun run(options, make_client, *clock, ledger.get(), random->Next());
  Progress progress(*clock, milliseconds(progress_ms));
  Status written;
  while (written && !run.Done() && stop.WaitUntil(*clock, clock->Monotonic() + kLedgerEvery)) {
    if (ledger) written = ledger->Flush();
    progress.Tell(run);
  }
  run.StopAndWait();
  if (ledger && written) written = ledger->Flush();
  if (ledger && written) written = ledger->Sync();

  const fleet::RunReport report = run.Report();
  TICKSCOPE_RETURN_IF_ERROR(PrintReport(report, *process, arguments.json));
  TICKSCOPE_RETURN_IF_ERROR(written);
  TICKSCOPE_RETURN_IF_ERROR(run.Outcome());
  if (report.samples_refused != 0) {
    return Fail(ErrorCode::kFailedPrecondition,
                fmt::format("{} samples were refused: {}", report.samples_refused, report.last_error));
  }
  return {};
}

Status Verify(const FleetArguments& arguments) {
  fleet::StopFlag stop;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto signals, StopOnSignals(stop));
  const auto clock = io::MakeSystemClock();
  const auto network = io::MakeAsioNetwork();
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t progress_ms,
                             DurationOption("--progress", arguments.progress));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t settle_ms, DurationOption("--settle", arguments.settle));
  TICKSCOPE_ASSIGN_OR_RETURN(const fleet::Ledger ledger, fleet::ReadLedger(*fs, arguments.ledger));
  apiclient::PrometheusClientOptions api{
      .url = std::string(ServerUrl(arguments.url)), .tenant = arguments.tenant, .http = {}};
  MetricRegistry metrics;
  TICKSCOPE_ASSIGN_OR_RETURN(api.http, ConnectOptions(arguments.connect, *fs, *clock, metrics));
  TICKSCOPE_ASSIGN_OR_RETURN(auto client, apiclient::PrometheusClient::Make(*network, std::move(api)));
  const auto source = fleet::MakeApiSampleSource(std::move(client));

  nanoseconds next_progress = clock->Monotonic() + milliseconds(progress_ms);
  const auto on_progress = [&](const fleet::VerifyReport& report) {
    if (progress_ms == 0 || clock->Monotonic() < next_progress) return;
    PrintText(stderr, fmt::format("checked={} missing={} doubled={} altered={}\n", report.acknowledged,
                                  report.missing, report.doubled, report.altered));
    next_progress += milliseconds(progress_ms);
  };
  const fleet::VerifyOptions options{.settle = milliseconds(settle_ms)};
  TICKSCOPE_ASSIGN_OR_RETURN(const fleet::VerifyReport report,
                             fleet::VerifyLedger(ledger, *source, options, *clock, stop, on_progress));
  PrintText(stdout, arguments.json ? fleet::ReportJson(report) : fleet::ReportText(report));
  if (!report.ok())
    return Fail(ErrorCode::kFailedPrecondition, "the receiver does not hold what it acknowledged");
  return {};
}

void AddCommonOptions(CLI::App& app, FleetArguments& arguments) {
  app.add_option("--to", arguments.url, "server, with or without /api/v1/write")->capture_default_str();
  app.add_option("--tenant", arguments.tenant, "sent as X-Scope-OrgID");
  app.add_option("--progress", arguments.progress, "time between progress lines on stderr, 0 for none")
      ->capture_default_str();
  app.add_flag("--json", arguments.json, "print the summary as one line of JSON");
}

void AddRunOptions(CLI::App& app, FleetArguments& arguments) {
  app.add_option("--servers", arguments.plan.servers, "game servers, 300 series each")->capture_default_str();
  app.add_option("--cadence", arguments.cadence, "time between scrapes of a server")->capture_default_str();
  app.add_option("--protocol", arguments.protocol, "remote write 1.0 or 2.0: rw1, rw2")
      ->capture_default_str();
  app.add_option("--speed", arguments.speed,
                 "times real time, or max; default: 1, or max when --start is given");
  app.add_option("--start", arguments.start,
                 "time of the first scrape: Unix seconds, RFC 3339 or now-6h; default: now, or so that the "
                 "run ends now when --speed is not 1");
  app.add_option("--duration", arguments.duration, "span of the scrapes' times; default: until stopped");
  app.add_option("--resolution", arguments.resolution,
                 "of averages and sums in seconds: full, all bits of a double, or declared, microseconds")
      ->capture_default_str()
      ->check(CLI::IsMember({"full", "declared"}));
  app.add_option(
      "--sdk", arguments.sdk_servers,
      "so many servers run the SDK: what is sent of them is read back from its page; default: up to 128 in "
      "real time, else none");
  app.add_option("--sdk-pages", arguments.sdk_pages, "directory for that page")->capture_default_str();
  app.add_option("--seed", arguments.plan.seed, "what the values follow from")->capture_default_str();
  app.add_option("--connections", arguments.connections, "connections, each with a thread")
      ->capture_default_str();
  app.add_flag("--own-connections", arguments.own_connections,
               "every server pushes over a connection that it keeps, as agents do; what fails is counted, "
               "not sent again; "
               "--connections is how many threads hold them, at most 4");
  app.add_flag(
      "--forget-sessions", arguments.forgets_sessions,
      "with --own-connections over TLS: shake hands in full each time, instead of resuming a session");
  app.add_option("--warm-up", arguments.warm_up,
                 "with --own-connections: time at the start of which nothing is counted")
      ->capture_default_str();
  app.add_option("--servers-per-request", arguments.plan.servers_per_request, "game servers in a request")
      ->capture_default_str();
  app.add_option("--points-per-request", arguments.plan.points_per_request,
                 "scrapes of each server in a request")
      ->capture_default_str();
  app.add_option("--retry-for", arguments.retry_for,
                 "longest time a request is sent again before the run fails")
      ->capture_default_str();
  app.add_option("--ledger", arguments.ledger, "file to note acknowledged samples in, for fleet verify");
}

void AddVerifyOptions(CLI::App& app, FleetArguments& arguments) {
  app.add_option("--ledger", arguments.ledger, "what fleet --ledger wrote")->required();
  app.add_option("--settle", arguments.settle, "time to wait for samples that are not visible yet")
      ->capture_default_str();
}

int Report(const char* command, const Status& status) {
  if (status) return 0;
  std::fprintf(stderr, "%s: %s\n", command, status.error().message.c_str());
  const ErrorCode code = status.error().code;
  const bool wrong_usage = code == ErrorCode::kInvalidArgument || code == ErrorCode::kOutOfRange ||
                           code == ErrorCode::kUnsupported;
  return wrong_usage ? kExitUsage : kExitFailed;
}

}  // namespace

int RunFleet(int argc, char** argv) {
  FleetArguments arguments;
  CLI::App app("Simulates game servers that write their metrics by remote write.", "tickscope fleet");
  app.require_subcommand(0, 1);
  AddCommonOptions(app, arguments);
  AddRunOptions(app, arguments);
  AddConnectFlags(app, arguments.connect);
  CLI::App* const verify = app.add_subcommand(
      "verify", "read every acknowledged sample back and compare; exit 1 unless all are there");
  FleetArguments verify_arguments;
  AddCommonOptions(*verify, verify_arguments);
  AddVerifyOptions(*verify, verify_arguments);
  AddConnectFlags(*verify, verify_arguments.connect);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (verify->parsed()) return Report("tickscope fleet verify", Verify(verify_arguments));
  return Report("tickscope fleet", arguments.own_connections ? RunCrowd(arguments) : RunToTheEnd(arguments));
}

}  // namespace tickscope::roles
