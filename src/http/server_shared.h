// What all connections of one server share: options, budget, metrics and the way back for answers. Internal
// to the server.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "http/body_buffer.h"
#include "http/server.h"

namespace tickscope::http {

/// Names a connection of a server; never reused.
enum class SessionId : std::uint64_t {};

/// What was not granted, for the metric's label and the log.
enum class Limit : std::uint8_t {
  kConnections,
  kHeaderBytes,
  kBodyBytes,
  kBodyBytesInFlight,
  kHeaderTime,
  kBodyTime,
  kBodyRate,
  kWriteTime,
  kMalformed,
};

/// The server's own metrics. Several servers of a process add to the same ones.
class ServerMetrics {
 public:
  explicit ServerMetrics(MetricRegistry& registry);

  void CountResponse(int status);
  void CountRejection(Limit limit) { rejections_[static_cast<std::size_t>(limit)]->Add(); }

  Gauge* connections;
  Gauge* streams;
  Counter* stream_bytes;
  Gauge* body_bytes_in_flight;
  Counter* body_bytes;

 private:
  MetricRegistry& registry_;
  std::map<int, Counter*> responses_;  // By status; filled as statuses occur, which are ours to choose.
  std::array<Counter*, 9> rejections_;
};

/// Carries answers from any thread to the server's loop, and to nowhere once the server is gone.
class ReplyPath {
 public:
  using Deliver = std::function<void(SessionId, Response)>;
  using Wake = std::function<void(SessionId)>;

  ReplyPath(io::EventLoop& loop, Deliver deliver, Wake wake)
      : loop_(&loop), deliver_(std::move(deliver)), wake_(std::move(wake)) {}
  /// Thread-safe.
  void Send(SessionId session, Response response) TICKSCOPE_EXCLUDES(mu_);
  /// Says that a session's stream has more to send. Thread-safe.
  void SendMore(SessionId session) TICKSCOPE_EXCLUDES(mu_);
  /// After it returns nothing more is posted.
  void Close() TICKSCOPE_EXCLUDES(mu_);

 private:
  Mutex mu_;
  io::EventLoop* loop_ TICKSCOPE_GUARDED_BY(mu_);
  const Deliver deliver_;  // Runs on the loop only, as wake_ does.
  const Wake wake_;
};

struct ServerShared {
  ServerShared(io::EventLoop& its_loop, ServerOptions its_options, Handler its_handler,
               MetricRegistry& registry)
      : loop(its_loop),
        options(std::move(its_options)),
        handler(std::move(its_handler)),
        metrics(registry),
        body_budget(options.body_bytes_in_flight_max, metrics.body_bytes_in_flight) {}

  io::EventLoop& loop;
  const ServerOptions options;
  const Handler handler;
  ServerMetrics metrics;
  ByteBudget body_budget;
  std::shared_ptr<ReplyPath> replies;
  /// Destroys the session; its last act.
  std::function<void(SessionId)> on_ended;
  /// Sessions that are receiving, handling or answering a request.
  std::size_t busy_count = 0;
  bool draining = false;
  /// Called while draining when no session is busy; may be called again.
  std::function<void()> on_quiet;
  /// Where bytes go that nobody will look at; all sessions may read into it at once.
  std::vector<std::byte> discard = std::vector<std::byte>(64 * 1024);
};

}  // namespace tickscope::http
