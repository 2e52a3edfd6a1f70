// InputSeries: one series that goes into an aggregate: its samples that wait for the watermark, and the last one behind it.
//
//   Insert -> [ waiting, by time ] -> Settle(T) -> visit(before, sample) in order of time
//
// Samples wait until the watermark has passed them, so that whatever order they came in, they are added up in the order of their time:
// that is what makes counter resets exact.
//
// Invariants   I1 waiting samples ascend in time and are younger than the settled one.
//              I2 at most kWaitingMax wait.
// Threads      Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/histogram.h"

namespace tickscope::aggregate {

/// More samples of one series than this within the allowed lateness are refused.
inline constexpr std::size_t kWaitingMax = 128;

struct InputSample {
  TimeMs time_ms = 0;
  TimeMs start_ms = 0;  ///< When its counter began; 0 when not told.
  double value = 0;
  HistogramPtr histogram;  ///< Instead of a value.
  bool is_end = false;     ///< A staleness marker; has no value.
};

/// Why a sample is in no window.
enum class Refusal : std::uint8_t {
  kLate,         ///< Its window was closed.
  kOutOfOrder,   ///< A later one of its series was added up already.
  kDuplicate,    ///< The series has one of that time.
  kTooMany,      ///< kWaitingMax.
  kNotFinite,    ///< A counter that is no number.
  kKind,         ///< A histogram where a number is expected, or the other way.
  kFuture,       ///< Too far ahead of the clock.
  kSeriesLimit,  ///< One series more than there may be.
};
inline constexpr std::size_t kRefusalCount = 8;

class InputSeries {
 public:
  /// The refusal, or nothing when the sample waits. Refuses as kOutOfOrder, kDuplicate and kTooMany.
  [[nodiscard]] std::optional<Refusal> Insert(const InputSample& sample);

  /// Takes the samples up to `until_ms` one by one: `visit(const InputSample* before, const InputSample&)`, where `before` is the last
  /// that had a value, null for the first. Ends are not visited.
  template <typename Visit>
  void Settle(TimeMs until_ms, Visit&& visit) {
    std::size_t taken = 0;
    for (; taken < waiting_.size() && waiting_[taken].time_ms <= until_ms; ++taken) {
      InputSample& sample = waiting_[taken];
      heard_ms_ = sample.time_ms;
      has_ended_ = sample.is_end;
      if (sample.is_end) continue;
      visit(has_last_ ? &last_ : nullptr, sample);
      last_ = std::move(sample);
      has_last_ = true;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
  }

  /// Whether a query at `at_ms` would find it. Requires: settled until then.
  [[nodiscard]] bool IsThere(TimeMs at_ms, std::int64_t lookback_ms) const {
    return has_last_ && !has_ended_ && at_ms - last_.time_ms < lookback_ms;
  }
  /// The newest settled sample with a value; null when there is none.
  [[nodiscard]] const InputSample* last() const { return has_last_ ? &last_ : nullptr; }
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  /// Time of the newest settled sample or end; 0 before the first.
  [[nodiscard]] TimeMs heard_ms() const { return heard_ms_; }
  [[nodiscard]] const std::vector<InputSample>& waiting() const { return waiting_; }

  /// As it was when it was saved.
  void Restore(std::optional<InputSample> last, TimeMs heard_ms, bool has_ended);
  /// The clock went back to `now_ms`: what is of later is forgotten, but for the value.
  void Rewind(TimeMs now_ms);

 private:
  std::vector<InputSample> waiting_;
  InputSample last_;
  TimeMs heard_ms_ = 0;
  bool has_last_ = false;
  bool has_ended_ = false;
};

}  // namespace tickscope::aggregate
