// tickscope export: takes samples out, of a running server or of a data directory.
//
//   tickscope export --match 'up{job="game"}' --start now-1d > up.om
//   tickscope export --data data --format prometheus --output /var/lib/prometheus/data
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/civil_time.h"
#include "base/duration.h"
#include "exchange/export_run.h"
#include "exchange/parquet_sink.h"
#include "exchange/prometheus_block.h"
#include "exchange/text_sinks.h"
#include "io/asio_network.h"
#include "io/posix_file_system.h"
#include "io/read_only_file_system.h"
#include "io/system_clock.h"
#include "io/system_random.h"
#include "plugin/columnar.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "roles/exchange_options.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr std::int64_t kServerWindowMs = 2 * 3'600'000;
constexpr std::int64_t kRangeDefaultMs = 3'600'000;
constexpr std::uint64_t kSeriesMax = 100'000'000;

struct ExportArguments {
  std::string server = "http://127.0.0.1:9280";
  std::string data;
  std::string tenant{kDefaultTenant};
  std::string match;
  std::string start;
  std::string end;
  std::string format = "openmetrics";
  std::string output;
  std::string window;
  ConnectFlags connect;
};

// Text to a new file, or to stdout.
class Output {
 public:
  [[nodiscard]] Status Open(io::FileSystem& fs, const std::string& path) {
    path_ = path;
    fs_ = &fs;
    if (path.empty()) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(file_, fs.OpenAppend(path, io::OpenMode::kCreateNew));
    return {};
  }
  [[nodiscard]] Status Write(std::string_view text) {
    if (file_ == nullptr) {
      if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
      return Fail(ErrorCode::kUnavailable, "stdout does not take the output");
    }
    const ByteView piece = AsBytes(text);
    return file_->Append({&piece, 1});
  }
  [[nodiscard]] Status Finish() {
    if (file_ == nullptr) {
      if (std::fflush(stdout) == 0) return {};
      return Fail(ErrorCode::kUnavailable, "stdout does not take the output");
    }
    return file_->Sync();
  }
  // A cut file could be taken for a whole one.
  void Abandon() {
    if (file_ != nullptr) static_cast<void>(fs_->Remove(path_));
  }

 private:
  std::string path_;
  io::FileSystem* fs_ = nullptr;
  std::unique_ptr<io::AppendFile> file_;
};

Status RunOne(const ExportArguments& arguments) {
  const auto fs = io::MakePosixFileSystem();
  const auto clock = io::MakeSystemClock();
  const auto random = io::MakeSystemRandom();
  const TimeMs now_ms = clock->NowMs();
  TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant, wire::ParseTenantHeader(arguments.tenant));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<Matcher> matchers, ParseMatchOption(arguments.match));
  TICKSCOPE_ASSIGN_OR_RETURN(
      const exchange::TimeWindow range,
      ParseRangeOptions(arguments.start, arguments.end, {now_ms - kRangeDefaultMs, now_ms}, now_ms));
  std::int64_t window_ms = arguments.data.empty() ? kServerWindowMs : 0;
  if (!arguments.window.empty()) {
    auto window = ParseDurationMs(arguments.window);
    if (!window) return FailWith("--window", std::move(window).error());
    window_ms = *window;
  }

  Output output;
  std::unique_ptr<exchange::SampleSink> sink;
  const auto write = [&output](std::string_view text) { return output.Write(text); };
  if (arguments.format == "openmetrics") {
    sink = exchange::MakeOpenMetricsSink(write);
  } else if (arguments.format == "csv") {
    sink = exchange::MakeCsvSink(write);
  } else if (arguments.format == "jsonl") {
    sink = exchange::MakeJsonLinesSink(write);
  } else if (arguments.format == "parquet") {
    TICKSCOPE_ASSIGN_OR_RETURN(plugin::Columnar* const columnar, plugin::LoadColumnar());
    TICKSCOPE_ASSIGN_OR_RETURN(sink, exchange::MakeParquetSink(*columnar, write));
  } else if (arguments.format == "prometheus") {
    if (arguments.output.empty())
      return Fail(ErrorCode::kInvalidArgument, "--output: needed: the directory Prometheus blocks go to");
    sink = std::make_unique<exchange::PrometheusBlockSink>(*fs, arguments.output, now_ms, *random);
  } else {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("--format: got \"{}\", want openmetrics, csv, jsonl, parquet or prometheus",
                            arguments.format));
  }

  const auto read_only = io::MakeReadOnlyFileSystem(*fs);
  const auto network = io::MakeAsioNetwork();
  const QueryContext context;
  MetricRegistry metrics;
  std::unique_ptr<tsdb::Store> store;
  std::unique_ptr<http::Client> client;
  exchange::WindowReader reader;
  if (!arguments.data.empty()) {
    tsdb::StoreOptions options;
    options.directory = arguments.data + "/store";
    options.query_series_max = kSeriesMax;
    TICKSCOPE_ASSIGN_OR_RETURN(store, tsdb::Store::Open(*read_only, metrics, std::move(options)));
    std::fputs(
        "note: samples of the last minutes that are in the stream only are left out: start the server and "
        "export from it to have them\n",
        stderr);
    reader = exchange::ReadFromStorage(*store, tenant, matchers, context);
  } else {
    std::string url = arguments.server;
    while (url.ends_with('/'))
      url.pop_back();
    exchange::RemoteReadOptions options;
    options.url = url + "/api/v1/read";
    options.tenant = tenant;
    options.matchers = matchers;
    TICKSCOPE_ASSIGN_OR_RETURN(options.http, ConnectOptions(arguments.connect, *fs, *clock, metrics));
    options.http.request_timeout = std::chrono::minutes(10);
    client = http::Client::Make(*network, options.http);
    reader = exchange::ReadFromServer(*client, std::move(options));
  }
  if (arguments.format != "prometheus") TICKSCOPE_RETURN_IF_ERROR(output.Open(*fs, arguments.output));
  auto summary = exchange::Export(
      reader, range, window_ms, *sink,
      [&range](const exchange::ExportSummary& so_far, const exchange::TimeWindow& window) {
        if (window.end_ms == range.end_ms) return;
        std::fprintf(stderr, "up to %s: %llu samples\n", FormatUtcTime(window.end_ms).c_str(),
                     static_cast<unsigned long long>(so_far.samples));
      });
  Status finished = summary ? output.Finish() : Status(std::unexpected(summary.error()));
  if (!finished) {
    output.Abandon();
    return finished;
  }
  std::fprintf(
      stderr, "%llu samples exported, %llu left out%s\n",
      static_cast<unsigned long long>(summary->samples - summary->left_out),
      static_cast<unsigned long long>(summary->left_out),
      summary->left_out == 0 ? "" : ": this format has no native histograms, staleness markers or such");
  return {};
}

}  // namespace

int RunExport(int argc, char** argv) {
  ExportArguments arguments;
  CLI::App app("takes samples out as they are stored, of a running server or of a data directory",
               "tickscope export");
  app.footer(
      "What each format holds: docs/import-export.md.\n"
      "\n"
      "  tickscope export --match 'up{job=\"game\"}' --start now-1d > up.om\n"
      "  tickscope export --format parquet --start now-1d --output day.parquet\n"
      "  tickscope export --data data --start now-30d --format prometheus --output blocks");
  app.add_option("--server", arguments.server, "the server to ask")->capture_default_str();
  app.add_option("--data", arguments.data, "a data directory to read instead; nothing in it changes");
  app.add_option("--tenant", arguments.tenant, "whose samples")->capture_default_str();
  app.add_option("--match", arguments.match,
                 "series of this selector, such as up{job=\"game\"} (default: all)");
  app.add_option("--start", arguments.start,
                 "from then on: Unix seconds, RFC 3339, now-1d (default: now-1h)");
  app.add_option("--end", arguments.end, "until then (default: now)");
  app.add_option("--format", arguments.format, "openmetrics, csv, jsonl, parquet or prometheus (blocks)")
      ->capture_default_str();
  app.add_option("--output", arguments.output,
                 "a new file, or the directory of Prometheus blocks (default: stdout)");
  app.add_option("--window", arguments.window,
                 "time read at once; a series comes again for each (default: 2h of a server, all of "
                 "a directory)");
  AddConnectFlags(app, arguments.connect);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  const Status status = RunOne(arguments);
  if (status) return 0;
  std::fprintf(stderr, "tickscope export: %s\n", status.error().message.c_str());
  return kExitFailed;
}

}  // namespace tickscope::roles
