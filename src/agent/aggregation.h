// Aggregation: adds up samples of an agent's targets as the schema says, and hands the sums to the remote writers.
//
//   batch -> Take -> [ DurableWindows ] -> timer: windows that end -> writers
//              |
//              +--> the batch, without what is only wanted as a sum
//
// A window is closed `lateness` after its end, by the agent's clock. A kill at any moment neither loses nor doubles a sample in a sum, nor a
// sum at a receiver that has a spool: what was closed and maybe not handed on comes again at the next start, and where it stands in each
// spool says what is there already. A receiver without a spool loses with a kill what waits in memory, sums as anything else.
//
// Invariants   A1 a batch is in the state before any of it goes out.
//              A2 between closing a window and noting that it is handed on nothing is delivered: all on one thread, in one go.
// Threads      Everything on the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/agent_status.h"
#include "agent/aggregation_config.h"
#include "agent/aggregation_metrics.h"
#include "agent/aggregation_rules.h"
#include "agent/remote_writer.h"
#include "agent/write_batch.h"
#include "aggregate/durable_windows.h"

namespace tickscope::agent {

class Aggregation {
 public:
  using Writers = std::function<std::vector<RemoteWriter*>()>;

  /// `context` needs a registry; `writers` are asked for each time. Errors: as DurableWindows::Open.
  [[nodiscard]] static Result<std::unique_ptr<Aggregation>> Make(const AggregationConfig& config,
                                                                 AggregationRules rules,
                                                                 const AgentContext& context,
                                                                 Writers writers);
  ~Aggregation();
  Aggregation(const Aggregation&) = delete;
  Aggregation& operator=(const Aggregation&) = delete;

  /// Hands on what a kill kept from it, and begins.
  void Start();
  /// Adds up what there is to add up; returns what of the batch goes out as it is, null for nothing.
  [[nodiscard]] WriteBatchPtr Take(const WriteBatchPtr& batch);
  /// What other rules than these made is forgotten; the same go on.
  void SetRules(AggregationRules rules);
  /// The open windows wait on disk for the next start.
  void Stop();

  [[nodiscard]] const AggregationConfig& config() const { return config_; }
  [[nodiscard]] AggregationStatus Describe() const;

 private:
  // What is known of a series that was seen in a batch.
  struct Slot {
    SeriesPtr series;  // Keeps its address its own.
    std::optional<aggregate::InputId> input;
    bool is_added_up = false;
    bool keep_raw = true;
    TimeMs seen_ms = 0;
  };

  Aggregation(const AggregationConfig& config, AggregationRules rules, const AgentContext& context,
              Writers writers);
  [[nodiscard]] Slot& SlotOf(const BatchSample& sample, TimeMs now_ms);
  void AddUp(Slot& slot, const BatchSample& sample, const WriteBatch& batch, TimeMs now_ms);
  [[nodiscard]] std::optional<aggregate::InputId> FindInput(const Series& series, bool is_histogram);
  void Tick();
  void TickLater();
  void ForgetUnseen(TimeMs now_ms);
  void Show();

  [[nodiscard]] std::shared_ptr<WriteBatch> BatchOf(const std::vector<aggregate::Emission>& emissions);
  [[nodiscard]] SeriesPtr SeriesOf(const aggregate::Emission& emission);
  void HandOn(const std::vector<aggregate::Emission>& emissions, const std::vector<std::string>& attempts);

  const AggregationConfig config_;
  AggregationRules rules_;
  const AgentContext context_;
  const Writers writers_;
  AggregationMetrics metrics_;
  std::unique_ptr<aggregate::DurableWindows> state_;
  std::unordered_map<const Series*, Slot> slots_;
  std::map<std::pair<aggregate::GroupId, schema::AggregateFunction>, SeriesPtr> made_;
  std::optional<io::TimerId> timer_;
  TimeMs swept_ms_ = 0;
  std::uint64_t refused_ = 0;
  bool has_new_series_ = false;
};

}  // namespace tickscope::agent
