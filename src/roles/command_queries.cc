// tickscope queries: what a server is being asked right now, and ending a query.
//
//   tickscope queries list --to http://127.0.0.1:9280
//   tickscope queries kill 42
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "apiclient/answer_text.h"
#include "apiclient/query_list_client.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"

namespace tickscope::roles {
namespace {

int Complain(const Error& error) {
  std::fprintf(stderr, "tickscope queries: %s\n", error.message.c_str());
  return 1;
}

void Print(const std::vector<apiclient::ListedQuery>& queries) {
  fmt::print("{:<8} {:<8} {:<10} {:>8} {:>10} {:>12}  {:<20} {}\n", "id", "state", "class", "age", "estimate",
             "samples", "user", "query");
  for (const apiclient::ListedQuery& query : queries) {
    fmt::print("{:<8} {:<8} {:<10} {:>7.1f}s {:>8.3g}MB {:>12.0f}  {:<20} {}\n", query.id, query.state,
               query.query_class, query.age_seconds, query.estimated_bytes / 1e6, query.samples,
               apiclient::ShownText(query.user), apiclient::ShownText(query.text));
  }
}

}  // namespace

int RunQueries(int argc, char** argv) {
  CLI::App app("list the queries that wait or run, or end one", "tickscope queries");
  apiclient::PrometheusClientOptions options;
  std::string id;
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--to", options.url, "The server's URL")->capture_default_str();
  app.add_option("--tenant", options.tenant, "Sent as X-Scope-OrgID");
  ConnectFlags connect;
  AddConnectFlags(app, connect);
  app.add_subcommand("list", "those of the tenant, oldest first");
  CLI::App& kill = *app.add_subcommand("kill", "end a query; whoever asked is answered with an error");
  kill.add_option("ID", id, "Its number in the list")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  Outbound out;
  auto http = out.Options(connect);
  if (!http) return Complain(http.error());
  options.http = *std::move(http);
  auto client = apiclient::QueryListClient::Make(out.network(), std::move(options));
  if (!client) return Complain(client.error());
  if (kill.parsed()) {
    const Status killed = client->Kill(id);
    return killed ? 0 : Complain(killed.error());
  }
  const auto queries = client->List();
  if (!queries) return Complain(queries.error());
  Print(*queries);
  return 0;
}

}  // namespace tickscope::roles
