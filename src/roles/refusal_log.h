// RefusalLog: tells in the log who is not let in, and not as often as they knock.
//
// A refusal is told at once, and others of the same reason for the same client not before kRefusalEvery is over; how many were left
// out is told with the next. Metrics count all of them.
//
// Bounds    kRefusalsKept (client, reason) are remembered; beyond them all begin anew.
// Threads   Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"

namespace tickscope::roles {

inline constexpr std::chrono::seconds kRefusalEvery{60};
inline constexpr std::size_t kRefusalsKept = 256;

class RefusalLog {
 public:
  /// `clock` outlives it.
  explicit RefusalLog(const Clock& clock) : clock_(clock) {}

  /// `door` is what was knocked at, `remote_address` a client's with its port, `why` an error that says no secret. Whether it was told.
  bool Tell(std::string_view door, std::string_view remote_address, const Error& why) TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Told {
    std::chrono::nanoseconds at{0};
    std::uint64_t left_out = 0;
  };

  const Clock& clock_;
  Mutex mu_;
  std::map<std::pair<std::string, std::string>, Told> told_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::roles
