#include "agent/host_metrics_config.h"

#include "model/labels.h"

namespace tickscope::agent {
namespace {

constexpr std::int64_t kIntervalMinMs = 100;
constexpr std::int64_t kIntervalMaxMs = 24 * 3'600'000;

}  // namespace

HostMetricsConfig ReadHostMetrics(config::YamlMap map, std::int64_t interval_ms) {
  HostMetricsConfig host;
  host.is_on = map.Bool("enabled", host.is_on);
  host.job_name = map.String("job_name", host.job_name);
  host.instance = map.String("instance", host.instance);
  host.labels = map.StringMap("labels");
  for (const auto& [name, value] : host.labels) {
    if (name.empty() || name == kMetricName || !IsValidUtf8(name) || !IsValidUtf8(value))
      map.Complain("labels", "label names must be UTF-8, not empty and not __name__");
  }
  host.interval_ms =
      map.DurationMs("read_interval", interval_ms, {.min = kIntervalMinMs, .max = kIntervalMaxMs});
  host.per_cpu = map.Bool("per_cpu", host.per_cpu);
  host.proc = map.String("proc", host.proc);
  if (!host.proc.starts_with('/')) map.Complain("proc", "expected an absolute path");
  host.root = map.String("root", host.root);
  if (!host.root.empty() && (!host.root.starts_with('/') || host.root.ends_with('/')))
    map.Complain("root", "expected an absolute path without a '/' at its end");
  return host;
}

void WriteHostMetrics(const HostMetricsConfig& host, config::YamlWriter& out) {
  out.Bool("enabled", host.is_on);
  out.Comment("Value of the job label.");
  out.String("job_name", host.job_name);
  out.Comment("Value of the instance label; the host's name when empty.");
  out.String("instance", host.instance);
  out.StringMap("labels", host.labels);
  out.DurationMs("read_interval", host.interval_ms);
  out.Comment("Time of each processor; false: of all together, without the label cpu.");
  out.Bool("per_cpu", host.per_cpu);
  out.Comment("In a container: where the host's /proc and / are mounted.");
  out.String("proc", host.proc);
  out.String("root", host.root);
}

}  // namespace tickscope::agent
