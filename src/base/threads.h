// Threads: who runs the loops that have a thread of their own. Production gives each a thread; a simulation
// (base/simulated_threads.h) runs them all on one, in an order drawn from a seed.
//
// A loop is a turn that is taken again and again: it does what there is to do, and says when to come back. Between turns
// it holds nothing, so that a simulation may stop there for good, as a crash does.
//
// Threads   Wake is thread-safe; Join is for the owner, who first sees to it that the turn will say kDone.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace tickscope {

/// What a turn ends with.
struct Turn {
  enum class Next { kAgain, kWait, kDone };
  static constexpr std::chrono::milliseconds kUntilWoken = std::chrono::milliseconds::max();

  Next next = Next::kAgain;
  std::chrono::milliseconds wait{0};  ///< With kWait: at most, and less when woken.

  [[nodiscard]] static Turn Again() { return {}; }
  [[nodiscard]] static Turn Wait(std::chrono::milliseconds most = kUntilWoken) { return {Next::kWait, most}; }
  [[nodiscard]] static Turn Done() { return {Next::kDone, {}}; }
};

/// A loop that was started. Destruction joins.
class Worker {
 public:
  virtual ~Worker() = default;
  /// Takes a turn soon, also when one is being taken now.
  virtual void Wake() = 0;
  /// Wakes, and returns when a turn has said kDone. Idempotent.
  virtual void Join() = 0;
};

class Threads {
 public:
  virtual ~Threads() = default;
  /// Begins to take turns. `name` is for people.
  [[nodiscard]] virtual std::unique_ptr<Worker> Start(std::string name, std::function<Turn()> turn) = 0;
  /// Whether a turn may wait for another worker. Where all share one thread it would wait for ever.
  [[nodiscard]] virtual bool may_block() const = 0;
};

/// Those of the system. Lives for ever.
[[nodiscard]] Threads& SystemThreads();

}  // namespace tickscope
