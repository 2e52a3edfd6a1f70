// tickscope tiers, tickscope delete: where history stands, and taking samples out of it.
//
//   tickscope tiers --to http://127.0.0.1:9280
//   tickscope delete --match '{server="s-17"}' --start now-2d --end now-1d --dry-run
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "apiclient/tier_client.h"
#include "base/byte_size.h"
#include "base/civil_time.h"
#include "base/duration.h"
#include "io/system_clock.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "roles/time_argument.h"

namespace tickscope::roles {
namespace {

struct TierArguments {
  std::string url = "http://127.0.0.1:9280";
  std::string tenant;
  std::vector<std::string> selectors;
  std::string start;
  std::string end;
  bool is_dry_run = false;
  ConnectFlags connect;
};

void AddServerOptions(CLI::App& app, TierArguments& arguments) {
  app.add_option("--to", arguments.url, "server")->capture_default_str();
  app.add_option("--tenant", arguments.tenant, "sent as X-Scope-OrgID");
  AddConnectFlags(app, arguments.connect);
}

int Complain(std::string_view command, const Error& error) {
  std::fprintf(stderr, "tickscope %.*s: %s\n", static_cast<int>(command.size()), command.data(),
               error.message.c_str());
  return 1;
}

// Nothing while the command line is right, else the exit code.
std::optional<int> Parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  return std::nullopt;
}

Result<apiclient::TierClient> MakeClient(Outbound& out, const TierArguments& arguments) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::ClientOptions options, out.Options(arguments.connect));
  return apiclient::TierClient::Make(
      out.network(), {.url = arguments.url, .tenant = arguments.tenant, .http = std::move(options)});
}

void Print(const apiclient::TierAnswer& answer) {
  fmt::print("object store  {}\n\n", answer.store);
  fmt::print("{:<6} {:>7} {:>10}  {:<25} {:<25} {}\n", "tier", "blocks", "bytes", "from", "until",
             "kept for");
  for (const apiclient::TierAnswer::Tier& tier : answer.tiers) {
    const bool is_empty = tier.blocks == 0;
    fmt::print("{:<6} {:>7} {:>10}  {:<25} {:<25} {}\n", tier.name, tier.blocks,
               FormatByteSize(tier.bytes < (16U << 20) ? tier.bytes : tier.bytes >> 20 << 20),
               is_empty ? "-" : FormatUtcTime(tier.from_ms), is_empty ? "-" : FormatUtcTime(tier.until_ms),
               FormatDurationMs(tier.keep_ms));
  }
  fmt::print("\nto upload     {} blocks, the oldest {} old\n", answer.blocks_to_upload,
             FormatDurationMs(answer.upload_lag_ms / 1000 * 1000));
  fmt::print("to merge      {} merges, due for {}\n", answer.merges_pending,
             FormatDurationMs(answer.merge_lag_ms / 1000 * 1000));
  fmt::print("deletes       {} not carried out yet\n", answer.deletes_pending);
  if (!answer.last_error.empty()) fmt::print("last error    {}\n", answer.last_error);
}

}  // namespace

int RunTiers(int argc, char** argv) {
  CLI::App app("show where a server's history is: tiers, sizes, and what is still to be done",
               "tickscope tiers");
  TierArguments arguments;
  AddServerOptions(app, arguments);
  if (const auto code = Parse(app, argc, argv)) return *code;
  Outbound out;
  auto client = MakeClient(out, arguments);
  if (!client) return Complain("tiers", client.error());
  const auto answer = client->Status();
  if (!answer) return Complain("tiers", answer.error());
  Print(*answer);
  return 0;
}

int RunDelete(int argc, char** argv) {
  CLI::App app("delete samples of the series that selectors match", "tickscope delete");
  app.footer(
      "Deleted samples are hidden at once and dropped from the files by the next merges; the server needs\n"
      "admin_api: true. Count first:\n"
      "\n"
      "  tickscope delete --match '{server=\"s-17\"}' --start now-2d --end now-1d --dry-run");
  TierArguments arguments;
  AddServerOptions(app, arguments);
  app.add_option("--match", arguments.selectors, "selector of series; may be given several times")
      ->required()
      ->option_text("SELECTOR");
  app.add_option("--start", arguments.start,
                 "first time: Unix seconds, RFC 3339 or now-6h; default: the beginning");
  app.add_option("--end", arguments.end, "last time; default, and at most: now");
  app.add_flag("--dry-run", arguments.is_dry_run, "count series and samples, delete nothing");
  if (const auto code = Parse(app, argc, argv)) return *code;
  const TimeMs now_ms = io::MakeSystemClock()->NowMs();
  apiclient::TimeSpan span;
  for (const auto& [text, option, time] : {std::tuple{&arguments.start, "--start", &span.start_ms},
                                           std::tuple{&arguments.end, "--end", &span.end_ms}}) {
    if (text->empty()) continue;
    const auto parsed = ParseTimeArgument(*text, now_ms);
    if (!parsed) {
      std::fprintf(stderr, "tickscope delete: %s: %s\n", option, parsed.error().message.c_str());
      return 2;
    }
    *time = *parsed;
  }
  Outbound out;
  auto client = MakeClient(out, arguments);
  if (!client) return Complain("delete", client.error());
  if (arguments.is_dry_run) {
    const auto counts = client->CountDelete(arguments.selectors, span);
    if (!counts) return Complain("delete", counts.error());
    fmt::print("{} samples of {} series would be deleted\n", counts->samples, counts->series);
    return 0;
  }
  if (const Status deleted = client->Delete(arguments.selectors, span); !deleted)
    return Complain("delete", deleted.error());
  fmt::print("deleted; the files follow with the next merges\n");
  return 0;
}

}  // namespace tickscope::roles
