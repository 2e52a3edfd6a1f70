// tickscope import: brings samples in from elsewhere.
//
//   tickscope import openmetrics dump.om                         into the server at http://127.0.0.1:9280
//   tickscope import prometheus /var/lib/prometheus --data data  into a directory no server runs on
//   tickscope import remote http://old:9090/api/v1/read --start now-30d --match '{job="game"}'
//   tickscope import fleet --servers 3 --start now-395d --duration 395d --data data
//
// Blocks are made beside the store, in order, within a bound of memory; the store takes all of them in one step at the end,
// or none.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_size.h"
#include "base/civil_time.h"
#include "base/duration.h"
#include "exchange/block_importer.h"
#include "exchange/fleet_source.h"
#include "exchange/openmetrics_source.h"
#include "exchange/prometheus_block.h"
#include "exchange/remote_read_source.h"
#include "exchange/sample_order.h"
#include "fleet/stop_flag.h"
#include "io/asio_network.h"
#include "io/posix_file_system.h"
#include "io/process_info.h"
#include "io/signals.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "roles/admin_client.h"
#include "roles/admin_endpoints.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "roles/exchange_options.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

using exchange::SampleSource;
using exchange::TimeWindow;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr const char* kDefaultServer = "http://127.0.0.1:9280";
constexpr std::chrono::seconds kProgressEvery{2};
constexpr std::int64_t kDayMs = 24LL * 3'600'000;
// Older windows become blocks of a day: the store's own are two hours.
constexpr std::int64_t kOldAfterMs = 2 * kDayMs;
constexpr std::size_t kStdinPieceBytes = 1U << 20;

struct ImportArguments {
  std::string server;
  std::string data;
  std::string work = ".";
  std::string tenant{kDefaultTenant};
  std::string memory = "256MiB";
  std::string match;
  std::string start;
  std::string end;
  double rate = 0;
  bool dry_run = false;
  bool skip_bad = false;
  std::vector<std::string> paths;
  std::string url;
  std::string source_tenant;
  std::string window = "2h";
  ConnectFlags connect;
  ConnectFlags connect_source;
  fleet::RunPlan plan;
  std::string cadence = "10s";
  std::string duration;
};

void Say(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
}

// The sources of several files or blocks, one after the other; each is opened when it is its turn.
class SourceChain final : public SampleSource {
 public:
  using OpenOne = std::function<Result<std::unique_ptr<SampleSource>>(const std::string& path)>;
  SourceChain(std::vector<std::string> paths, OpenOne open)
      : paths_(std::move(paths)), open_(std::move(open)) {}

  [[nodiscard]] Result<bool> Next(Labels& labels, SampleColumns& samples) override {
    while (true) {
      if (current_ != nullptr) {
        TICKSCOPE_ASSIGN_OR_RETURN(const bool more, current_->Next(labels, samples));
        if (more) return true;
        skipped_ += current_->skipped();
        current_ = nullptr;
      }
      if (next_ == paths_.size()) return false;
      TICKSCOPE_ASSIGN_OR_RETURN(current_, open_(paths_[next_++]));
    }
  }
  [[nodiscard]] std::uint64_t skipped() const override {
    return skipped_ + (current_ == nullptr ? 0 : current_->skipped());
  }

 private:
  const std::vector<std::string> paths_;
  const OpenOne open_;
  std::size_t next_ = 0;
  std::unique_ptr<SampleSource> current_;
  std::uint64_t skipped_ = 0;
};

// Says how far the import is, and holds it back to the rate.
class Pacer {
 public:
  Pacer(const Clock& clock, fleet::StopFlag& stop, double rate)
      : clock_(clock), stop_(stop), rate_(rate), started_(clock.Monotonic()), said_(started_) {}

  void Count(std::uint64_t samples) {
    counted_ += samples;
    if (rate_ > 0) {
      const auto due = started_ + std::chrono::nanoseconds(
                                      static_cast<std::int64_t>(static_cast<double>(counted_) / rate_ * 1e9));
      static_cast<void>(stop_.WaitUntil(clock_, due));
    }
    const auto now = clock_.Monotonic();
    if (now - said_ < kProgressEvery) return;
    said_ = now;
    Say(fmt::format("{}: {} samples, {:.0f} a second", stage_, counted_,
                    static_cast<double>(counted_) / std::chrono::duration<double>(now - started_).count()));
  }
  void Begin(const char* stage) {
    stage_ = stage;
    counted_ = 0;
    started_ = clock_.Monotonic();
  }

 private:
  const Clock& clock_;
  fleet::StopFlag& stop_;
  const double rate_;
  std::chrono::nanoseconds started_;
  std::chrono::nanoseconds said_;
  std::uint64_t counted_ = 0;
  const char* stage_ = "reading";
};

// One run of the command.
class ImportRun {
 public:
  ImportRun(const ImportArguments& arguments, fleet::StopFlag& stop)
      : arguments_(arguments),
        stop_(stop),
        fs_(io::MakePosixFileSystem()),
        clock_(io::MakeSystemClock()),
        network_(io::MakeAsioNetwork()),
        random_(io::MakeSystemRandom()),
        id_(fmt::format("{:016x}", random_->Next())) {}

  ~ImportRun() {
    for (const std::string& file : spooled_)
      static_cast<void>(fs_->Remove(file));
    if (made_directory_) static_cast<void>(fs_->Remove(directory_));
  }

  using MakeSource = Result<std::unique_ptr<SampleSource>> (ImportRun::*)();

  [[nodiscard]] Status Run(MakeSource make_source) {
    TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant, wire::ParseTenantHeader(arguments_.tenant));
    TICKSCOPE_ASSIGN_OR_RETURN(matchers_, ParseMatchOption(arguments_.match));
    TICKSCOPE_ASSIGN_OR_RETURN(
        range_, ParseRangeOptions(arguments_.start, arguments_.end, {INT64_MIN, INT64_MAX}, clock_->NowMs()));
    TICKSCOPE_RETURN_IF_ERROR(Prepare(tenant));
    TICKSCOPE_ASSIGN_OR_RETURN(const auto source, (this->*make_source)());
    Pacer pacer(*clock_, stop_, arguments_.rate);
    if (arguments_.dry_run) return Count(*source, pacer);
    exchange::ImportOptions options{.tenant = tenant, .directory = directory_, .id = id_};
    auto memory = ParseByteSize(arguments_.memory);
    if (!memory) return FailWith("--memory", std::move(memory).error());
    options.memory_bytes = *memory;
    options.old_before_ms = clock_->NowMs() - kOldAfterMs;
    options.pace = [&pacer](std::uint64_t samples) { pacer.Count(samples); };
    TICKSCOPE_ASSIGN_OR_RETURN(const auto importer,
                               exchange::BlockImporter::Create(*fs_, std::move(options)));
    TICKSCOPE_RETURN_IF_ERROR(
        ForEach(*source, [&importer](const Labels& labels, const SampleColumns& samples) {
          return importer->Add(labels, samples);
        }));
    pacer.Begin("writing");
    TICKSCOPE_ASSIGN_OR_RETURN(const exchange::ImportSummary summary, importer->Finish());
    for (const exchange::ImportedBlock& block : summary.blocks)
      spooled_.push_back(directory_ + "/" + block.name);
    TellSummary(summary, *source);
    if (stop_.IsSet()) return Interrupted();
    if (summary.blocks.empty()) return {};
    TICKSCOPE_RETURN_IF_ERROR(Register(tenant, summary));
    Say("imported");
    if (clock_->NowMs() - summary.min_time_ms > tsdb::StoreOptions{}.retention_ms)
      Say("note: some samples are older than the default retention of 14 days: a server drops blocks that "
          "are wholly "
          "older than its store.retention when it seals next");
    return {};
  }

  Result<std::unique_ptr<SampleSource>> OpenMetrics() {
    const auto bad_lines = arguments_.skip_bad ? exchange::BadLines::kSkip : exchange::BadLines::kRefuse;
    return std::make_unique<SourceChain>(
        arguments_.paths,
        [this, bad_lines](const std::string& path) -> Result<std::unique_ptr<SampleSource>> {
          if (path != "-") return exchange::OpenMetricsSource::Open(*fs_, path, path, bad_lines);
          TICKSCOPE_ASSIGN_OR_RETURN(const std::string spooled, SpoolStdin());
          return exchange::OpenMetricsSource::Open(*fs_, spooled, "stdin", bad_lines);
        });
  }

  Result<std::unique_ptr<SampleSource>> Prometheus() {
    std::vector<std::string> blocks;
    for (const std::string& path : arguments_.paths) {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto found, exchange::FindPrometheusBlocks(*fs_, path));
      blocks.insert(blocks.end(), found.begin(), found.end());
    }
    Say(fmt::format("{} Prometheus blocks", blocks.size()));
    return std::make_unique<SourceChain>(
        std::move(blocks), [this](const std::string& path) -> Result<std::unique_ptr<SampleSource>> {
          return exchange::PrometheusBlockReader::Open(*fs_, path);
        });
  }

  Result<std::unique_ptr<SampleSource>> Remote() {
    if (arguments_.start.empty())
      return Fail(ErrorCode::kInvalidArgument,
                  "--start: needed, as in --start now-30d: a server is asked window by window");
    exchange::RemoteReadOptions options;
    options.url = arguments_.url;
    options.tenant = arguments_.source_tenant;
    options.matchers = matchers_;
    options.range = {range_.start_ms, std::min(range_.end_ms, clock_->NowMs())};
    auto window_ms = ParseDurationMs(arguments_.window);
    if (!window_ms) return FailWith("--window", std::move(window_ms).error());
    if (*window_ms <= 0) return Fail(ErrorCode::kInvalidArgument, "--window: want more than 0");
    options.window_ms = *window_ms;
    TICKSCOPE_ASSIGN_OR_RETURN(options.http,
                               ConnectOptions(arguments_.connect_source, *fs_, *clock_, metrics_));
    options.http.request_timeout = std::chrono::minutes(10);
    return exchange::RemoteReadSource::Make(*network_, std::move(options));
  }

  Result<std::unique_ptr<SampleSource>> Fleet() {
    fleet::RunPlan plan = arguments_.plan;
    auto cadence_ms = ParseDurationMs(arguments_.cadence);
    if (!cadence_ms) return FailWith("--cadence", std::move(cadence_ms).error());
    plan.cadence_ms = *cadence_ms;
    auto duration_ms = ParseDurationMs(arguments_.duration);
    if (!duration_ms) return FailWith("--duration", std::move(duration_ms).error());
    if (*duration_ms <= 0) return Fail(ErrorCode::kInvalidArgument, "--duration: want more than 0");
    // The plan's start is where samples begin; --end would cut its series short in the middle of nowhere.
    plan.start_ms = arguments_.start.empty() ? clock_->NowMs() - *duration_ms : range_.start_ms;
    TICKSCOPE_RETURN_IF_ERROR(fleet::CheckPlan(plan));
    return std::make_unique<exchange::FleetSource>(
        plan, static_cast<std::uint64_t>((*duration_ms + plan.cadence_ms - 1) / plan.cadence_ms));
  }

 private:
  [[nodiscard]] static Status Interrupted() {
    return Fail(ErrorCode::kCancelled, "interrupted: nothing was imported");
  }

  // Finds out early whether the blocks will be welcome.
  [[nodiscard]] Status Prepare(const TenantId& tenant) {
    const bool is_local = !arguments_.data.empty();
    directory_ = is_local ? ImportDirectory(arguments_.data, tenant, id_)
                          : fmt::format("{}/tickscope-import-{}", arguments_.work, id_);
    if (arguments_.dry_run) {
      directory_ = fmt::format("{}/tickscope-import-{}", arguments_.work, id_);
      return {};
    }
    if (is_local && arguments_.server.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(offline_, OpenOfflineStore(*fs_, arguments_.data));
    } else {
      const std::string server = arguments_.server.empty() ? kDefaultServer : arguments_.server;
      TICKSCOPE_ASSIGN_OR_RETURN(http::ClientOptions options,
                                 ConnectOptions(arguments_.connect, *fs_, *clock_, metrics_));
      TICKSCOPE_ASSIGN_OR_RETURN(AdminClient client,
                                 AdminClient::Make(*network_, server, tenant, std::move(options)));
      admin_.emplace(std::move(client));
      TICKSCOPE_RETURN_IF_ERROR(admin_->Call("DELETE", "/tsdb/import/" + id_, {}));
    }
    made_directory_ = true;
    return fs_->CreateDirectories(directory_);
  }

  // Gives what lies in the range and matches to `take`.
  template <typename Take>
  [[nodiscard]] Status ForEach(SampleSource& source, const Take& take) {
    Labels labels;
    SampleColumns samples;
    while (true) {
      if (stop_.IsSet()) return Interrupted();
      TICKSCOPE_ASSIGN_OR_RETURN(const bool more, source.Next(labels, samples));
      if (!more) return {};
      if (!arguments_.match.empty() && !MatchesAll(matchers_, labels)) continue;
      if (range_ != TimeWindow{INT64_MIN, INT64_MAX} && samples.size() > 0) {
        exchange::SortFirstWins(samples);
        exchange::ClipTo(range_, samples);
      }
      TICKSCOPE_RETURN_IF_ERROR(take(labels, samples));
    }
  }

  [[nodiscard]] Status Count(SampleSource& source, Pacer& pacer) {
    std::uint64_t count = 0;
    TimeMs min_ms = INT64_MAX;
    TimeMs max_ms = INT64_MIN;
    TICKSCOPE_RETURN_IF_ERROR(
        ForEach(source, [&](const Labels& labels, const SampleColumns& samples) -> Status {
          if (Status good = exchange::CheckImportLabels(labels); !good) return good;
          count += samples.size();
          pacer.Count(samples.size());
          for (const TimeMs time_ms : samples.times_ms) {
            min_ms = std::min(min_ms, time_ms);
            max_ms = std::max(max_ms, time_ms);
          }
          return {};
        }));
    std::fputs(fmt::format("dry run: {} samples{}, {} skipped; nothing imported\n", count,
                           Times(min_ms, max_ms), source.skipped())
                   .c_str(),
               stdout);
    return {};
  }

  [[nodiscard]] static std::string Times(TimeMs min_ms, TimeMs max_ms) {
    if (min_ms > max_ms) return {};
    return fmt::format(" from {} to {}", FormatUtcTime(min_ms), FormatUtcTime(max_ms));
  }

  void TellSummary(const exchange::ImportSummary& summary, const SampleSource& source) const {
    std::uint64_t bytes = 0;
    for (const exchange::ImportedBlock& block : summary.blocks)
      bytes += block.summary.bytes;
    std::fputs(fmt::format("{} samples{} in {} blocks of {} bytes together; {} duplicates, {} skipped\n",
                           summary.samples, Times(summary.min_time_ms, summary.max_time_ms),
                           summary.blocks.size(), bytes, summary.duplicates, source.skipped())
                   .c_str(),
               stdout);
  }

  [[nodiscard]] Status Register(const TenantId& tenant, const exchange::ImportSummary& summary) {
    std::vector<std::string> names;
    for (const exchange::ImportedBlock& block : summary.blocks)
      names.push_back(block.name);
    if (offline_.store != nullptr) {
      TICKSCOPE_RETURN_IF_ERROR(offline_.store->AdoptBlocks(tenant, directory_, names));
      return {};
    }
    const std::string path = "/tsdb/import/" + id_;
    const auto send = [&]() -> Status {
      if (arguments_.data.empty()) {
        for (const std::string& name : names)
          TICKSCOPE_RETURN_IF_ERROR(admin_->Upload(*fs_, directory_ + "/" + name, path + "/" + name));
      }
      TICKSCOPE_RETURN_IF_ERROR(admin_->Call("POST", path, {}));
      return {};
    };
    Status sent = send();
    if (!sent) static_cast<void>(admin_->Call("DELETE", path, {}));
    return sent;
  }

  // A pipe cannot be mapped: what comes through it is kept in a file until the end.
  [[nodiscard]] Result<std::string> SpoolStdin() {
    std::string path = directory_ + "/stdin.om";
    made_directory_ = true;
    TICKSCOPE_RETURN_IF_ERROR(fs_->CreateDirectories(directory_));
    spooled_.push_back(path);
    TICKSCOPE_ASSIGN_OR_RETURN(const auto file, fs_->OpenAppend(path, io::OpenMode::kTruncate));
    Bytes buffer(kStdinPieceBytes);
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
      const ByteView piece = ByteView(buffer).first(got);
      TICKSCOPE_RETURN_IF_ERROR(file->Append({&piece, 1}));
    }
    return path;
  }

  const ImportArguments& arguments_;
  fleet::StopFlag& stop_;
  const std::unique_ptr<io::FileSystem> fs_;
  const std::unique_ptr<Clock> clock_;
  MetricRegistry metrics_;
  const std::unique_ptr<io::Network> network_;
  const std::unique_ptr<Random> random_;
  const std::string id_;
  std::string directory_;
  bool made_directory_ = false;
  std::vector<std::string> spooled_;  // Taken away at the end.
  std::vector<Matcher> matchers_;
  TimeWindow range_;
  OfflineStore offline_;
  std::optional<AdminClient> admin_;
};

void AddTargetOptions(CLI::App& command, ImportArguments& arguments) {
  command.add_option(
      "--server", arguments.server,
      fmt::format("the server to import into, started with --admin-api (default {})", kDefaultServer));
  command.add_option(
      "--data", arguments.data,
      "its data directory, when it is on this machine; without --server no server may run on it");
  command.add_option("--work", arguments.work, "where blocks are made when there is no --data")
      ->capture_default_str();
  command.add_option("--tenant", arguments.tenant, "whose the samples become")->capture_default_str();
  command.add_option("--match", arguments.match, "only series of this selector, such as up{job=\"game\"}");
  command.add_option("--start", arguments.start,
                     "only samples from then on: Unix seconds, RFC 3339, now-30d");
  command.add_option("--end", arguments.end, "and until then");
  command.add_option("--memory", arguments.memory, "for samples that are not on disk yet")
      ->capture_default_str();
  command.add_option("--rate", arguments.rate, "samples a second at most, 0 for any")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--dry-run", arguments.dry_run,
                   "read and check everything, tell how much it is, import nothing");
  AddConnectFlags(command, arguments.connect);
}

}  // namespace

int RunImport(int argc, char** argv) {
  ImportArguments arguments;
  CLI::App app(
      "brings samples in from elsewhere, beside what is there: all of an import shows at once, or nothing",
      "tickscope import");
  app.require_subcommand(1);
  app.footer(
      "Of several samples of a series at one time the first stays. See docs/import-export.md.\n"
      "\n"
      "  tickscope import openmetrics dump.om --data data\n"
      "  tickscope import prometheus /var/lib/prometheus --server http://127.0.0.1:9280\n"
      "  tickscope import remote http://old:9090/api/v1/read --start now-30d --match '{job=\"game\"}'\n"
      "  tickscope import fleet --servers 3 --duration 395d --data data");

  CLI::App& openmetrics =
      *app.add_subcommand("openmetrics", "OpenMetrics text with times, from files or - for stdin");
  openmetrics.add_option("FILE", arguments.paths, "files, - for stdin")->required();
  openmetrics.add_flag("--skip-bad", arguments.skip_bad, "leave out lines that do not parse, and count them");

  CLI::App& prometheus = *app.add_subcommand("prometheus", "blocks of a Prometheus data directory");
  prometheus.add_option("DIR", arguments.paths, "blocks, or directories that hold some")->required();

  CLI::App& remote = *app.add_subcommand("remote", "a server that speaks Prometheus remote read");
  remote.add_option("URL", arguments.url, "of the endpoint, as http://old:9090/api/v1/read")->required();
  remote.add_option("--window", arguments.window, "time asked for at once")->capture_default_str();
  remote.add_option("--source-tenant", arguments.source_tenant, "sent to that server as X-Scope-OrgID");
  AddConnectFlags(remote, arguments.connect_source, "source-");

  CLI::App& fleet =
      *app.add_subcommand("fleet", "what simulated game servers would have sent, without sending it");
  fleet.add_option("--servers", arguments.plan.servers, "game servers, 300 series each")
      ->capture_default_str();
  fleet.add_option("--cadence", arguments.cadence, "time between samples")->capture_default_str();
  fleet.add_option("--duration", arguments.duration, "span of time, from --start on, or up to now")
      ->required();
  fleet.add_option("--seed", arguments.plan.seed, "what the values follow from")->capture_default_str();

  for (CLI::App* command : {&openmetrics, &prometheus, &remote, &fleet})
    AddTargetOptions(*command, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  // Before there are other threads, for those to have it too.
  io::LowerPriority();
  fleet::StopFlag stop;
  const auto signals = io::SignalWaiter::Start([&stop](io::Signal) { stop.Set(); });
  Status status = signals ? Status() : Status(std::unexpected(signals.error()));
  if (status) {
    ImportRun::MakeSource make_source = &ImportRun::OpenMetrics;
    if (prometheus.parsed()) make_source = &ImportRun::Prometheus;
    if (remote.parsed()) make_source = &ImportRun::Remote;
    if (fleet.parsed()) make_source = &ImportRun::Fleet;
    status = ImportRun(arguments, stop).Run(make_source);
  }
  if (status) return 0;
  std::fprintf(stderr, "tickscope import: %s\n", status.error().message.c_str());
  return kExitFailed;
}

}  // namespace tickscope::roles
