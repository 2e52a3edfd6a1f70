// HandshakeTurns: the server's handshakes on one loop, one step at a time, so that those who are in are served between any two of them.
//
// A step costs a millisecond of signatures. When thousands connect within seconds, all of their steps are ready at once; run as they come,
// they hold up the requests of everybody else, whose time runs out, who then connect again. So a step waits here until the loop has
// been round: whatever else is ready comes first. Connections that say nothing wait nowhere and cost nobody a turn.
//
// The newest step is the next: when there are more than can be made in time, whoever has waited longest is likeliest to have given up, and
// in the order of their coming all would be late. So a handshake that was begun is also ended before another begins.
//
// Bounds    One step a connection waits, so at most as many as there are connections.
// Threads   Everything on the loop's thread.
// Metrics   tickscope_tls_handshakes_waiting
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "io/event_loop.h"

namespace tickscope::tls {

class HandshakeTurns : public std::enable_shared_from_this<HandshakeTurns> {
 public:
  /// Both outlive this.
  HandshakeTurns(io::EventLoop& loop, Gauge& waiting) : loop_(loop), waiting_(waiting) {}
  ~HandshakeTurns() { waiting_.Add(-static_cast<double>(steps_.size())); }
  HandshakeTurns(const HandshakeTurns&) = delete;
  HandshakeTurns& operator=(const HandshakeTurns&) = delete;

  /// Runs `step` in its turn.
  void Wait(std::function<void()> step);

 private:
  void RunOneLater();

  io::EventLoop& loop_;
  Gauge& waiting_;
  std::vector<std::function<void()>> steps_;
  bool is_posted_ = false;
};

}  // namespace tickscope::tls
