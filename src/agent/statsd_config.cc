#include "agent/statsd_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "io/datagrams.h"
#include "io/host_port.h"
#include "model/labels.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kIntervalMinMs = 100;
constexpr std::int64_t kDayMs = 24 * 3'600'000;
constexpr std::size_t kBucketsMax = 200;

std::vector<double> ReadBuckets(config::YamlMap& map) {
  std::vector<double> buckets;
  for (const std::string& text : map.Strings("buckets")) {
    double bound = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bound);
    const bool is_number = error == std::errc() && end == text.data() + text.size() && std::isfinite(bound);
    if (!is_number || (!buckets.empty() && bound <= buckets.back()) || buckets.size() == kBucketsMax) {
      map.Complain("buckets", "expected at most 200 numbers that ascend");
      return {};
    }
    buckets.push_back(bound);
  }
  return buckets;
}

}  // namespace

StatsdConfig ReadStatsd(config::YamlMap map, std::int64_t interval_ms) {
  StatsdConfig statsd;
  statsd.udp = map.String("udp", statsd.udp);
  statsd.unix_socket = map.String("unix", statsd.unix_socket);
  if (statsd.udp.empty() && statsd.unix_socket.empty())
    map.Complain("udp", "expected an address for udp, a path for unix, or both");
  if (!statsd.udp.empty()) {
    if (const auto parsed = io::ParseHostPort(statsd.udp); !parsed)
      map.Complain("udp", parsed.error().message);
  }
  if (!statsd.unix_socket.empty() &&
      (!statsd.unix_socket.starts_with('/') || statsd.unix_socket.size() > io::kSocketPathBytesMax))
    map.Complain("unix", "expected an absolute path of at most 100 bytes");
  statsd.job_name = map.String("job_name", statsd.job_name);
  statsd.instance = map.String("instance", statsd.instance);
  statsd.labels = map.StringMap("labels");
  for (const auto& [name, value] : statsd.labels) {
    if (name.empty() || name == kMetricName || !IsValidUtf8(name) || !IsValidUtf8(value))
      map.Complain("labels", "label names must be UTF-8, not empty and not __name__");
  }
  statsd.interval_ms = map.DurationMs("flush_interval", interval_ms, {.min = kIntervalMinMs, .max = kDayMs});
  statsd.expire_ms = map.DurationMs("expire", statsd.expire_ms, {.min = 1'000, .max = 30 * kDayMs});
  if (statsd.expire_ms < statsd.interval_ms) map.Complain("expire", "expire is below flush_interval");
  const auto count = [&](std::string_view key, std::size_t fallback) {
    return static_cast<std::size_t>(
        map.Int(key, static_cast<std::int64_t>(fallback), {.min = 1, .max = 10'000'000}));
  };
  statsd.series_max = count("series_limit", statsd.series_max);
  statsd.set_values_max = count("set_value_limit", statsd.set_values_max);
  statsd.buckets = ReadBuckets(map);
  return statsd;
}

void WriteStatsd(const StatsdConfig& statsd, config::YamlWriter& out) {
  out.Comment("host:port for datagrams by UDP, the path of a unix socket for datagrams, or both.");
  out.String("udp", statsd.udp);
  out.String("unix", statsd.unix_socket);
  out.Comment("Value of the job label, and of instance: the host's name when empty.");
  out.String("job_name", statsd.job_name);
  out.String("instance", statsd.instance);
  out.StringMap("labels", statsd.labels);
  out.Comment("How often series are sent.");
  out.DurationMs("flush_interval", statsd.interval_ms);
  out.Comment("A series that nobody sends any more ends after this.");
  out.DurationMs("expire", statsd.expire_ms);
  out.Comment("Past these limits new series, and new values of sets, are refused and counted.");
  out.Int("series_limit", static_cast<std::int64_t>(statsd.series_max));
  out.Int("set_value_limit", static_cast<std::int64_t>(statsd.set_values_max));
  out.Comment(
      "Bounds of timers and histograms that guard.schema does not name; native histograms when empty.");
  std::vector<std::string> buckets;
  for (const double bound : statsd.buckets)
    buckets.push_back(fmt::format("{}", bound));
  out.Strings("buckets", buckets);
}

}  // namespace tickscope::agent
