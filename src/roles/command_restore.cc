// tickscope restore: checks a snapshot and makes a data directory of it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "io/posix_file_system.h"
#include "roles/commands.h"
#include "roles/snapshot.h"

namespace tickscope::roles {
namespace {

constexpr std::size_t kTellEveryFiles = 200;

Status Restore(const std::string& from, const std::string& data, bool verify_only) {
  const auto fs = io::MakePosixFileSystem();
  if (!verify_only && data.empty())
    return Fail(ErrorCode::kInvalidArgument, "--data: needed unless --verify-only is given");
  TICKSCOPE_ASSIGN_OR_RETURN(
      const SnapshotSummary snapshot,
      VerifySnapshot(*fs, from, [](const SnapshotFile&, std::size_t index, std::size_t count) {
        if (index % kTellEveryFiles == 0) std::fprintf(stderr, "checked %zu of %zu files\n", index, count);
      }));
  std::fputs(fmt::format("sound: {} files of {} bytes\n", snapshot.files.size(), snapshot.bytes()).c_str(),
             stdout);
  if (verify_only) return {};
  TICKSCOPE_RETURN_IF_ERROR(RestoreSnapshot(*fs, from, snapshot, data));
  std::fputs(fmt::format("restored; start it with: tickscope serve --data {}\n", data).c_str(), stdout);
  return {};
}

}  // namespace

int RunRestore(int argc, char** argv) {
  CLI::App app("checks every file of a snapshot, then makes a data directory of it", "tickscope restore");
  app.footer("  tickscope restore --from data/snapshots/20260101T120000Z-0123abcd --data restored");
  std::string from;
  std::string data;
  bool verify_only = false;
  app.add_option("--from", from, "the snapshot")->required();
  app.add_option("--data", data, "the data directory to make: missing or empty");
  app.add_flag("--verify-only", verify_only, "only check; exit 1 on damage");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Status status = Restore(from, data, verify_only);
  if (status) return 0;
  std::fprintf(stderr, "tickscope restore: %s\n", status.error().message.c_str());
  return 1;
}

}  // namespace tickscope::roles
