// tickscope snapshot: a copy of a data directory as of one moment, by hard links.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <utility>

#include "io/posix_file_system.h"
#include "roles/admin_client.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "roles/exchange_options.h"
#include "roles/snapshot.h"

namespace tickscope::roles {
namespace {

Status Snapshot(const std::string& server, const ConnectFlags& connect, const std::string& data,
                const std::string& to) {
  if (data.empty()) {
    Outbound out;
    TICKSCOPE_ASSIGN_OR_RETURN(http::ClientOptions options, out.Options(connect));
    TICKSCOPE_ASSIGN_OR_RETURN(AdminClient client,
                               AdminClient::Make(out.network(), server, {}, std::move(options)));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string answer, client.Call("POST", "/tsdb/snapshot", {}));
    std::fprintf(stdout, "%s\n", answer.c_str());
    std::fputs("it lies in the server's data directory, below snapshots\n", stderr);
    return {};
  }
  if (to.empty())
    return Fail(ErrorCode::kInvalidArgument, "--to: needed with --data: a directory on the same disk");
  const auto fs = io::MakePosixFileSystem();
  TICKSCOPE_ASSIGN_OR_RETURN(const OfflineStore offline, OpenOfflineStore(*fs, data));
  TICKSCOPE_ASSIGN_OR_RETURN(const SnapshotSummary snapshot, TakeSnapshot(*fs, *offline.store, data, to));
  std::fputs(fmt::format("{} files of {} bytes in {}\n", snapshot.files.size(), snapshot.bytes(), to).c_str(),
             stdout);
  return {};
}

}  // namespace

int RunSnapshot(int argc, char** argv) {
  CLI::App app("copies a data directory as of one moment: hard links, so it takes next to no room or time",
               "tickscope snapshot");
  app.footer(
      "  tickscope snapshot                            the running server, into its data/snapshots\n"
      "  tickscope snapshot --data data --to backup    a directory no server runs on\n"
      "\n"
      "Copy a snapshot to another machine with any tool; 'tickscope restore' checks it and makes a data "
      "directory of it.");
  std::string server = "http://127.0.0.1:9280";
  std::string data;
  std::string to;
  app.add_option("--server", server, "the running server, started with --admin-api")->capture_default_str();
  app.add_option("--data", data, "a data directory no server runs on, instead");
  ConnectFlags connect;
  AddConnectFlags(app, connect);
  app.add_option("--to", to, "where its snapshot goes: missing or empty, on the same disk");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Status status = Snapshot(server, connect, data, to);
  if (status) return 0;
  std::fprintf(stderr, "tickscope snapshot: %s\n", status.error().message.c_str());
  return 1;
}

}  // namespace tickscope::roles
