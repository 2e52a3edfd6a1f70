#include "live/live_hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "live/event_text.h"

namespace tickscope::live {
namespace {

using http::StreamBody;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How often clients that are behind and topics that nobody wants are looked at.
constexpr milliseconds kHouseEvery{250};

StreamBody::Piece MakePiece(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

template <typename Enum>
std::size_t Index(Enum value) {
  return static_cast<std::size_t>(value);
}

// Takes "HEX" from the front of `text`, up to one of `ends`; 0 when it is none.
std::uint64_t TakeHex(std::string_view& text, char end) {
  const std::string_view digits = text.substr(0, text.find(end));
  text.remove_prefix(std::min(digits.size() + 1, text.size()));
  std::uint64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? value : 0;
}

void AddOnce(std::int64_t value, std::vector<std::int64_t>& values) {
  if (std::ranges::find(values, value) == values.end()) values.push_back(value);
}

}  // namespace

LiveHub::LiveHub(LiveOptions options, Dependencies dependencies)
    : options_(options),
      deps_(std::move(dependencies)),
      metrics_(deps_.metrics),
      random_(deps_.random.Next()),
      epoch_(fmt::format("{:x}", random_.Next())),
      next_heartbeat_(deps_.clock.Monotonic() + milliseconds(options_.heartbeat_ms)),
      next_house_(deps_.clock.Monotonic()) {
  for (std::uint64_t i = 0; i < options_.threads; ++i)
    workers_.push_back(deps_.threads.Start(fmt::format("live {}", i), [this] { return Work(); }));
}

LiveHub::~LiveHub() {
  Stop();
}

void LiveHub::Stop() {
  {
    const MutexLock lock(mu_);
    if (std::exchange(stopping_, true)) return;
    for (auto& [number, connection] : connections_) {
      // Spread wider than usual: all come back at once, to a server that has nothing yet.
      const std::string farewell =
          fmt::format("retry: {}\nevent: bye\ndata: {{}}\n\n", RetryMs() + RetryMs());
      (void)connection->body->Offer({MakePiece(farewell)});
      connection->body->End();
      metrics_.ended[Index(EndReason::kStopped)]->Add();
    }
    for (const auto& [key, topic] : topics_) {
      topic->subscribers.clear();
      if (topic->running != nullptr) topic->running->Cancel();
    }
    connections_.clear();
    metrics_.connections->Set(0);
    metrics_.subscriptions->Set(0);
  }
  for (const auto& worker : workers_)
    worker->Join();
}

std::int64_t LiveHub::RetryMs() {
  const auto least = static_cast<std::uint64_t>(options_.retry_ms);
  return static_cast<std::int64_t>(least + random_.Below(least + 1));
}

void LiveHub::WakeWorkers() {
  for (const auto& worker : workers_)
    worker->Wake();
}

void LiveHub::CountTopics() {
  metrics_.topics->Set(static_cast<double>(topics_.size()));
  metrics_.points->Set(static_cast<double>(points_total_));
}

TimeMs LiveHub::LatestStep(TimeMs now_ms, std::int64_t step_ms) const {
  return AlignDown(now_ms - options_.delay_ms, step_ms);
}

Result<std::shared_ptr<StreamBody>> LiveHub::Subscribe(const TenantId& tenant, std::vector<LiveQuery> queries,
                                                       std::string_view last_event_id) {
  std::shared_ptr<StreamBody> body;
  {
    const MutexLock lock(mu_);
    if (stopping_) {
      metrics_.refused[Index(RefusalReason::kStopping)]->Add();
      return Fail(ErrorCode::kUnavailable, "draining: the process is about to end");
    }
    if (connections_.size() >= options_.connections_max) {
      metrics_.refused[Index(RefusalReason::kConnections)]->Add();
      return Fail(
          ErrorCode::kUnavailable,
          fmt::format("too many clients follow live queries: connections_max={}", options_.connections_max));
    }
    auto connection = std::make_unique<Connection>();
    const std::uint64_t number = connection->number = next_connection_++;
    for (LiveQuery& query : queries) {
      auto topic = FindTopic({tenant, std::move(query.text), query.step_ms});
      if (!topic) {
        metrics_.refused[Index(RefusalReason::kTopics)]->Add();
        return std::unexpected(std::move(topic).error());
      }
      connection->subscriptions.push_back(
          {.topic = *std::move(topic), .query_member = QueryMember(query.id), .range_ms = query.range_ms});
    }
    body = connection->body =
        std::make_shared<StreamBody>(options_.buffer_bytes_max, [this, number] { Leave(number); });
    (void)body->Offer({MakePiece(fmt::format("retry: {}\n\n", RetryMs()))});
    std::string_view cursor = last_event_id;
    const bool is_ours = cursor.starts_with(epoch_ + "-");
    cursor.remove_prefix(is_ours ? epoch_.size() + 1 : cursor.size());
    for (std::size_t i = 0; i < connection->subscriptions.size(); ++i) {
      Topic& topic = *connection->subscriptions[i].topic;
      topic.subscribers.push_back({connection.get(), i});
      const std::string_view part = cursor.substr(0, cursor.find('-'));
      cursor.remove_prefix(std::min(part.size() + 1, cursor.size()));
      Resume(topic.subscribers.back(), part);
      const Subscription& subscription = connection->subscriptions[i];
      if (subscription.wants_snapshot || subscription.range_ms > topic.range_ms) topic.has_arrivals = true;
    }
    metrics_.subscriptions->Add(static_cast<double>(connection->subscriptions.size()));
    connections_.emplace(number, std::move(connection));
    metrics_.connections->Set(static_cast<double>(connections_.size()));
    CountTopics();
  }
  WakeWorkers();
  return body;
}

Result<std::shared_ptr<LiveHub::Topic>> LiveHub::FindTopic(TopicKey key) {
  if (const auto found = topics_.find(key); found != topics_.end()) return found->second;
  if (topics_.size() >= options_.topics_max) {
    // One that nobody wants makes room.
    const auto idle = std::ranges::find_if(topics_, [](const auto& entry) {
      return entry.second->subscribers.empty() && !entry.second->is_busy;
    });
    if (idle == topics_.end()) {
      return Fail(ErrorCode::kUnavailable,
                  fmt::format("too many different live queries: topics_max={}", options_.topics_max));
    }
    points_total_ -= idle->second->points;
    topics_.erase(idle);
  }
  auto topic = std::make_shared<Topic>(next_topic_++, key);
  topic->idle_since = deps_.clock.Monotonic();
  topics_.emplace(std::move(key), topic);
  return topic;
}

void LiveHub::Resume(Subscriber subscriber, std::string_view cursor) {
  Subscription& subscription = subscriber.connection->subscriptions[subscriber.index];
  const Topic& topic = *subscription.topic;
  const std::uint64_t number = TakeHex(cursor, '.');
  const std::uint64_t sequence = TakeHex(cursor, '-');
  if (sequence == 0) return;
  // What it was sent last must be followed by what is kept, without a gap.
  const std::uint64_t oldest = topic.history.empty() ? topic.sequence + 1 : topic.history.front().sequence;
  // While it was away the window may have been shorter than its own.
  const bool was_narrow = topic.range_ms < subscription.range_ms ||
                          std::ranges::any_of(
                              topic.history,
                              [&](const Event& event) {
                                return event.sequence > sequence && event.range_ms < subscription.range_ms;
                              });
  if (number != topic.number || sequence > topic.sequence || sequence + 1 < oldest || was_narrow) {
    subscription.wants_snapshot = SnapshotReason::kTooOld;
    return;
  }
  subscription.wants_snapshot.reset();
  subscription.sequence = sequence;
  metrics_.resumes->Add();
  for (const Event& event : topic.history) {
    if (event.sequence > sequence && !Send(subscriber, "points", event.sequence, event.rest)) return;
  }
}

std::string LiveHub::EventId(const Connection& connection) const {
  std::string id = epoch_;
  for (const Subscription& subscription : connection.subscriptions)
    fmt::format_to(std::back_inserter(id), "-{:x}.{:x}", subscription.topic->number, subscription.sequence);
  return id;
}

bool LiveHub::Send(Subscriber subscriber, std::string_view event, std::uint64_t sequence,
                   const StreamBody::Piece& rest) {
  Connection& connection = *subscriber.connection;
  Subscription& subscription = connection.subscriptions[subscriber.index];
  const std::uint64_t before = std::exchange(subscription.sequence, sequence);
  // A failure changes nothing a client holds, so it has no id.
  const std::string id = event == "failure" ? std::string() : EventId(connection);
  StreamBody::Piece head = MakePiece(EventHead(id, event, subscription.query_member));
  const std::size_t bytes = head->size() + rest->size();
  const StreamBody::Offered offered = connection.body->Offer({std::move(head), rest});
  if (offered == StreamBody::Offered::kTaken) {
    metrics_.event_bytes->Add(bytes);
    if (std::exchange(subscription.is_behind, false) &&
        std::ranges::none_of(connection.subscriptions, &Subscription::is_behind)) {
      connection.behind_since.reset();
      metrics_.behind->Set(static_cast<double>(--behind_count_));
    }
    return true;
  }
  subscription.sequence = before;
  // Gone: the server says so in a moment.
  if (offered == StreamBody::Offered::kClosed) return false;
  // A failure may be missed.
  if (event == "failure") return false;
  subscription.is_behind = true;
  if (!subscription.wants_snapshot) subscription.wants_snapshot = SnapshotReason::kBehind;
  if (!connection.behind_since) {
    connection.behind_since = deps_.clock.Monotonic();
    metrics_.behind->Set(static_cast<double>(++behind_count_));
  }
  return false;
}

void LiveHub::Keep(Topic& topic, Event event) {
  topic.history_bytes += event.rest->size();
  topic.history.push_back(std::move(event));
  while (topic.history_bytes > options_.history_bytes_max) {
    topic.history_bytes -= topic.history.front().rest->size();
    topic.history.pop_front();
  }
}

std::optional<LiveHub::Plan> LiveHub::PickDue(TimeMs now_ms) {
  // A window that is filled takes longest; one worker at least goes on with the steps of others.
  const bool may_fill = fills_running_ == 0 || fills_running_ + 1 < options_.threads;
  std::shared_ptr<Topic> picked;
  bool picked_is_fill = false;
  for (const auto& [key, topic] : topics_) {
    if (topic->is_busy || topic->subscribers.empty()) continue;
    if (!topic->has_arrivals && topic->due_ms > now_ms) continue;
    std::int64_t range_ms = 0;
    for (const Subscriber& subscriber : topic->subscribers)
      range_ms = std::max(range_ms, subscriber.connection->subscriptions[subscriber.index].range_ms);
    const bool is_fill = !topic->is_covered || range_ms > topic->range_ms;
    if (is_fill && !may_fill) continue;
    // Steps first, then the one that waits longest; of windows nobody had before those asked for first, so that in a rush
    // who came first sees a whole page, and of a page what it put first, rather than everybody a part of theirs.
    const auto rank = [](bool fill, const Topic& t) { return std::tuple(fill, t.due_ms, t.number); };
    if (picked && rank(picked_is_fill, *picked) <= rank(is_fill, *topic)) continue;
    picked = topic;
    picked_is_fill = is_fill;
  }
  if (!picked) return std::nullopt;

  Plan plan{.topic = picked, .is_fill = picked_is_fill};
  for (const Subscriber& subscriber : picked->subscribers) {
    const Subscription& subscription = subscriber.connection->subscriptions[subscriber.index];
    AddOnce(subscription.range_ms, plan.ranges);
    if (subscription.wants_snapshot) AddOnce(subscription.range_ms, plan.snapshot_ranges);
  }
  plan.range_ms = std::ranges::max(plan.ranges);
  plan.to_ms = LatestStep(now_ms, std::get<2>(picked->key));
  const std::uint64_t others = points_total_ - picked->points;
  plan.points_room =
      std::min(options_.points_max, options_.points_total_max - std::min(options_.points_total_max, others));
  picked->is_busy = true;
  picked->has_arrivals = false;
  picked->range_ms = plan.range_ms;
  fills_running_ += plan.is_fill ? 1 : 0;
  return plan;
}

LiveHub::Outcome LiveHub::CarryOut(const Plan& plan, QueryContext& context) {
  Outcome outcome;
  Topic& topic = *plan.topic;
  const auto& [tenant, text, step_ms] = topic.key;
  const nanoseconds started = deps_.clock.Monotonic();
  auto refreshed = topic.window.Refresh({.tenant = tenant,
                                         .text = text,
                                         .step_ms = step_ms,
                                         .range_ms = plan.range_ms,
                                         .to_ms = plan.to_ms,
                                         .look_back_ms = options_.look_back_ms,
                                         .points_max = plan.points_room},
                                        deps_.evaluate, context);
  if (refreshed) {
    outcome.refreshed = *std::move(refreshed);
    metrics_.evaluations[Index(EvaluationResult::kOk)]->Add(outcome.refreshed.evaluations);
    if (outcome.refreshed.evaluations > 0)
      metrics_.evaluation_seconds->Observe(
          std::chrono::duration<double>(deps_.clock.Monotonic() - started).count());
    metrics_.corrections->Add(outcome.refreshed.corrections);
  } else {
    const bool cancelled = refreshed.error().code == ErrorCode::kCancelled;
    metrics_.evaluations[Index(cancelled ? EvaluationResult::kCancelled : EvaluationResult::kError)]->Add();
    outcome.failure = std::move(refreshed).error();
  }
  MakeTexts(plan, outcome);
  return outcome;
}

void LiveHub::MakeTexts(const Plan& plan, Outcome& outcome) {
  Topic& topic = *plan.topic;
  const std::int64_t step_ms = std::get<2>(topic.key);
  const Refreshed& refreshed = outcome.refreshed;
  const auto fail = [&](Error error) {
    // The window is whole, but nobody can be told: all begin anew once it can.
    topic.window.Clear();
    topic.snapshots.clear();
    outcome = Outcome{.failure = std::move(error)};
  };
  if (refreshed.has_step || refreshed.older || outcome.failure) topic.snapshots.clear();
  if (!topic.window.is_covered()) return;
  const TimeMs to_ms = topic.window.to_ms();
  if (!refreshed.is_anew) {
    const auto add = [&](const Change& change) -> Status {
      TICKSCOPE_ASSIGN_OR_RETURN(
          std::string text, PointsRest(change, to_ms, topic.window.warnings(), options_.event_bytes_max));
      outcome.points.push_back(MakePiece(std::move(text)));
      return {};
    };
    Status added;
    if (refreshed.older) added = add(*refreshed.older);
    if (added && refreshed.has_step) added = add(refreshed.change);
    if (!added) return fail(std::move(added).error());
  }
  for (const std::int64_t range_ms : refreshed.is_anew ? plan.ranges : plan.snapshot_ranges) {
    StreamBody::Piece& piece = topic.snapshots[range_ms];
    if (piece == nullptr) {
      auto text = SnapshotRest(topic.window.series(), to_ms - range_ms / step_ms * step_ms, to_ms, step_ms,
                               topic.window.warnings(), options_.event_bytes_max);
      if (!text) return fail(std::move(text).error());
      piece = MakePiece(*std::move(text));
      metrics_.snapshots_made->Add();
    }
    outcome.snapshots[range_ms] = piece;
  }
}

void LiveHub::SendSnapshot(Subscriber subscriber, const Outcome& outcome) {
  Subscription& subscription = subscriber.connection->subscriptions[subscriber.index];
  const auto found = outcome.snapshots.find(subscription.range_ms);
  if (found == outcome.snapshots.end()) return;
  if (!Send(subscriber, "snapshot", subscription.topic->sequence, found->second)) return;
  metrics_.snapshot_events->Add();
  metrics_.snapshots[Index(*std::exchange(subscription.wants_snapshot, std::nullopt))]->Add();
}

void LiveHub::TellFailure(Topic& topic, const std::optional<Error>& failure) {
  const std::string message = failure ? failure->message : std::string();
  const bool is_other = topic.failure != message;
  topic.failure = message;
  const StreamBody::Piece rest = failure ? MakePiece(FailureRest(*failure)) : nullptr;
  for (const Subscriber& subscriber : topic.subscribers) {
    Subscription& subscription = subscriber.connection->subscriptions[subscriber.index];
    if (is_other) subscription.knows_failure = false;
    if (!failure || subscription.knows_failure) continue;
    subscription.knows_failure = Send(subscriber, "failure", subscription.sequence, rest);
    if (subscription.knows_failure) metrics_.failure_events->Add();
  }
}

void LiveHub::Publish(const Plan& plan, Outcome outcome) {
  Topic& topic = *plan.topic;
  const std::int64_t step_ms = std::get<2>(topic.key);
  const std::size_t points = topic.window.series().point_count();
  points_total_ += points - topic.points;
  topic.points = points;
  topic.is_covered = topic.window.is_covered();
  CountTopics();
  topic.due_ms = plan.to_ms + step_ms + options_.delay_ms;
  const bool is_cancelled = outcome.failure && outcome.failure->code == ErrorCode::kCancelled;
  // Somebody may have come while the last one's leaving ended the evaluation.
  if (is_cancelled) topic.has_arrivals = true;
  if (!is_cancelled) TellFailure(topic, outcome.failure);
  if (outcome.refreshed.is_anew) {
    ++topic.sequence;
    topic.history.clear();
    topic.history_bytes = 0;
    for (const Subscriber& subscriber : topic.subscribers) {
      auto& wants = subscriber.connection->subscriptions[subscriber.index].wants_snapshot;
      if (!wants) wants = SnapshotReason::kAnew;
    }
  }
  for (const Subscriber& subscriber : topic.subscribers) {
    const Subscription& subscription = subscriber.connection->subscriptions[subscriber.index];
    std::uint64_t sequence = topic.sequence;
    for (const StreamBody::Piece& rest : outcome.points) {
      if (subscription.wants_snapshot) break;
      if (Send(subscriber, "points", ++sequence, rest)) metrics_.point_events->Add();
    }
  }
  for (StreamBody::Piece& rest : outcome.points)
    Keep(topic, {++topic.sequence, plan.range_ms, std::move(rest)});
  for (const Subscriber& subscriber : topic.subscribers) {
    const Subscription& subscription = subscriber.connection->subscriptions[subscriber.index];
    if (subscription.wants_snapshot) SendSnapshot(subscriber, outcome);
  }
  if (outcome.refreshed.has_step) {
    metrics_.steps->Add();
    metrics_.lag_seconds->Observe(static_cast<double>(deps_.clock.NowMs() - plan.to_ms) / 1000);
  }
}

Turn LiveHub::Work() {
  std::optional<Plan> plan;
  QueryContext context(deps_.clock, deps_.clock.Monotonic() + milliseconds(options_.query_timeout_ms));
  {
    const MutexLock lock(mu_);
    if (stopping_) return Turn::Done();
    KeepHouse();
    const TimeMs now_ms = deps_.clock.NowMs();
    plan = PickDue(now_ms);
    if (!plan) return Turn::Wait(UntilNext(now_ms));
    plan->topic->running = &context;
  }
  Outcome outcome = CarryOut(*plan, context);
  const MutexLock lock(mu_);
  plan->topic->running = nullptr;
  plan->topic->is_busy = false;
  fills_running_ -= plan->is_fill ? 1 : 0;
  if (!stopping_) Publish(*plan, std::move(outcome));
  return Turn::Again();
}

milliseconds LiveHub::UntilNext(TimeMs now_ms) const {
  std::int64_t wait_ms = std::min<std::int64_t>(options_.heartbeat_ms, 1000);
  if (behind_count_ > 0) wait_ms = std::min<std::int64_t>(wait_ms, kHouseEvery.count());
  for (const auto& [key, topic] : topics_) {
    if (!topic->is_busy && !topic->subscribers.empty() && topic->due_ms > now_ms)
      wait_ms = std::min(wait_ms, topic->due_ms - now_ms);
  }
  return milliseconds(wait_ms);
}

void LiveHub::Leave(std::uint64_t number) {
  const MutexLock lock(mu_);
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  if (!found->second->aborted) metrics_.ended[Index(EndReason::kLeft)]->Add();
  Detach(*found->second);
  connections_.erase(found);
  metrics_.connections->Set(static_cast<double>(connections_.size()));
}

void LiveHub::Detach(Connection& connection) {
  for (const Subscription& subscription : connection.subscriptions) {
    Topic& topic = *subscription.topic;
    std::erase_if(topic.subscribers, [&](const Subscriber& one) { return one.connection == &connection; });
    if (!topic.subscribers.empty()) continue;
    topic.idle_since = deps_.clock.Monotonic();
    if (topic.running != nullptr) topic.running->Cancel();
  }
  if (std::exchange(connection.behind_since, std::nullopt))
    metrics_.behind->Set(static_cast<double>(--behind_count_));
  metrics_.subscriptions->Add(-static_cast<double>(connection.subscriptions.size()));
  connection.subscriptions.clear();
}

void LiveHub::KeepHouse() {
  const nanoseconds now = deps_.clock.Monotonic();
  if (now >= next_heartbeat_) {
    next_heartbeat_ = now + milliseconds(options_.heartbeat_ms);
    const StreamBody::Piece heartbeat = MakePiece(":\n\n");
    for (const auto& [number, connection] : connections_)
      (void)connection->body->Offer({heartbeat});
  }
  if (now < next_house_) return;
  next_house_ = now + kHouseEvery;
  for (const auto& [number, connection] : connections_) {
    if (!connection->behind_since) continue;
    if (now - *connection->behind_since > milliseconds(options_.behind_max_ms)) {
      connection->aborted = true;
      connection->body->Abort();
      metrics_.ended[Index(EndReason::kSlow)]->Add();
      Detach(*connection);
      continue;
    }
    if (connection->body->waiting_bytes() > options_.buffer_bytes_max / 2) continue;
    for (const Subscription& subscription : connection->subscriptions) {
      if (subscription.is_behind) subscription.topic->has_arrivals = true;
    }
  }
  std::erase_if(topics_, [&](const auto& entry) {
    const Topic& topic = *entry.second;
    if (topic.is_busy || !topic.subscribers.empty()) return false;
    if (now - topic.idle_since < milliseconds(options_.linger_ms)) return false;
    points_total_ -= topic.points;
    return true;
  });
  CountTopics();
}

}  // namespace tickscope::live
