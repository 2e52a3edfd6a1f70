#include "base/simulated_threads.h"

#include <utility>

#include "base/check.h"

namespace tickscope {

class SimulatedThreads::SimulatedWorker final : public Worker {
 public:
  SimulatedWorker(SimulatedThreads& threads, std::shared_ptr<State> state)
      : threads_(threads), state_(std::move(state)) {}
  ~SimulatedWorker() override { Join(); }

  void Wake() override { state_->is_woken = true; }
  void Join() override {
    // Whoever waits for itself would wait for ever.
    TICKSCOPE_CHECK(!state_->is_running);
    Wake();
    while (!state_->is_done)
      threads_.TakeTurn(*state_);
  }

 private:
  SimulatedThreads& threads_;
  const std::shared_ptr<State> state_;
};

std::unique_ptr<Worker> SimulatedThreads::Start(std::string name, std::function<Turn()> turn) {
  auto state = std::make_shared<State>();
  state->name = std::move(name);
  state->turn = std::move(turn);
  workers_.push_back(state);
  return std::make_unique<SimulatedWorker>(*this, std::move(state));
}

bool SimulatedThreads::IsDue(const State& state) const {
  return !state.is_done && !state.is_running &&
         (!state.is_waiting || state.is_woken || clock_.Monotonic() >= state.due);
}

void SimulatedThreads::TakeTurn(State& state) {
  state.is_woken = false;
  state.is_waiting = false;
  state.is_running = true;
  const Turn turn = state.turn();
  state.is_running = false;
  state.is_done = state.is_done || turn.next == Turn::Next::kDone;
  state.is_waiting = turn.next == Turn::Next::kWait;
  state.due =
      turn.wait == Turn::kUntilWoken ? std::chrono::nanoseconds::max() : clock_.Monotonic() + turn.wait;
}

bool SimulatedThreads::RunOne() {
  std::erase_if(workers_, [](const std::shared_ptr<State>& state) { return state->is_done; });
  std::vector<std::shared_ptr<State>> due;
  for (const std::shared_ptr<State>& state : workers_) {
    if (IsDue(*state)) due.push_back(state);
  }
  if (due.empty()) return false;
  TakeTurn(*due[random_.Below(due.size())]);
  return true;
}

void SimulatedThreads::Drop() {
  for (const std::shared_ptr<State>& state : workers_)
    state->is_done = true;
  workers_.clear();
}

}  // namespace tickscope
