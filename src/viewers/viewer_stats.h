// ViewerStats: what all viewers of a run saw.
//
// Threads   Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "fleet/latency_recorder.h"

namespace tickscope::viewers {

/// Dashboards are judged by how far back they look.
enum class WindowClass : std::uint8_t { kUpTo12h, kUpTo7d, kLonger };
inline constexpr std::size_t kWindowClasses = 3;
inline constexpr std::array<std::string_view, kWindowClasses> kWindowClassNames = {"<=12h", "<=7d", ">7d"};

[[nodiscard]] WindowClass ClassOf(std::int64_t range_ms);

/// What a server's X-Tickscope-Cache said.
enum class CacheUse : std::uint8_t { kUnknown, kHit, kPartial, kMiss };

struct ClassReport {
  std::uint64_t answers = 0;  ///< That succeeded.
  std::uint64_t errors = 0;
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
  std::array<std::uint64_t, 4> cache{};  ///< By CacheUse.
};

struct ViewersReport {
  double seconds = 0;
  std::array<ClassReport, kWindowClasses> queries;  ///< Since a refresh was due to the whole answer.
  std::array<ClassReport, kWindowClasses>
      first_views;  ///< Page mode: since connecting to all of a class' windows.
  std::array<ClassReport, kWindowClasses> events;  ///< Page mode: since a step's time to its event.
  ClassReport opening;                             ///< Variables, metadata and the like, when a page opens.
  std::uint64_t refreshes_due = 0;
  std::uint64_t refreshes_done = 0;
  std::uint64_t refreshes_late = 0;    ///< Begun more than a second late: the one before was not done.
  std::uint64_t refreshes_missed = 0;  ///< Not begun at all: several were due by then.
  std::uint64_t requests_in_progress = 0;
  std::uint64_t answer_bytes = 0;  ///< As received, compressed where the server did.
  std::uint64_t connects = 0;      ///< Page mode: streams begun.
  std::uint64_t snapshots = 0;
  std::uint64_t point_events = 0;
  std::uint64_t snapshot_points = 0;            ///< In all snapshots.
  std::uint64_t new_points = 0;                 ///< In all events of new points.
  std::map<std::string, std::uint64_t> errors;  ///< By kind.
  std::string last_error;
  double cpu_seconds = 0;  ///< Of this process.

  [[nodiscard]] std::uint64_t error_count() const;
};

class ViewerStats {
 public:
  void RecordQuery(WindowClass window, std::chrono::nanoseconds took, CacheUse cache, std::size_t bytes);
  void RecordOpening(std::chrono::nanoseconds took, std::size_t bytes);
  void RecordFirstView(WindowClass window, std::chrono::nanoseconds took);
  void RecordEvent(WindowClass window, std::chrono::nanoseconds lag, std::uint64_t points)
      TICKSCOPE_EXCLUDES(mu_);
  void RecordError(WindowClass window, const std::string& kind, std::string detail);
  void RecordOpeningError(const std::string& kind, std::string detail);
  void AddBytes(std::size_t bytes) TICKSCOPE_EXCLUDES(mu_);

  void RefreshDue(std::uint64_t missed, bool is_late) TICKSCOPE_EXCLUDES(mu_);
  void RefreshDone() TICKSCOPE_EXCLUDES(mu_);
  void RequestBegins() TICKSCOPE_EXCLUDES(mu_);
  void RequestEnds() TICKSCOPE_EXCLUDES(mu_);
  void Connected() TICKSCOPE_EXCLUDES(mu_);
  void SnapshotCame(std::uint64_t points) TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] ViewersReport Report() const TICKSCOPE_EXCLUDES(mu_);

 private:
  void CountError(const std::string& kind, std::string detail) TICKSCOPE_REQUIRES(mu_);

  std::array<fleet::LatencyRecorder, kWindowClasses> queries_;
  std::array<fleet::LatencyRecorder, kWindowClasses> first_views_;
  std::array<fleet::LatencyRecorder, kWindowClasses> events_;
  fleet::LatencyRecorder opening_;
  mutable Mutex mu_;
  ViewersReport counts_ TICKSCOPE_GUARDED_BY(mu_);  // But for latencies.
};

/// Human-readable, several lines.
[[nodiscard]] std::string ReportText(const ViewersReport& report);
/// One line of JSON.
[[nodiscard]] std::string ReportJson(const ViewersReport& report);

}  // namespace tickscope::viewers
