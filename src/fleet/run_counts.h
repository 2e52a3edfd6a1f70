// RunCounts: what a run that sends samples has seen so far, counted by many threads at once.
//
// Threads   Thread-safe.
// Bounds    At most kErrorNamesMax different errors are told apart.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "fleet/latency_recorder.h"

namespace tickscope::fleet {

inline constexpr std::size_t kErrorNamesMax = 32;
/// Of an answer that refuses, in an error's text.
inline constexpr std::size_t kAnswerTextBytesMax = 200;

/// What a run has done so far.
struct RunReport {
  double seconds = 0;  ///< Since the start.
  std::uint64_t samples_acknowledged = 0;
  std::uint64_t samples_refused = 0;
  std::uint64_t requests_acknowledged = 0;
  std::uint64_t retries = 0;
  std::uint64_t bytes_sent = 0;                 ///< Bodies of acknowledged requests.
  std::map<std::string, std::uint64_t> errors;  ///< By status or transport error.
  std::string last_error;
  bool paced = false;
  /// From when a request was due (paced runs), and from when its last attempt was sent, to its acknowledgement.
  std::chrono::nanoseconds from_due_p50{}, from_due_p99{}, from_due_max{};
  std::chrono::nanoseconds from_sent_p50{}, from_sent_p99{}, from_sent_max{};
};

class RunCounts {
 public:
  struct Acknowledged {
    std::uint64_t samples = 0;
    std::uint64_t bytes = 0;  ///< Of the body.
    std::chrono::nanoseconds from_sent{};
    std::optional<std::chrono::nanoseconds> from_due;  ///< In a paced run.
  };
  void NoteAcknowledged(const Acknowledged& request);
  void NoteRefused(std::uint64_t samples) { samples_refused_ += samples; }
  void NoteRetry() { ++retries_; }
  void NoteError(std::string name, std::string_view message) TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::string last_error() const TICKSCOPE_EXCLUDES(mu_);
  /// All but seconds and paced, which are the run's to add.
  [[nodiscard]] RunReport Report() const TICKSCOPE_EXCLUDES(mu_);

 private:
  std::atomic<std::uint64_t> samples_acknowledged_{0};
  std::atomic<std::uint64_t> samples_refused_{0};
  std::atomic<std::uint64_t> requests_acknowledged_{0};
  std::atomic<std::uint64_t> retries_{0};
  std::atomic<std::uint64_t> bytes_sent_{0};
  LatencyRecorder from_due_;
  LatencyRecorder from_sent_;
  mutable Mutex mu_;
  std::map<std::string, std::uint64_t> errors_ TICKSCOPE_GUARDED_BY(mu_);
  std::string last_error_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::fleet
