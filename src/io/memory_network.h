// MemoryNetwork: the Network of tests. Byte streams between ends in one process, on simulated time, with the
// behaviour of TCP that matters and its faults on request.
//
//   ManualClock clock;
//   MemoryNetwork network(clock, {.seed = 7, .delay_max = 20ms, .deliveries = Deliveries::kSplit});
//   auto loop = network.MakeLoop();
//   ... listen, connect ...
//   network.ResetAfterBytes(1000);      // The connection that carries the 1,000th byte from now breaks.
//   network.scheduler().RunFor(1min);   // In a moment.
//
// Like TCP: a stream ends when its writer closes; writing to a closed end breaks the connection; closing with
// unread bytes resets the peer, which loses what was on its way; a reader that does not read stops its
// writer. Unlike it: nothing is refused for lack of backlog, and a name is as good as an address.
//
// Threads   As MemoryScheduler: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "io/memory_scheduler.h"
#include "io/network.h"

namespace tickscope::io {

enum class Deliveries : std::uint8_t {
  kWhole,  ///< A read gets all that has arrived and fits.
  kSplit,  ///< A read gets a random part of it, at least one byte.
};

struct MemoryNetworkOptions {
  std::uint64_t seed = 1;
  std::chrono::milliseconds delay_max{0};  ///< Each delivery takes a random time up to this.
  Deliveries deliveries = Deliveries::kWhole;
  std::size_t buffer_bytes = 64 * 1024;  ///< Bytes on their way in one direction before a writer waits.
};

class MemoryNetwork final : public Network {
 public:
  /// Moves `clock`, which outlives the network.
  MemoryNetwork(ManualClock& clock, MemoryNetworkOptions options);
  ~MemoryNetwork() override;

  [[nodiscard]] Result<std::unique_ptr<Listener>> Listen(EventLoop& loop, const std::string& address,
                                                         AcceptCallback on_accept) override;
  void Connect(EventLoop& loop, const std::string& address, std::chrono::milliseconds timeout,
               ConnectCallback done) override;
  [[nodiscard]] std::unique_ptr<EventLoop> MakeLoop() override;
  [[nodiscard]] std::unique_ptr<LoopThread> RunInBackground(EventLoop& loop) override;

  [[nodiscard]] MemoryScheduler& scheduler() { return scheduler_; }

  /// Breaks every open connection.
  void ResetAll();
  /// Breaks the connection that delivers the n-th byte from now, before it is delivered.
  void ResetAfterBytes(std::uint64_t n);
  /// Stops all deliveries and connects, as a cut cable does, until Resume.
  void Pause();
  void Resume();

 private:
  struct State;
  struct End;
  class MemoryConnection;
  class MemoryListener;
  MemoryScheduler scheduler_;
  const std::shared_ptr<State> state_;
};

}  // namespace tickscope::io
