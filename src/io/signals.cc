#include "io/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace tickscope::io {
namespace {

sigset_t WaitedSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&set, number);
  return set;
}

Signal FromNumber(std::uint32_t number) {
  switch (number) {
    case SIGINT:
      return Signal::kInterrupt;
    case SIGHUP:
      return Signal::kHangUp;
    default:
      return Signal::kTerminate;
  }
}

class SignalFdWaiter final : public SignalWaiter {
 public:
  SignalFdWaiter(int signal_fd, int stop_fd, const sigset_t& mask_before,
                 std::function<void(Signal)> on_signal)
      : signal_fd_(signal_fd),
        stop_fd_(stop_fd),
        mask_before_(mask_before),
        on_signal_(std::move(on_signal)),
        thread_([this] { Wait(); }) {}

  ~SignalFdWaiter() override {
    const std::uint64_t one = 1;
    while (::write(stop_fd_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
    ::close(signal_fd_);
    ::close(stop_fd_);
    ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }

 private:
  void Wait() {
    for (;;) {
      std::array<pollfd, 2> waiting = {pollfd{stop_fd_, POLLIN, 0}, pollfd{signal_fd_, POLLIN, 0}};
      if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;  // Only EINTR is possible here.
      if (waiting[0].revents != 0) return;
      signalfd_siginfo info{};
      if (::read(signal_fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        on_signal_(FromNumber(info.ssi_signo));
      }
    }
  }

  const int signal_fd_;
  const int stop_fd_;
  const sigset_t mask_before_;
  const std::function<void(Signal)> on_signal_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<SignalWaiter>> SignalWaiter::Start(std::function<void(Signal)> on_signal) {
  const sigset_t set = WaitedSignals();
  const int signal_fd = ::signalfd(-1, &set, SFD_CLOEXEC);
  const int stop_fd = signal_fd < 0 ? -1 : ::eventfd(0, EFD_CLOEXEC);
  if (stop_fd < 0) {
    const int error_number = errno;
    if (signal_fd >= 0) ::close(signal_fd);
    return Fail(ErrorCode::kResourceExhausted,
                "cannot wait for signals: " + std::generic_category().message(error_number));
  }
  sigset_t mask_before;
  ::pthread_sigmask(SIG_BLOCK, &set, &mask_before);
  ::signal(SIGPIPE, SIG_IGN);  // A write to a closed pipe or socket is an error value like any other.
  return std::make_unique<SignalFdWaiter>(signal_fd, stop_fd, mask_before, std::move(on_signal));
}

}  // namespace tickscope::io
