// LiveHub: keeps clients up to date with queries, at one evaluation a step however many clients ask the same.
//
//   client ──queries──► Subscribe ──► topic (tenant, query, step) ──evaluate, once a step──► change ──► every subscriber
//                                       └ window, recent events
//
// A topic holds the answer to its query over the longest range that a subscriber wants. At each step it evaluates what is
// new and the last `look_back` again, so that samples that came late are seen; only what differs is sent. Who is new, came
// back too late or did not read gets the whole window (a snapshot), which is made once for all who need it.
//
// Invariants   H1 For each subscription: the last snapshot with all later events applied is what a range query over the
//                 topic's steps answered, each step as of its last evaluation.
//              H2 A topic is evaluated by one worker at a time, and not at all without subscribers.
//              H3 Events of a topic are numbered from 1 without gaps; the numbers a client was sent are its event id.
// Threads      Thread-safe. Evaluation and text are made by `threads` workers without the lock; the lock is held to plan and
//              to hand out events.
// Bounds       Connections, queries of each, topics, points of a topic and of all, bytes that wait for a client, bytes of
//              events kept for those who come back. Past them: refused, failure events, snapshots, the connection's end;
//              each counted by reason.
// Metrics      tickscope_live_*
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/threads.h"
#include "http/stream_body.h"
#include "live/live_metrics.h"
#include "live/live_query.h"
#include "live/topic_window.h"
#include "model/queryable.h"
#include "model/tenant.h"

namespace tickscope::live {

struct LiveOptions {
  std::uint64_t threads = 2;  ///< That evaluate.
  std::uint64_t connections_max = 2'000;
  LiveQueryLimits queries;
  std::uint64_t topics_max = 1'000;
  std::uint64_t points_max = 2'000'000;         ///< Of one topic.
  std::uint64_t points_total_max = 16'000'000;  ///< Of all.
  std::uint64_t buffer_bytes_max = 4U << 20;    ///< That wait for one client.
  std::uint64_t event_bytes_max = 64U << 20;
  std::uint64_t history_bytes_max = 1U << 20;  ///< Of events a topic keeps for clients that come back.
  std::int64_t delay_ms = 500;                 ///< From a step's time to its evaluation.
  std::int64_t look_back_ms = 60'000;          ///< How far behind samples may come and still be seen.
  std::int64_t heartbeat_ms = 15'000;
  std::int64_t linger_ms = 60'000;  ///< How long a topic without subscribers is kept.
  std::int64_t retry_ms = 2'000;  ///< Least time a client is told to wait before it comes back; up to twice.
  std::int64_t behind_max_ms = 60'000;  ///< How long a client may stay behind before its connection ends.
  std::int64_t query_timeout_ms = 120'000;
};

class LiveHub {
 public:
  struct Dependencies {
    Evaluate evaluate;
    const Clock& clock;
    Random& random;  ///< Used by the constructor only.
    MetricRegistry& metrics;
    Threads& threads;
  };

  LiveHub(LiveOptions options, Dependencies dependencies);
  /// Stops.
  ~LiveHub();
  LiveHub(const LiveHub&) = delete;
  LiveHub& operator=(const LiveHub&) = delete;

  /// What a new client is sent from now on. `last_event_id` is what it was sent last, empty or anything. The server that
  /// sends the answer ends before the hub.
  /// Errors: kUnavailable when there are too many connections or topics, or the hub has stopped.
  [[nodiscard]] Result<std::shared_ptr<http::StreamBody>> Subscribe(const TenantId& tenant,
                                                                    std::vector<LiveQuery> queries,
                                                                    std::string_view last_event_id)
      TICKSCOPE_EXCLUDES(mu_);

  /// Tells every client to come back later, ends their streams and all evaluation.
  void Stop() TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] const LiveOptions& options() const { return options_; }

 private:
  struct Connection;
  struct Topic;
  using TopicKey = std::tuple<TenantId, std::string, std::int64_t>;  // Tenant, canonical query, step.
  using Clients = std::map<std::uint64_t, std::unique_ptr<Connection>>;

  struct Event {
    std::uint64_t sequence = 0;
    std::int64_t range_ms = 0;  // That the window had: series without points in it were forgotten.
    http::StreamBody::Piece rest;
  };
  struct Subscription {
    std::shared_ptr<Topic> topic;
    std::string query_member;
    std::int64_t range_ms = 0;
    std::uint64_t sequence = 0;  // Of the last event sent; 0 before the first.
    std::optional<SnapshotReason> wants_snapshot = SnapshotReason::kNew;
    bool is_behind = false;      // Its last event found no room.
    bool knows_failure = false;  // Was told of the topic's failure.
  };
  struct Connection {
    std::uint64_t number = 0;
    std::shared_ptr<http::StreamBody> body;
    std::vector<Subscription> subscriptions;
    std::optional<std::chrono::nanoseconds> behind_since;
    bool aborted = false;
  };
  struct Subscriber {
    Connection* connection;
    std::size_t index;  // Of its subscription.
  };
  struct Topic {
    Topic(std::uint64_t its_number, TopicKey its_key) : number(its_number), key(std::move(its_key)) {}

    const std::uint64_t number;  // Never used again.
    const TopicKey key;
    // Under the hub's lock.
    std::vector<Subscriber> subscribers;
    bool is_busy = false;
    bool is_covered = false;    // Its window holds what it should.
    bool has_arrivals = false;  // Somebody waits for a snapshot.
    TimeMs due_ms = 0;          // When its next step can be evaluated; 0 before the first.
    std::int64_t range_ms = 0;  // That the window was last filled for.
    std::chrono::nanoseconds idle_since{0};
    std::uint64_t sequence = 0;
    std::deque<Event> history;
    std::size_t history_bytes = 0;
    QueryContext* running = nullptr;
    std::uint64_t points = 0;
    std::string failure;  // Of the last evaluation; empty when all is well.
    // Of the worker that made it busy.
    TopicWindow window;
    std::map<std::int64_t, http::StreamBody::Piece> snapshots;  // By range, of the window as it is.
  };
  // What a worker takes with it.
  struct Plan {
    std::shared_ptr<Topic> topic;
    TimeMs to_ms = 0;
    std::int64_t range_ms = 0;
    std::vector<std::int64_t> ranges;           // Of its subscribers, each once.
    std::vector<std::int64_t> snapshot_ranges;  // Of those who want one.
    std::uint64_t points_room = 0;
    bool is_fill = false;
  };
  // What it brings back.
  struct Outcome {
    Refreshed refreshed;
    std::map<std::int64_t, http::StreamBody::Piece> snapshots;
    std::vector<http::StreamBody::Piece> points;  // Events, in order.
    std::optional<Error> failure;
  };

  [[nodiscard]] Turn Work() TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::optional<Plan> PickDue(TimeMs now_ms) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] Outcome CarryOut(const Plan& plan, QueryContext& context);
  void MakeTexts(const Plan& plan, Outcome& outcome);
  void Publish(const Plan& plan, Outcome outcome) TICKSCOPE_REQUIRES(mu_);
  // Each subscriber once; an empty one ends the last.
  void TellFailure(Topic& topic, const std::optional<Error>& failure) TICKSCOPE_REQUIRES(mu_);
  void SendSnapshot(Subscriber subscriber, const Outcome& outcome) TICKSCOPE_REQUIRES(mu_);
  // False when the client has not the room; it is behind then.
  bool Send(Subscriber subscriber, std::string_view event, std::uint64_t sequence,
            const http::StreamBody::Piece& rest) TICKSCOPE_REQUIRES(mu_);
  void Resume(Subscriber subscriber, std::string_view cursor) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] std::string EventId(const Connection& connection) const;
  void Keep(Topic& topic, Event event) TICKSCOPE_REQUIRES(mu_);

  [[nodiscard]] Result<std::shared_ptr<Topic>> FindTopic(TopicKey key) TICKSCOPE_REQUIRES(mu_);
  void Leave(std::uint64_t connection) TICKSCOPE_EXCLUDES(mu_);
  void Detach(Connection& connection) TICKSCOPE_REQUIRES(mu_);
  // Heartbeats, clients that stay behind, topics nobody wants.
  void KeepHouse() TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] std::chrono::milliseconds UntilNext(TimeMs now_ms) const TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] std::int64_t RetryMs() TICKSCOPE_REQUIRES(mu_);
  void WakeWorkers();
  void CountTopics() TICKSCOPE_REQUIRES(mu_);
  // A step's latest time that may be evaluated now.
  [[nodiscard]] TimeMs LatestStep(TimeMs now_ms, std::int64_t step_ms) const;

  const LiveOptions options_;
  const Dependencies deps_;
  LiveMetrics metrics_;

  mutable Mutex mu_;
  bool stopping_ TICKSCOPE_GUARDED_BY(mu_) = false;
  SeededRandom random_ TICKSCOPE_GUARDED_BY(mu_);
  const std::string epoch_;  // Of this process' event ids.
  std::map<TopicKey, std::shared_ptr<Topic>> topics_ TICKSCOPE_GUARDED_BY(mu_);
  Clients connections_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t next_topic_ TICKSCOPE_GUARDED_BY(mu_) = 1;
  std::uint64_t next_connection_ TICKSCOPE_GUARDED_BY(mu_) = 1;
  std::uint64_t fills_running_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::uint64_t points_total_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::uint64_t behind_count_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::chrono::nanoseconds next_heartbeat_ TICKSCOPE_GUARDED_BY(mu_);
  std::chrono::nanoseconds next_house_ TICKSCOPE_GUARDED_BY(mu_);
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace tickscope::live
