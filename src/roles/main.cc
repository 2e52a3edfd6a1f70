// tickscope: one binary, a table of sub-commands.
#include <cstdio>
#include <string_view>

#include "roles/commands.h"

namespace tickscope::roles {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(int argc, char** argv);
};

constexpr Command kCommands[] = {
    {"serve", "run the server: remote write in, PromQL out", RunServe},
    {"config", "show or check the server's configuration", RunConfig},
    {"agent", "scrape targets and send what they say by remote write", RunAgent},
    {"guard", "find private data in text, or replace it by tokens", RunGuard},
    {"fleet", "simulate game servers that write to a receiver, and verify what it kept", RunFleet},
    {"block", "look into block files: list, show, verify, dump", RunBlock},
    {"page", "look into the shared-memory pages of game servers: show", RunPage},
    {"objects", "look into an object store: check, ls, get, put, rm", RunObjects},
    {"incident", "have the whole fleet read more often for a while", RunIncident},
    {"inventory", "show the agents that push to a gateway", RunInventory},
    {"tiers", "show where a server's history is", RunTiers},
    {"delete", "delete samples by selector and time, or count them", RunDelete},
    {"import", "bring samples in: OpenMetrics, Prometheus blocks, remote read, a simulated fleet", RunImport},
    {"export", "take samples out: OpenMetrics, CSV, JSON lines, Prometheus blocks", RunExport},
    {"snapshot", "copy a data directory as of one moment, by hard links", RunSnapshot},
    {"restore", "check a snapshot and make a data directory of it", RunRestore},
    {"queries", "list what a server is asked right now, or end a query", RunQueries},
    {"query", "ask a server: instant, range, follow, series, labels", RunQuery},
    {"viewers", "put people in front of dashboards, and tell how long they waited", RunViewers},
    {"schema", "what a game may send: check, show, compare, and make handles and a catalogue", RunSchema},
    {"dashboards", "dashboards as files: check, compare, bring to a server and back", RunDashboards},
    {"lint", "check schema, rule, dashboard and exposition files before they are used", RunLint},
    {"cold", "the cold tier: publish days as Parquet, list, verify, describe", RunCold},
    {"cost", "what is kept and what it costs, by tenant, tier, owner and metric", RunCost},
    {"sql", "ask the cold tier in SQL", RunSql},
    {"stream", "look into the stream: tail", RunStream},
    {"test", "run PromQL test scripts", RunTest},
    {"version", "print the version", RunVersion},
};

void PrintUsage(std::FILE* out) {
  std::fputs(
      "tickscope: metrics for live games, from game server to dashboard\n"
      "\n"
      "usage: tickscope COMMAND [OPTIONS]\n"
      "\n"
      "commands:\n",
      out);
  for (const Command& command : kCommands) {
    std::fprintf(out, "  %-8.*s  %.*s\n", static_cast<int>(command.name.size()), command.name.data(),
                 static_cast<int>(command.summary.size()), command.summary.data());
  }
  std::fputs("\nrun 'tickscope COMMAND --help' for a command's options\n", out);
}

}  // namespace
}  // namespace tickscope::roles

int main(int argc, char** argv) {
  using tickscope::roles::kCommands;
  if (argc < 2) {
    tickscope::roles::PrintUsage(stderr);
    return 2;
  }
  const std::string_view name = argv[1];
  if (name == "--help" || name == "-h" || name == "help") {
    tickscope::roles::PrintUsage(stdout);
    return 0;
  }
  for (const auto& command : kCommands) {
    if (command.name == name) return command.run(argc - 1, argv + 1);
  }
  std::fprintf(stderr, "tickscope: unknown command \"%s\"; run 'tickscope help' for the list\n", argv[1]);
  return 2;
}
