// What a reload does not take up is told by its key; what it does take up is not.
#include "agent/restart_only.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tickscope::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kRemote = "remote_write: [{url: 'http://x/'}]\n";
constexpr std::string_view kLogs =
    "logs:\n  push: {url: 'http://x/'}\n  spool: {directory: /s}\n"
    "  http: [{listen: '127.0.0.1:1'}, {listen: '127.0.0.1:2'}]\n";

std::vector<std::string> Changes(const std::string& before, const std::string& after) {
  const auto parse = [](const std::string& yaml) {
    return ParseAgentConfig(yaml + std::string(kRemote), "a.yaml").value();
  };
  return RestartOnlyChanges(parse(before), parse(after));
}

TEST(RestartOnly, IsToldByKey) {
  const std::string logs(kLogs);
  EXPECT_THAT(Changes("", "listen: '127.0.0.1:1'\nscrape_workers: 7\nshutdown_timeout: 1s\n"),
              ElementsAre("listen", "scrape_workers", "shutdown_timeout"));
  EXPECT_THAT(Changes("", "core_dump_memory: true\nfleet: {cadence_min: 2s}\naggregation: {lateness: 9s}\n"),
              ElementsAre("core_dump_memory", "fleet", "aggregation"));
  EXPECT_THAT(Changes("", logs), ElementsAre("logs.push.url"));
  EXPECT_THAT(Changes(logs, ""), ElementsAre("logs.push.url"));
  EXPECT_THAT(
      Changes(logs,
              "logs:\n  push: {url: 'http://x/'}\n"
              "  spool: {directory: /t, bytes_max: 512MiB, error_bytes: 64MiB, segment_bytes: 1MiB}\n"
              "  http: [{listen: '127.0.0.1:3', connection_limit: 1}, "
              "{listen: '127.0.0.1:1', body_bytes_max: 1MiB, connection_limit: 2}]\n"),
      ElementsAre("logs.spool.directory", "logs.spool.bytes_max", "logs.spool.segment_bytes",
                  "logs.spool.error_bytes", "logs.http[1].body_bytes_max", "logs.http[1].connection_limit"));
}

TEST(RestartOnly, WhatIsTakenUpIsNot) {
  EXPECT_THAT(Changes("",
                      "global: {external_labels: {region: eu}}\ndisk: {bytes_max: 1GiB}\n"
                      "log: {level: debug}\nstatsd: [{udp: '127.0.0.1:1'}]\nguard: {mode: enforce}\n"),
              IsEmpty());
  EXPECT_THAT(
      Changes(std::string(kLogs),
              "logs:\n  push: {url: 'http://y/', batch_wait: 2s, sender: me}\n  spool: {directory: /s}\n"
              "  tokens: {keys: /k}\n  files: [{paths: [/a/*.log]}]\n  syslog: [{udp: '127.0.0.1:5'}]\n"
              "  http: [{listen: '127.0.0.1:1', labels: {a: b}}]\n"),
      IsEmpty());
}

}  // namespace
}  // namespace tickscope::agent
