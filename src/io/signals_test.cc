// Signals reach the callback, in this very process, and act as before once the waiter is gone.
#include "io/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <vector>

#include "base/bounded_queue.h"

namespace tickscope::io {
namespace {

TEST(SignalWaiter, DeliversEachSignal) {
  BoundedQueue<Signal> seen(8);
  {
    const auto waiter =
        SignalWaiter::Start([&](Signal signal) { EXPECT_TRUE(seen.TryPush(std::move(signal))); });
    ASSERT_TRUE(waiter.has_value());
    ASSERT_EQ(::kill(::getpid(), SIGHUP), 0);
    EXPECT_EQ(seen.Pop(), Signal::kHangUp);
    ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
    EXPECT_EQ(seen.Pop(), Signal::kTerminate);
    ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
    EXPECT_EQ(seen.Pop(), Signal::kInterrupt);
  }
  sigset_t mask;
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &mask), 0);
  EXPECT_FALSE(sigismember(&mask, SIGTERM));
}

}  // namespace
}  // namespace tickscope::io
