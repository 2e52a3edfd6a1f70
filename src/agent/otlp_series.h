// OtlpSeries: OTLP metrics as batches: the gateway's conversion, with the agent's labels, judged by its guard.
//
//   request -> otlp::MetricsRequest -> keys and columns -> [ key: series ] -> WriteBatch
//
// A sender names a series with the same bytes at each export, so that labels are read, translated and judged at the first sight of a key,
// and an export of known series parses none. What is wrong with a data point costs that point; the rest goes out.
//
// Invariants   O1 nothing is ended here: a staleness marker is one that the sender sent.
//              O2 samples are in the order in which they were sent; those of a histogram lie together and share a family.
//              O3 a key has one series until it was silent for idle_ms, or the rules changed.
// Threads      One at a time.
// Memory       series_max series, some 300 bytes each; kRefusedKeysMax keys of refused ones; what one request decodes to.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/otlp_config.h"
#include "agent/otlp_metrics.h"
#include "agent/remote_writer.h"
#include "agent/write_batch.h"
#include "base/error.h"
#include "ingest/label_rules.h"
#include "otlp/delta_sums.h"
#include "otlp/metrics_request.h"

namespace tickscope::agent {

class OtlpSeries {
 public:
  /// What became of a request.
  struct Taken {
    WriteBatchPtr batch;        ///< Null when there is nothing to send.
    std::uint64_t refused = 0;  ///< Data points.
    std::string message;        ///< Why; empty when none was.
  };

  /// The context and the metrics outlive it. Made on the loop's thread.
  OtlpSeries(const OtlpConfig& config, const Labels& external_labels, const AgentContext& context,
             OtlpMetrics& metrics);

  /// Takes an ExportMetricsServiceRequest. Errors: as otlp::MetricsRequest::Decode.
  [[nodiscard]] Result<Taken> Take(std::string_view message);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    SeriesPtr series;
    std::uint32_t ordinal = 0;
    TimeMs seen_ms = 0;
    TimeMs described_ms = 0;  // When its metadata went out last.
  };
  struct KeyHash {
    std::size_t operator()(const wire::SeriesKey& key) const { return key.low; }
  };
  // One request at work.
  struct Work;
  struct Refused {
    OtlpRefusal reason = OtlpRefusal::kBadLabels;
    std::string why;
  };

  void JudgeAgain();
  void Append(const wire::ReceivedSeries& series, Work& work);
  void AppendExemplars(const wire::ReceivedSeries& series, BatchSample& sample, Work& work);
  [[nodiscard]] std::expected<Entry*, Refused> EntryOf(const wire::ReceivedSeries& series, TimeMs now_ms);
  [[nodiscard]] std::expected<SeriesPtr, Refused> SeriesOf(const wire::ReceivedSeries& series);
  [[nodiscard]] std::shared_ptr<const Family> FamilyOf(std::string_view metric, MetricMetadata metadata);
  // What the time of a sample breaks, if anything.
  [[nodiscard]] static std::optional<Refused> CheckTime(TimeMs time_ms, const Work& work);
  void Refuse(const wire::ReceivedSeries& series, std::uint64_t samples, const Refused& refused, Work& work);
  // Forgets what was silent for long.
  void Sweep(TimeMs now_ms);

  const OtlpConfig config_;
  const Labels labels_;
  const AgentContext context_;
  OtlpMetrics& metrics_;
  const std::uint64_t seed_;
  const ingest::LabelLimits limits_;
  otlp::DeltaSums sums_;
  std::unique_ptr<otlp::MetricsRequest> request_;
  std::unordered_map<wire::SeriesKey, Entry, KeyHash> entries_;
  std::unordered_set<wire::SeriesKey, KeyHash> refused_keys_;  // By the guard.
  std::unordered_map<std::string, std::weak_ptr<const Family>> families_;
  std::uint32_t next_ordinal_ = 1;
  std::uint64_t guard_generation_ = 0;
  TimeMs swept_ms_ = 0;
  std::vector<LabelView> label_buffer_;
  wire::ReceivedExemplar exemplar_buffer_;
};

}  // namespace tickscope::agent
