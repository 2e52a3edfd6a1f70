// SignalWaiter: turns the signals that steer a server into calls on one thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"

namespace tickscope::io {

enum class Signal : std::uint8_t {
  kTerminate,  ///< SIGTERM: drain and end.
  kInterrupt,  ///< SIGINT: the same, from a terminal.
  kHangUp,     ///< SIGHUP: read the configuration again.
};

class SignalWaiter {
 public:
  /// Blocks the three signals, ignores SIGPIPE and calls `on_signal` on the waiter's thread for each one that
  /// arrives. Call it before any other thread starts, for threads inherit what is blocked; one waiter a
  /// process. Errors: kResourceExhausted when the process is out of descriptors.
  [[nodiscard]] static Result<std::unique_ptr<SignalWaiter>> Start(std::function<void(Signal)> on_signal);
  /// Ends the thread and lets the signals act as before. On the thread that called Start.
  virtual ~SignalWaiter() = default;
};

}  // namespace tickscope::io
