// tickscope incident, tickscope inventory: the fleet's switch, and who is in the fleet.
//
//   tickscope incident on --ttl 30m --to https://gateway:9280
//   tickscope incident status
//   tickscope inventory --tenant eu
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>

#include "http/client.h"
#include "http/router.h"
#include "roles/commands.h"
#include "roles/connect_flags.h"
#include "wire/remote_write_headers.h"

namespace tickscope::roles {
namespace {

struct FleetArguments {
  std::string url = "http://127.0.0.1:9280";
  ConnectFlags connect;
  std::string ttl = "30m";
  std::string cadence;
  std::string tenant;
  std::string after;
  int limit = 1000;
};

// Asks the server, and prints its answer as it is.
Status Call(const FleetArguments& arguments, const char* method, const std::string& target) {
  Outbound out;
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(arguments.url));
  TICKSCOPE_ASSIGN_OR_RETURN(const http::ClientOptions options, out.Options(arguments.connect));
  while (url.target.ends_with('/'))
    url.target.pop_back();
  http::Request request{.method = method, .target = url.target + "/api/v1/fleet/" + target};
  if (!arguments.tenant.empty()) request.headers.Set(wire::kTenantHeader, arguments.tenant);
  const auto client = http::Client::Make(out.network(), options);
  const auto response = client->Fetch(url, std::move(request));
  if (!response) return FailWith(arguments.url, response.error());
  if (response->status != 200) {
    return Fail(ErrorCode::kUnavailable,
                arguments.url + ": HTTP " + std::to_string(response->status) + ": " + response->body);
  }
  std::printf("%s\n", response->body.c_str());
  return {};
}

int Run(CLI::App& app, int argc, char** argv, const std::function<Status()>& run) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Status done = run();
  if (done) return 0;
  std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), done.error().message.c_str());
  return 1;
}

void AddServerOptions(CLI::App& app, FleetArguments& arguments) {
  app.add_option("--to", arguments.url, "gateway")->capture_default_str();
  AddConnectFlags(app, arguments.connect);
}

}  // namespace

int RunIncident(int argc, char** argv) {
  CLI::App app("Has the whole fleet read more often for a while. Agents go back by themselves at its end.",
               "tickscope incident");
  FleetArguments arguments;
  app.require_subcommand(1);
  CLI::App* const on = app.add_subcommand("on", "begin, or begin anew");
  on->add_option("--ttl", arguments.ttl, "how long it lasts")->capture_default_str();
  on->add_option("--cadence", arguments.cadence, "how often agents read (the gateway's incident_cadence)");
  CLI::App* const off = app.add_subcommand("off", "end it now");
  CLI::App* const status = app.add_subcommand("status", "what is in force");
  for (CLI::App* const command : {on, off, status})
    AddServerOptions(*command, arguments);
  return Run(app, argc, argv, [&]() -> Status {
    if (off->parsed()) return Call(arguments, "DELETE", "incident");
    if (status->parsed()) return Call(arguments, "GET", "incident");
    std::string target = "incident?ttl=" + http::PercentEncode(arguments.ttl);
    if (!arguments.cadence.empty()) target += "&cadence=" + http::PercentEncode(arguments.cadence);
    return Call(arguments, "POST", target);
  });
}

int RunInventory(int argc, char** argv) {
  CLI::App app(
      "Shows the agents that push to a gateway: version, settings, cadence, lag and losses, as JSON.",
      "tickscope inventory");
  FleetArguments arguments;
  AddServerOptions(app, arguments);
  app.add_option("--tenant", arguments.tenant, "sent as X-Scope-OrgID; all tenants without");
  app.add_option("--limit", arguments.limit, "agents at most")->capture_default_str();
  app.add_option("--after", arguments.after, "go on after this TENANT/SENDER");
  return Run(app, argc, argv, [&] {
    return Call(
        arguments, "GET",
        "agents?limit=" + std::to_string(arguments.limit) + "&after=" + http::PercentEncode(arguments.after));
  });
}

}  // namespace tickscope::roles
