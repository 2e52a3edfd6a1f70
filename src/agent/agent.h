// Agent: reads targets and directories of SDK pages on their schedules and hands what they say to the remote writers.
//
//   timers -> [ Scraper a target, PageDirectory ] -> batch -> [ RemoteWriter a receiver ]
//      loop              executor                     loop            loop + executor
//
// Target is said below of both. A target is read when wall time modulo its interval equals its phase, which is a hash of the target: so
// targets are spread over the interval, and a restart changes neither phase nor the grid of sample times.
//
// Invariants   A1 a target has one scrape under way; one that is due while the last still runs is skipped and
//              counted.
//              A2 a target leaves (reload, shutdown) with staleness markers.
// Threads      Everything on the loop's thread; scrapes and requests block threads of the executors.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "agent/agent_config.h"
#include "agent/agent_status.h"
#include "agent/aggregation.h"
#include "agent/remote_writer.h"
#include "agent/source.h"
#include "agent/statsd_sockets.h"
#include "base/error.h"

namespace tickscope::agent {

class Agent {
 public:
  /// `context` and the executors' threads outlive the agent's tasks: stop the executors before destroying it.
  Agent(const AgentContext& context, Executor scrape_executor, Executor send_executor);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Takes up `config`: targets and receivers that are as before go on untouched, those gone end, new ones
  /// start. All or nothing. Errors: kInvalidArgument when a URL does not parse.
  [[nodiscard]] Status Apply(const AgentConfig& config);

  /// Adds up what the rules say from now on; the first call takes up the state of an earlier start. Call after the first Apply, and
  /// with each change of rules. Without rules and without a state to end there is nothing to do. Errors: as Aggregation::Make.
  [[nodiscard]] Status Aggregate(const AggregationConfig& config, AggregationRules rules);

  /// Ends all targets, delivers what waits for at most `timeout`, then calls `done`. Call once.
  void Shutdown(std::chrono::milliseconds timeout, std::function<void()> done);

  /// Has every target read at least every `cadence_ms`; 0 as configured. Not slower than configured.
  void SetCadence(std::int64_t cadence_ms);
  /// Of the quickest target, as of now; 0 without targets.
  [[nodiscard]] std::int64_t cadence_ms() const;
  /// Age of the oldest push that waits for a receiver.
  [[nodiscard]] std::int64_t lag_ms() const;

  [[nodiscard]] std::size_t target_count() const { return targets_.size(); }
  [[nodiscard]] AgentStatus Describe() const;
  [[nodiscard]] const std::vector<std::unique_ptr<RemoteWriter>>& writers() const { return writers_; }

 private:
  using SourceConfig = std::variant<TargetConfig, PagesConfig, HostMetricsConfig, StatsdConfig>;
  struct Target {
    SourceConfig config;
    std::unique_ptr<Source> source;
    Labels external_labels;
    statsd::HistogramForms histogram_forms;  // Of StatsD.
    std::optional<io::TimerId> timer;
    bool is_scraping = false;
    bool is_ending = false;
    std::size_t series_count = 0;
    SourceReport last;  // A copy: the source may be read on another thread.
  };

  [[nodiscard]] static std::vector<SourceConfig> SourcesOf(const AgentConfig& config);
  [[nodiscard]] Result<std::unique_ptr<Source>> MakeSource(const SourceConfig& config,
                                                           const Labels& external_labels);
  // What the schema says of histograms, for those who ask it.
  [[nodiscard]] statsd::HistogramForms FormsFor(const SourceConfig& config) const;
  [[nodiscard]] std::int64_t IntervalOf(const Target& target) const;
  void Schedule(Target& target, TimeMs after_ms);
  void StartScrape(Target& target, TimeMs due_ms);
  void OnScraped(Target& target, const WriteBatchPtr& batch);
  /// Stops the schedule; the markers go out now or when the scrape under way is done.
  void End(Target& target);
  void PushEnd(Target& target);
  void PushToAll(const WriteBatchPtr& scraped);
  void ForgetEnded();
  void DrainWhenAllEnded();
  void FinishShutdown();

  const AgentContext context_;
  const Executor scrape_executor_;
  const Executor send_executor_;
  ScrapeAccessPool accesses_;
  StatsdSockets statsd_sockets_;
  std::unique_ptr<Aggregation> aggregation_;
  std::vector<std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<Target>> ending_;
  std::vector<std::unique_ptr<RemoteWriter>> writers_;
  std::vector<std::unique_ptr<RemoteWriter>>
      ending_writers_;  // Out of the configuration, with a request under way.
  std::function<void()> on_shut_down_;
  std::optional<io::TimerId> shutdown_timer_;
  std::chrono::milliseconds shutdown_timeout_{0};
  bool is_draining_ = false;
  std::int64_t cadence_ms_ = 0;  // Of all targets that are slower; 0 for none.
};

/// The first time after `after_ms` that a target with this hash and interval is due at.
[[nodiscard]] TimeMs NextDueMs(TimeMs after_ms, std::int64_t interval_ms, std::uint64_t hash);

}  // namespace tickscope::agent
