// WriteRules: write_relabel_configs of one receiver: which series it gets, and under which labels.
//
// Applied before anything waits, in memory or on disk: what a rule drops takes no room. A series is judged once, at its first sight, and
// with all its labels, the external ones included; a sample costs a look-up. Without rules batches pass as they are.
//
// Invariants   W1 of samples of one series and time in a batch there is one, also when rules made several series one: the first.
//              W2 what ends a series (a staleness marker) goes where its samples went.
// Threads      One thread at a time.
// Memory       About 100 bytes a series, and the labels of those that were changed; what no target has any more is forgotten.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "agent/agent_metrics.h"
#include "agent/write_batch.h"
#include "model/labels.h"
#include "relabel/relabeler.h"

namespace tickscope::agent {

class WriteRules {
 public:
  /// `metrics` outlives it.
  WriteRules(relabel::Relabeler rules, AgentMetrics& metrics);

  /// What of a batch the receiver is to get; null when that is nothing.
  [[nodiscard]] WriteBatchPtr Apply(const WriteBatchPtr& batch);

  [[nodiscard]] std::size_t known_count() const { return known_.size(); }

 private:
  // A series that passes as it is is not held: it ends when its target lets go of it.
  struct Judged {
    std::weak_ptr<const Series> given;
    bool is_dropped = false;
    SeriesPtr changed;  ///< Null when it is dropped, or as it was.
  };

  // What is sent for it; null when it is dropped.
  [[nodiscard]] SeriesPtr SentFor(const SeriesPtr& given);
  [[nodiscard]] Judged Judge(const SeriesPtr& given);
  void DropRepeats(WriteBatch& batch);
  void ForgetEnded();

  relabel::Relabeler rules_;
  AgentMetrics* metrics_;
  std::unordered_map<const Series*, Judged> known_;
  std::unordered_map<Labels, std::weak_ptr<const Series>> sent_;  // By labels, of all that are sent.
  bool has_merged_ = false;                                       // Two series became one.
  std::size_t forget_at_ = 1'024;
};

}  // namespace tickscope::agent
