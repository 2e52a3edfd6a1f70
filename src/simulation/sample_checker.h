// SampleChecker: what must be there, what may be, and what must not.
//
//   Every acknowledged sample is read back exactly once with its value. Nothing appears that was never sent. What was seen
//   once does not go away. Anything else is a violation: loss, doubling, alteration, invention, rollback.
//
// A sample is a series, a time, 64 bits (a float's own, or a hash of a histogram) and a start timestamp, 0 for unset.
//
// Threads   Not thread-safe.
// Memory    All samples ever sent.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tickscope::simulation {

struct FoundSample {
  TimeMs time_ms = 0;
  std::uint64_t bits = 0;
  TimeMs start_ms = 0;
};

class SampleChecker {
 public:
  /// The sample is on its way: it may appear from now on.
  void Sent(const std::string& series, TimeMs time_ms, std::uint64_t bits, TimeMs start_ms);
  /// The receiver said that it has it. Requires: sent.
  void Acknowledged(const std::string& series, TimeMs time_ms);

  /// Compares with everything the receiver shows, each series' samples in the order they came.
  void Compare(const std::map<std::string, std::vector<FoundSample>>& found);

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t compared() const { return compared_; }
  /// Of those compared, how many had a start timestamp.
  [[nodiscard]] std::uint64_t compared_with_start() const { return compared_with_start_; }

 private:
  struct State {
    std::uint64_t bits = 0;
    TimeMs start_ms = 0;
    bool is_acknowledged = false;
    bool was_seen = false;
  };
  void Report(const char* what, const std::string& series, TimeMs time_ms);

  std::map<std::string, std::map<TimeMs, State>> samples_;
  std::vector<std::string> violations_;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t compared_ = 0;
  std::uint64_t compared_with_start_ = 0;
};

}  // namespace tickscope::simulation
