#include "agent/restart_only.h"

#include <fmt/format.h>

#include <algorithm>

namespace tickscope::agent {
namespace {

// What is no part of what other keys name.
void CompareLogs(const LogsConfig& running, const LogsConfig& wanted, std::vector<std::string>& keys) {
  const auto differs = [&](const char* key, bool does) {
    if (does) keys.emplace_back(key);
  };
  differs("logs.push.url", running.is_on() != wanted.is_on());
  if (!running.is_on() || !wanted.is_on()) return;
  differs("logs.spool.directory", running.spool.directory != wanted.spool.directory);
  differs("logs.spool.bytes_max", running.spool.bytes_max != wanted.spool.bytes_max);
  differs("logs.spool.segment_bytes", running.spool.segment_bytes != wanted.spool.segment_bytes);
  differs("logs.spool.error_bytes", running.spool.error_bytes != wanted.spool.error_bytes);
  for (std::size_t i = 0; i < wanted.http.size(); ++i) {
    const HttpLogsConfig& item = wanted.http[i];
    const auto same = std::ranges::find(running.http, item.listen, &HttpLogsConfig::listen);
    if (same == running.http.end()) continue;
    if (same->body_bytes_max != item.body_bytes_max)
      keys.push_back(fmt::format("logs.http[{}].body_bytes_max", i));
    if (same->connections_max != item.connections_max)
      keys.push_back(fmt::format("logs.http[{}].connection_limit", i));
  }
}

}  // namespace

std::vector<std::string> RestartOnlyChanges(const AgentConfig& running, const AgentConfig& wanted) {
  std::vector<std::string> keys;
  const auto differs = [&](const char* key, bool does) {
    if (does) keys.emplace_back(key);
  };
  differs("listen", running.listen != wanted.listen);
  differs("core_dump_memory", running.core_dump_memory != wanted.core_dump_memory);
  differs("scrape_workers", running.scrape_workers != wanted.scrape_workers);
  differs("shutdown_timeout", running.shutdown_timeout_ms != wanted.shutdown_timeout_ms);
  differs("fleet", running.fleet != wanted.fleet);
  differs("aggregation", running.aggregation != wanted.aggregation);
  CompareLogs(running.logs, wanted.logs, keys);
  return keys;
}

}  // namespace tickscope::agent
