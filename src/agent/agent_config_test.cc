// AgentConfig: what a file means, that what is printed reads back, and what each mistake is told.
#include "agent/agent_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tickscope::agent {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kFull = R"(
listen: 127.0.0.1:0
log: {level: debug, format: json}
scrape_workers: 2
disk: {bytes_max: 2GiB}
shutdown_timeout: 1s
global:
  scrape_interval: 20s
  scrape_timeout: 2s
  external_labels: {region: eu}
scrape_configs:
  - job_name: game
    metrics_path: /stats
    params: {"collect[]": [cpu, "disk io"], one: [x]}
    honor_labels: true
    honor_timestamps: false
    scrape_interval: 5s
    body_size_limit: 1MiB
    sample_limit: 10
    scrape_native_histograms: false
    fallback_scrape_protocol: PrometheusText0.0.4
    static_configs:
      - targets: ["10.0.0.1:9100", "[::1]:9100"]
        labels: {zone: a}
sdk_pages:
  - {}
  - {job_name: arena, directory: /run/pages, labels: {zone: b}, instance: name, read_interval: 5s,
     remove_ended: false, native_histograms: false, page_limit: 3, series_limit: 400, memory_limit: 2MiB}
remote_write:
  - url: http://gateway:9280/api/v1/write
    protocol: rw1
    headers: {X-Scope-OrgID: studio}
    shards: 3
)";

TEST(AgentConfig, ResolvesTargets) {
  const auto config = ParseAgentConfig(kFull, "a.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const std::vector<TargetConfig> targets = config->Targets();
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].url, "http://10.0.0.1:9100/stats?collect%5B%5D=cpu&collect%5B%5D=disk%20io&one=x");
  EXPECT_EQ(targets[0].labels.ToString(), "{instance=\"10.0.0.1:9100\", job=\"game\", zone=\"a\"}");
  EXPECT_EQ(targets[1].url, "http://[::1]:9100/stats?collect%5B%5D=cpu&collect%5B%5D=disk%20io&one=x");
  EXPECT_EQ(targets[0].interval_ms, 5'000);
  EXPECT_EQ(targets[0].timeout_ms, 2'000);
  EXPECT_TRUE(targets[0].honor_labels);
  EXPECT_FALSE(targets[0].honor_timestamps);
  EXPECT_EQ(targets[0].body_bytes_max, 1U << 20U);
  EXPECT_EQ(targets[0].fallback_format, wire::ExpositionFormat::kText);
  EXPECT_EQ(config->remote_writes[0].protocol, wire::RemoteWriteProtocol::kV1);
  EXPECT_EQ(config->remote_writes[0].shards, 3U);
  EXPECT_EQ(config->external_labels.ToString(), "{region=\"eu\"}");
  EXPECT_EQ(config->disk_bytes_max, 2ULL << 30U);
  ASSERT_EQ(config->sdk_pages.size(), 2U);
  PagesConfig defaults;
  defaults.interval_ms = 20'000;
  EXPECT_EQ(config->sdk_pages[0], defaults);
  EXPECT_EQ(defaults.directory, "/dev/shm/tickscope");
  EXPECT_EQ(config->sdk_pages[1], (PagesConfig{.job_name = "arena",
                                               .directory = "/run/pages",
                                               .labels = {{"zone", "b"}},
                                               .instance = PageInstance::kName,
                                               .interval_ms = 5'000,
                                               .remove_ended = false,
                                               .native_histograms = false,
                                               .pages_max = 3,
                                               .series_max = 400,
                                               .bytes_max = 2U << 20U}));
}

TEST(AgentConfig, WhatIsDescribedReadsBack) {
  const auto config = ParseAgentConfig(kFull, "a.yaml");
  ASSERT_TRUE(config.has_value());
  const std::string text = DescribeAgentConfig(*config);
  const auto again = ParseAgentConfig(text, "described.yaml");
  ASSERT_TRUE(again.has_value()) << again.error().message << "\n" << text;
  EXPECT_EQ(DescribeAgentConfig(*again), text);
  EXPECT_EQ(again->Targets(), config->Targets());
  EXPECT_EQ(again->remote_writes, config->remote_writes);
  EXPECT_EQ(again->disk_bytes_max, config->disk_bytes_max);
}

TEST(AgentConfig, Mistakes) {
  struct Case {
    const char* name;
    const char* yaml;
    const char* message;
  };
  const Case cases[] = {
      {"no receiver", "scrape_configs: []", "remote_write: expected at least one url to send to"},
      {"unknown key", "scrape_config: []", "did you mean \"scrape_configs\"?"},
      {"bad receiver", "remote_write: [{url: 'ftp://x'}]", "a.yaml:1:22: remote_write[0].url: "},
      {"timeout over interval",
       "scrape_configs: [{job_name: a, scrape_interval: 1s, scrape_timeout: 2s}]\nremote_write: [{url: "
       "'http://x/'}]",
       "a.yaml:1:69: scrape_configs[0].scrape_timeout: scrape_timeout is above scrape_interval"},
      {"job twice", "scrape_configs: [{job_name: a}, {job_name: a}]\nremote_write: [{url: 'http://x/'}]",
       "another scrape config has this job_name"},
      {"no targets", "scrape_configs: [{job_name: a, static_configs: [{}]}]",
       "expected at least one \"host:port\""},
      {"bad target", "scrape_configs: [{job_name: a, static_configs: [{targets: ['a b']}]}]",
       "scrape_configs[0].static_configs[0].targets: "},
      {"path", "scrape_configs: [{job_name: a, metrics_path: metrics}]",
       "expected a path that starts with '/'"},
      {"backoff", "remote_write: [{url: 'http://x/', backoff_min: 1s, backoff_max: 10ms}]",
       "backoff_max is below backoff_min"},
      {"pages twice", "sdk_pages: [{}, {job_name: b}]", "another item of sdk_pages has this directory"},
      {"pages nowhere", "sdk_pages: [{directory: pages}]", "expected an absolute path"},
      {"pages' labels", "sdk_pages: [{labels: {__name__: x}}]", "not empty and not __name__"},
      {"no page", "sdk_pages: [{page_limit: 0}]", "sdk_pages[0].page_limit: "},
      {"name label", "global: {external_labels: {__name__: x}}", "__name__ cannot be set here"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto config = ParseAgentConfig(c.yaml, "a.yaml");
    ASSERT_FALSE(config.has_value());
    EXPECT_THAT(config.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace tickscope::agent
