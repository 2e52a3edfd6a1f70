// LogPartition: one partition of the embedded log (stream/embedded_log.h), with its writer thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/threads.h"
#include "io/file_system.h"
#include "stream/embedded_log.h"
#include "stream/log_format.h"

namespace tickscope::stream {

/// What all partitions count together.
struct LogMetrics {
  explicit LogMetrics(MetricRegistry& metrics);

  Counter* appended_records;
  Counter* appended_bytes;
  Counter* commits;
  HistogramMetric* sync_seconds;
  Counter* refused_disk_full;
  Counter* refused_queue_full;
  Counter* refused_failed;
  Counter* damaged_stretches;
  Counter* torn_bytes;
  Counter* removed_segments;
  Gauge* bytes;
};

class LogPartition {
 public:
  /// Recovers the partition in `directory` (made when missing) and starts its writer.
  [[nodiscard]] static Result<std::unique_ptr<LogPartition>> Open(io::FileSystem& fs, const Clock& clock,
                                                                  LogMetrics& metrics,
                                                                  const EmbeddedLogOptions& options,
                                                                  std::string directory);
  ~LogPartition();
  LogPartition(const LogPartition&) = delete;
  LogPartition& operator=(const LogPartition&) = delete;

  // As the functions of Stream, for this partition.
  [[nodiscard]] Epoch CurrentEpoch() const;
  [[nodiscard]] Status Append(Epoch epoch, Bytes payload, AppendCallback done);
  [[nodiscard]] Offset StartOffset() const;
  [[nodiscard]] Offset EndOffset() const;
  [[nodiscard]] Offset EpochStart(Offset offset) const;
  void Release(Offset offset);
  [[nodiscard]] Result<std::vector<Record>> Read(Offset from, std::size_t bytes_max);
  [[nodiscard]] bool WaitFor(Offset offset, std::chrono::milliseconds timeout);
  void Close();

 private:
  // A file of the partition. Immutable but for the fields the writer adds to as it appends.
  struct Segment {
    SegmentName name;
    std::string path;
    std::unique_ptr<io::ReadFile> file;
    std::uint64_t bytes = 0;                    // Durable.
    Offset end_offset = 0;                      // One past the last durable record.
    TimeMs newest_ms = 0;                       // When its last record was appended.
    std::map<Offset, std::uint64_t> positions;  // Sparse: where some records start.
  };
  using SegmentPtr = std::shared_ptr<Segment>;

  struct Pending {
    Epoch epoch;
    Bytes payload;
    AppendCallback done;
  };

  LogPartition(io::FileSystem& fs, const Clock& clock, LogMetrics& metrics, const EmbeddedLogOptions& options,
               std::string directory);

  [[nodiscard]] Status Recover();
  [[nodiscard]] Result<SegmentPtr> RecoverSegment(SegmentName name, bool is_last);
  // Commits what waits. One turn of the writer.
  [[nodiscard]] Turn CommitWaiting();
  // Writes one group of one epoch and answers it. Only the writer calls these.
  void CommitGroup(std::vector<Pending> group);
  [[nodiscard]] Status WriteGroup(const std::vector<Pending>& group, Offset first_offset, bool& may_continue);
  [[nodiscard]] Status StartSegment(SegmentName name);
  void ApplyRetention();

  io::FileSystem& fs_;
  const Clock& clock_;
  LogMetrics& metrics_;
  const EmbeddedLogOptions options_;
  const std::string directory_;

  mutable Mutex mu_;
  CondVar progress_;  // Signals those in WaitFor.
  std::deque<Pending> queue_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t queue_bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  Epoch epoch_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::uint64_t epoch_bytes_ TICKSCOPE_GUARDED_BY(mu_) = 0;  // Taken for the current epoch, queued included.
  bool closing_ TICKSCOPE_GUARDED_BY(mu_) = false;
  bool failed_ TICKSCOPE_GUARDED_BY(mu_) = false;
  Offset start_offset_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  Offset end_offset_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::deque<SegmentPtr> segments_ TICKSCOPE_GUARDED_BY(mu_);  // Oldest first.
  std::optional<Offset> released_ TICKSCOPE_GUARDED_BY(mu_);   // Retention stops here.
  // Where the sequential reader goes on, so that it need not search.
  Offset hint_offset_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::uint64_t hint_position_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  SegmentPtr hint_segment_ TICKSCOPE_GUARDED_BY(mu_);

  // The writer's own: the open segment. Null until the first append and after a failed group.
  std::unique_ptr<io::AppendFile> file_;
  SegmentPtr open_segment_;

  std::unique_ptr<Worker> writer_;
};

}  // namespace tickscope::stream
