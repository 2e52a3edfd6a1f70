// SimulatedThreads: all loops on the caller's thread, whose turn comes next drawn from a seed. So a run of many threads is
// the same each time, and a crash is no more than not taking further turns.
//
// Threads   Everything on one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/threads.h"

namespace tickscope {

class SimulatedThreads final : public Threads {
 public:
  /// Both outlive it.
  SimulatedThreads(const Clock& clock, Random& random) : clock_(clock), random_(random) {}
  SimulatedThreads(const SimulatedThreads&) = delete;
  SimulatedThreads& operator=(const SimulatedThreads&) = delete;

  [[nodiscard]] std::unique_ptr<Worker> Start(std::string name, std::function<Turn()> turn) override;
  [[nodiscard]] bool may_block() const override { return false; }

  /// Takes a turn of a worker that has one to take. False when all wait.
  bool RunOne();
  /// Ends all workers where they are: they take no further turn, and joining them returns at once.
  void Drop();

 private:
  class SimulatedWorker;
  struct State {
    std::string name;
    std::function<Turn()> turn;
    bool is_woken = false;
    bool is_done = false;
    bool is_waiting = false;
    bool is_running = false;
    std::chrono::nanoseconds due{0};
  };

  [[nodiscard]] bool IsDue(const State& state) const;
  void TakeTurn(State& state);

  const Clock& clock_;
  Random& random_;
  std::vector<std::shared_ptr<State>> workers_;
};

}  // namespace tickscope
