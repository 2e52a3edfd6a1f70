// HostSource: the machine itself as a target: what host/host_reader.h reads, with a target's labels, judged as a target's series are.
//
// Invariants   H1 a series has one sample a reading, all of one time; one that is gone ends with a staleness marker.
// Threads      One thread at a time.
// Memory       About 250 bytes a series, of which there are 150 and 8 a processor, 11 a disk, 11 a network device, 7 a mount.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/agent_config.h"
#include "agent/agent_metrics.h"
#include "agent/series_cache.h"
#include "agent/source.h"
#include "base/clock.h"
#include "guard/guard.h"
#include "host/host_reader.h"
#include "host/host_sink.h"
#include "io/file_system.h"
#include "io/host_probe.h"

namespace tickscope::agent {

class HostSource final : public Source, private host::HostSink {
 public:
  /// `fs`, `probe`, `clock`, `metrics` and `guard`, which may be null, outlive it. `host_name` is the instance when the configuration
  /// names none.
  HostSource(const HostMetricsConfig& config, const std::string& host_name, const Labels& external_labels,
             io::FileSystem& fs, const io::HostProbe& probe, const Clock& clock, AgentMetrics& metrics,
             guard::Guard* guard = nullptr);

  [[nodiscard]] WriteBatchPtr Read(TimeMs due_ms) override;
  [[nodiscard]] WriteBatchPtr End() override;

  [[nodiscard]] std::int64_t interval_ms() const override { return interval_ms_; }
  [[nodiscard]] std::uint64_t hash() const override { return hash_; }
  [[nodiscard]] std::size_t series_count() const override { return cache_.size(); }
  [[nodiscard]] SourceReport report() const override { return report_; }

 private:
  void Take(const host::HostFamily& family, std::span<const host::HostLabel> labels, double value) override;
  [[nodiscard]] SeriesCache::Entry& Learn(const host::HostFamily& family,
                                          std::span<const host::HostLabel> labels);
  void JudgeAgain();

  const std::int64_t interval_ms_;
  const TargetConfig target_;
  const Labels external_labels_;
  const std::uint64_t hash_;
  const Clock& clock_;
  AgentMetrics& metrics_;
  guard::Guard* const guard_;
  host::HostReader reader_;
  SeriesCache cache_;
  std::map<const host::HostFamily*, std::shared_ptr<const Family>> families_;
  SeriesPtr up_;
  SourceReport report_;
  std::uint64_t reading_ = 0;
  std::uint64_t guard_generation_ = 0;
  bool has_reported_ = false;
  std::size_t last_sample_count_ = 0;
  // Of the reading under way.
  std::shared_ptr<WriteBatch> batch_;
  TimeMs time_ms_ = 0;
  std::string key_;
};

}  // namespace tickscope::agent
