// StatsdSource: StatsD that games and their tools send, as a target whose series are what was sent.
//
//   datagrams ──► StatsdTable ──Read──► batch, with a target's labels, judged as a target's series are
//     loop                   executor
//
// Another source at the same address, of other settings, takes over the socket: what came before is sent by the one, under its labels, the
// rest by the other.
//
// The kernel's buffer is what stands between a burst and a loss: what it threw away is counted.
//
// Threads   Made and destroyed on the loop's thread, where datagrams come; read on any, one at a time. A mutex is between.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/agent_config.h"
#include "agent/agent_metrics.h"
#include "agent/remote_writer.h"
#include "agent/source.h"
#include "agent/statsd_sockets.h"
#include "base/mutex.h"
#include "statsd/statsd_table.h"

namespace tickscope::agent {

class StatsdSource final : public Source {
 public:
  /// Opens its sockets, or shares those of the source that it follows, and takes what comes from Begin on. The context, which has datagrams and
  /// a registry, outlives it. Errors: as io::Datagrams::Receive.
  [[nodiscard]] static Result<std::unique_ptr<StatsdSource>> Make(const StatsdConfig& config,
                                                                  const Labels& external_labels,
                                                                  const AgentContext& context,
                                                                  StatsdSockets& sockets);
  ~StatsdSource() override;

  void Begin() override;
  [[nodiscard]] WriteBatchPtr Read(TimeMs due_ms) override TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] WriteBatchPtr End() override TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::int64_t interval_ms() const override { return interval_ms_; }
  [[nodiscard]] std::uint64_t hash() const override { return hash_; }
  [[nodiscard]] std::size_t series_count() const override { return sent_.size(); }
  [[nodiscard]] SourceReport report() const override { return report_; }
  /// Where it receives: "address:port", "unix:path".
  [[nodiscard]] std::vector<std::string> addresses() const;

 private:
  // What is sent of a series of the table: one, or the parts of a classic histogram.
  struct Sent {
    std::vector<SeriesPtr> parts;
    std::uint32_t ordinal = 0;  // Of the first part.
    bool is_native = false;
    bool is_refused = false;
  };
  struct Input {
    std::shared_ptr<StatsdSocket> socket;
    std::uint64_t lost = 0;
  };

  StatsdSource(const StatsdConfig& config, const Labels& external_labels, const AgentContext& context);
  [[nodiscard]] Status Open(StatsdSockets& sockets, const std::string& address);
  [[nodiscard]] bool HasNews() TICKSCOPE_EXCLUDES(mu_);
  void Flush(TimeMs time_ms, WriteBatch& batch) TICKSCOPE_EXCLUDES(mu_);
  void OnDatagram(std::size_t input, ByteView datagram) TICKSCOPE_EXCLUDES(mu_);
  void Append(const statsd::StatsdSeries& series, WriteBatch& batch);
  void AppendEnd(const Sent& sent, TimeMs time_ms, WriteBatch& batch) const;
  [[nodiscard]] Sent Learn(const statsd::StatsdSeries& series);
  void Judge(Sent& sent) const;
  void JudgeAgain(WriteBatch& batch);

  const std::int64_t interval_ms_;
  const TargetConfig target_;
  const Labels external_labels_;
  const std::uint64_t hash_;
  const AgentContext context_;
  statsd::StatsdMetrics metrics_;
  Mutex mu_;
  statsd::StatsdTable table_ TICKSCOPE_GUARDED_BY(mu_);
  bool has_news_ TICKSCOPE_GUARDED_BY(mu_) = false;  // Since the last flush.
  std::vector<Input> inputs_;
  // Used by reads only.
  std::unordered_map<std::uint64_t, Sent> sent_;  // By the table's ids.
  std::unordered_map<std::string, std::shared_ptr<const Family>> families_;
  std::uint32_t next_ordinal_ = 1;
  std::uint64_t guard_generation_ = 0;
  TimeMs time_ms_ = 0;
  SourceReport report_;
};

}  // namespace tickscope::agent
