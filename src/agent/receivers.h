// Receivers: the gateways of one remote write, in the order they are wanted, and which of them gets the next request.
//
// One that fails for long enough (failures_min times in a row, over fail_after_ms) is left for the next in line; after the last comes the first.
// While another than the first is used, the first is tried again every now and then with one request: taken, it is used again; failed, the
// one before goes on and the wait doubles. So an agent neither hangs on to a dead gateway nor swings between two.
//
// What a gateway may have written, but did not answer, it is asked about again: a push without an answer stays with its gateway until it is left
// for good, for only that one knows.
//
// Threads   Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace tickscope::agent {

struct FailoverOptions {
  std::size_t failures_min = 3;
  std::int64_t fail_after_ms = 10'000;
  std::int64_t fail_back_ms = 60'000;  ///< Doubled with each failed try, up to eight times as long.

  friend bool operator==(const FailoverOptions&, const FailoverOptions&) = default;
};

class Receivers {
 public:
  Receivers(std::size_t count, FailoverOptions options) : count_(count), options_(options) {}

  /// Which one gets the request that is made now: `asked`, which did not answer the same before, unless it was left since.
  [[nodiscard]] std::size_t Choose(TimeMs now_ms, std::optional<std::size_t> asked);
  /// What became of a request to `receiver`.
  void Succeeded(std::size_t receiver, TimeMs now_ms);
  void Failed(std::size_t receiver, TimeMs now_ms);

  [[nodiscard]] std::size_t current() const { return current_; }

 private:
  std::size_t count_;
  FailoverOptions options_;
  std::size_t current_ = 0;
  std::size_t failures_ = 0;  // In a row, of the current one.
  TimeMs failing_since_ms_ = 0;
  TimeMs try_first_at_ms_ = 0;
  std::int64_t fail_back_ms_ = 0;
  bool is_trying_first_ = false;
};

}  // namespace tickscope::agent
