// tickscope viewers: people in front of dashboards, as load for a server, and what they waited for.
//
//   tickscope viewers --count 200 --dashboards dashboards --refresh 10s --for 10m --to http://127.0.0.1:9280
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/duration.h"
#include "fleet/stop_flag.h"
#include "io/asio_network.h"
#include "io/posix_file_system.h"
#include "io/process_info.h"
#include "io/signals.h"
#include "io/system_clock.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "viewers/dashboard.h"
#include "viewers/viewers_run.h"

namespace tickscope::roles {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr std::size_t kDashboardsMax = 100;
constexpr std::uint64_t kViewersMax = 20'000;

struct ViewersArguments {
  std::string url = "http://127.0.0.1:9280";
  std::string tenant;
  std::string dashboards = "dashboards";
  std::string mode = "grafana";
  std::string refresh = "10s";
  std::string run_for = "1m";
  std::string timeout = "60s";
  std::string progress = "10s";
  std::uint64_t count = 200;
  std::uint64_t threads = 1;
  std::uint64_t connections = 6;
  std::uint64_t seed = 1;
  bool json = false;
  ConnectFlags connect;
};

Result<milliseconds> Duration(std::string_view option, const std::string& text, std::int64_t least_ms) {
  auto duration_ms = ParseDurationMs(text);
  if (!duration_ms) return FailWith(option, std::move(duration_ms).error());
  if (*duration_ms < least_ms) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("{}: got {}, want at least {}", option, text, FormatDurationMs(least_ms)));
  }
  return milliseconds(*duration_ms);
}

Result<std::vector<viewers::Dashboard>> ReadDashboards(io::FileSystem& fs, const std::string& path) {
  std::vector<std::string> files;
  if (path.ends_with(".json")) {
    files.push_back(path);
  } else {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, fs.List(path));
    for (const auto& entry : entries) {
      if (entry.name.ends_with(".json")) files.push_back(path + "/" + entry.name);
    }
    std::ranges::sort(files);
  }
  if (files.empty())
    return Fail(ErrorCode::kNotFound, fmt::format("--dashboards: no .json files in {}", path));
  if (files.size() > kDashboardsMax)
    return Fail(ErrorCode::kOutOfRange, fmt::format("--dashboards: more than {} files", kDashboardsMax));
  std::vector<viewers::Dashboard> dashboards;
  for (const std::string& file : files) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string json,
                               io::ReadWholeFile(fs, file, viewers::kDashboardBytesMax));
    auto dashboard = viewers::ReadDashboard(json);
    if (!dashboard) return FailWith(file, std::move(dashboard).error());
    if (dashboard->skipped_queries > 0) {
      std::fprintf(stderr, "%s: %llu queries left out: hidden, or no PromQL\n", file.c_str(),
                   static_cast<unsigned long long>(dashboard->skipped_queries));
    }
    dashboards.push_back(*std::move(dashboard));
  }
  return dashboards;
}

Result<viewers::ViewersOptions> ReadOptions(const ViewersArguments& arguments) {
  viewers::ViewersOptions options;
  auto url = http::ParseUrl(arguments.url);
  if (!url) return FailWith("--to", std::move(url).error());
  options.server = *std::move(url);
  options.tenant = arguments.tenant;
  options.mode = arguments.mode == "page" ? viewers::ViewerMode::kPage : viewers::ViewerMode::kGrafana;
  TICKSCOPE_ASSIGN_OR_RETURN(options.refresh, Duration("--refresh", arguments.refresh, 100));
  TICKSCOPE_ASSIGN_OR_RETURN(options.timeout, Duration("--timeout", arguments.timeout, 100));
  options.count = arguments.count;
  options.connections_per_viewer = arguments.connections;
  options.threads = std::min(arguments.threads, arguments.count);
  options.seed = arguments.seed;
  return options;
}

void PrintProgress(const viewers::ViewersReport& report) {
  std::uint64_t answers = 0;
  for (const auto& one : report.queries)
    answers += one.answers;
  std::fputs(
      fmt::format(
          "{:.0f} s: {} answers, <=12h p95 {:.0f} ms, <=7d p99 {:.0f} ms, {} refreshes done of {} due, "
          "{} events, {} errors\n",
          report.seconds, answers, report.queries[0].p95_ms, report.queries[1].p99_ms, report.refreshes_done,
          report.refreshes_due, report.point_events, report.error_count())
          .c_str(),
      stderr);
}

Status Watch(const ViewersArguments& arguments) {
  fleet::StopFlag stop;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto signals, io::SignalWaiter::Start([&stop](io::Signal signal) {
                               if (signal != io::Signal::kHangUp) stop.Set();
                             }));
  const auto clock = io::MakeSystemClock();
  const auto network = io::MakeAsioNetwork();
  const auto process = io::MakeProcessInfo();
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(viewers::ViewersOptions options, ReadOptions(arguments));
  MetricRegistry metrics;
  TICKSCOPE_ASSIGN_OR_RETURN(options.client, ConnectOptions(arguments.connect, *fs, *clock, metrics));
  TICKSCOPE_ASSIGN_OR_RETURN(const milliseconds run_for, Duration("--for", arguments.run_for, 1000));
  TICKSCOPE_ASSIGN_OR_RETURN(const milliseconds progress, Duration("--progress", arguments.progress, 0));
  TICKSCOPE_ASSIGN_OR_RETURN(auto dashboards, ReadDashboards(*fs, arguments.dashboards));
  (void)io::RaiseOpenFileLimit();

  viewers::ViewersReport report;
  {
    const nanoseconds end = clock->Monotonic() + run_for;
    const viewers::ViewersRun run(*network, *clock, options, std::move(dashboards));
    nanoseconds next = progress.count() > 0 ? clock->Monotonic() + progress : end;
    while (stop.WaitUntil(*clock, std::min(next, end)) && clock->Monotonic() < end) {
      PrintProgress(run.Report());
      next += progress;
    }
    report = run.Report();
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const io::ProcessUsage usage, process->Read());
  report.cpu_seconds = usage.cpu_seconds;
  std::fputs((arguments.json ? viewers::ReportJson(report) : viewers::ReportText(report)).c_str(), stdout);
  std::uint64_t answers = report.point_events + report.snapshots;
  for (const auto& one : report.queries)
    answers += one.answers;
  if (answers == 0) return Fail(ErrorCode::kUnavailable, "no answer came: " + report.last_error);
  return {};
}

}  // namespace

int RunViewers(int argc, char** argv) {
  ViewersArguments arguments;
  CLI::App app("Puts people in front of dashboards, and tells how long they waited.", "tickscope viewers");
  app.footer(
      "Answers are counted from when a refresh was due. Any server with the Prometheus API will do for "
      "--mode "
      "grafana.\n\n  tickscope viewers --count 200 --dashboards dashboards --refresh 10s --for 10m");
  app.add_option("--to", arguments.url, "the server's URL")->capture_default_str();
  app.add_option("--tenant", arguments.tenant, "sent as X-Scope-OrgID");
  AddConnectFlags(app, arguments.connect);
  app.add_option("--dashboards", arguments.dashboards,
                 "a .json file or a directory of them: our form, Grafana's or Perses'")
      ->capture_default_str();
  app.add_option("--count", arguments.count, "viewers; they take the dashboards in turn")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, kViewersMax));
  app.add_option("--mode", arguments.mode, "grafana: range queries at each refresh; page: one stream each")
      ->capture_default_str()
      ->check(CLI::IsMember({"grafana", "page"}));
  app.add_option("--refresh", arguments.refresh, "time between refreshes; also, within it all come")
      ->capture_default_str();
  app.add_option("--for", arguments.run_for, "how long")->capture_default_str();
  app.add_option("--timeout", arguments.timeout, "the longest to wait for an answer")->capture_default_str();
  app.add_option("--connections", arguments.connections, "of each viewer, as a browser's")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--threads", arguments.threads, "that carry the viewers")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--seed", arguments.seed, "of when they come")->capture_default_str();
  app.add_option("--progress", arguments.progress, "time between progress lines on stderr, 0s for none")
      ->capture_default_str();
  app.add_flag("--json", arguments.json, "print the summary as one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  const Status status = Watch(arguments);
  if (status) return 0;
  std::fprintf(stderr, "tickscope viewers: %s\n", status.error().message.c_str());
  const ErrorCode code = status.error().code;
  return code == ErrorCode::kInvalidArgument || code == ErrorCode::kOutOfRange ? kExitUsage : kExitFailed;
}

}  // namespace tickscope::roles
