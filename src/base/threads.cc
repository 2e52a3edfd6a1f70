#include "base/threads.h"

#include <thread>
#include <utility>

#include "base/mutex.h"

namespace tickscope {
namespace {

class SystemWorker final : public Worker {
 public:
  explicit SystemWorker(std::function<Turn()> turn) : turn_(std::move(turn)), thread_([this] { Run(); }) {}
  ~SystemWorker() override { Join(); }

  void Wake() override {
    {
      const MutexLock lock(mu_);
      woken_ = true;
    }
    wake_.NotifyOne();
  }
  void Join() override {
    Wake();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() TICKSCOPE_EXCLUDES(mu_) {
    while (true) {
      const Turn turn = turn_();
      if (turn.next == Turn::Next::kDone) return;
      const MutexLock lock(mu_);
      if (turn.next == Turn::Next::kWait && !woken_) {
        if (turn.wait != Turn::kUntilWoken) {
          wake_.WaitFor(mu_, turn.wait);
        } else {
          while (!woken_)
            wake_.Wait(mu_);
        }
      }
      woken_ = false;
    }
  }

  const std::function<Turn()> turn_;
  Mutex mu_;
  CondVar wake_;
  bool woken_ TICKSCOPE_GUARDED_BY(mu_) = false;
  std::jthread thread_;  // Last: it uses the others.
};

class RealThreads final : public Threads {
 public:
  [[nodiscard]] std::unique_ptr<Worker> Start(std::string, std::function<Turn()> turn) override {
    return std::make_unique<SystemWorker>(std::move(turn));
  }
  [[nodiscard]] bool may_block() const override { return true; }
};

}  // namespace

Threads& SystemThreads() {
  static RealThreads threads;
  return threads;
}

}  // namespace tickscope
