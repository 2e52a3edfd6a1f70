#include "stream/log_partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "stream/segment_reader.h"

namespace tickscope::stream {
namespace {

// A record position is remembered every so many bytes: a reader that starts anywhere reads at most this much
// more.
constexpr std::uint64_t kPositionEveryBytes = 256U << 10;

// Largest group written at once; what waits beyond it forms the next group.
constexpr std::uint64_t kGroupBytesMax = 32U << 20;

constexpr std::string_view kEpochMoved = "the stream moved to a new epoch";

}  // namespace

LogMetrics::LogMetrics(MetricRegistry& metrics)
    : appended_records(
          metrics.AddCounter("tickscope_stream_appended_records_total", "Records made durable.", {})),
      appended_bytes(metrics.AddCounter("tickscope_stream_appended_bytes_total",
                                        "Bytes made durable, frame headers included.", {})),
      commits(metrics.AddCounter("tickscope_stream_commits_total", "Groups of records synced together.", {})),
      sync_seconds(metrics.AddHistogram("tickscope_stream_sync_seconds", "Time of a group's write and sync.",
                                        {}, kLatencyBucketsSeconds)),
      refused_disk_full(metrics.AddCounter("tickscope_stream_refused_total", "Records not taken, by reason.",
                                           {{"reason", "disk_full"}})),
      refused_queue_full(metrics.AddCounter("tickscope_stream_refused_total", "Records not taken, by reason.",
                                            {{"reason", "queue_full"}})),
      refused_failed(metrics.AddCounter("tickscope_stream_refused_total", "Records not taken, by reason.",
                                        {{"reason", "failed_sync"}})),
      damaged_stretches(metrics.AddCounter("tickscope_stream_damaged_stretches_total",
                                           "Stretches of a segment skipped because they are no records.",
                                           {})),
      torn_bytes(metrics.AddCounter("tickscope_stream_torn_bytes_total",
                                    "Bytes of unacknowledged records cut off when a log was opened.", {})),
      removed_segments(metrics.AddCounter("tickscope_stream_removed_segments_total",
                                          "Segments removed by retention.", {})),
      bytes(metrics.AddGauge("tickscope_stream_bytes", "Bytes of all segments on disk.", {})) {}

LogPartition::LogPartition(io::FileSystem& fs, const Clock& clock, LogMetrics& metrics,
                           const EmbeddedLogOptions& options, std::string directory)
    : fs_(fs), clock_(clock), metrics_(metrics), options_(options), directory_(std::move(directory)) {}

LogPartition::~LogPartition() {
  Close();
}

Result<std::unique_ptr<LogPartition>> LogPartition::Open(io::FileSystem& fs, const Clock& clock,
                                                         LogMetrics& metrics,
                                                         const EmbeddedLogOptions& options,
                                                         std::string directory) {
  std::unique_ptr<LogPartition> partition(
      new LogPartition(fs, clock, metrics, options, std::move(directory)));
  TICKSCOPE_RETURN_IF_ERROR(partition->Recover());
  partition->writer_ =
      options.threads->Start("log writer", [log = partition.get()] { return log->CommitWaiting(); });
  return partition;
}

Status LogPartition::Recover() {
  TICKSCOPE_RETURN_IF_ERROR(fs_.CreateDirectories(directory_));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<io::DirectoryEntry> entries, fs_.List(directory_));
  std::vector<SegmentName> names;
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto name = ParseSegmentName(entry.name)) names.push_back(*name);
  }
  std::sort(names.begin(), names.end(),
            [](const SegmentName& a, const SegmentName& b) { return a.epoch < b.epoch; });

  const MutexLock lock(mu_);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_last = i + 1 == names.size();
    TICKSCOPE_ASSIGN_OR_RETURN(SegmentPtr segment, RecoverSegment(names[i], is_last));
    epoch_ = std::max(epoch_, names[i].epoch + 1);
    end_offset_ = std::max(end_offset_, segment->end_offset);
    if (segment->end_offset == segment->name.first_offset && is_last) {
      // Nothing was acknowledged from it; a new one takes its place.
      TICKSCOPE_RETURN_IF_ERROR(fs_.Remove(segment->path));
      TICKSCOPE_RETURN_IF_ERROR(fs_.SyncDirectory(directory_));
      continue;
    }
    metrics_.bytes->Add(static_cast<double>(segment->bytes));
    segments_.push_back(std::move(segment));
  }
  start_offset_ = segments_.empty() ? end_offset_ : segments_.front()->name.first_offset;
  return {};
}

Result<LogPartition::SegmentPtr> LogPartition::RecoverSegment(SegmentName name, bool is_last) {
  auto segment = std::make_shared<Segment>();
  segment->name = name;
  segment->path = directory_ + "/" + FormatSegmentName(name);
  TICKSCOPE_ASSIGN_OR_RETURN(segment->file, fs_.OpenRead(segment->path));
  segment->end_offset = name.first_offset;
  segment->bytes = kSegmentHeaderBytes;

  Bytes header(kSegmentHeaderBytes);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t header_bytes, segment->file->ReadAt(0, header));
  header.resize(header_bytes);
  if (!CheckSegmentHeader(header, name) && header_bytes == kSegmentHeaderBytes) {
    // The name says the same, so the frames can still be read.
    metrics_.damaged_stretches->Add();
    Log(LogLevel::kError, "stream segment header damaged", {{"file", segment->path}});
  }

  SegmentReader reader(*segment->file, kSegmentHeaderBytes, name.first_offset);
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(const SegmentReader::Outcome outcome, reader.Next());
    if (outcome == SegmentReader::Outcome::kEnd) break;
    if (outcome == SegmentReader::Outcome::kTorn) {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t file_bytes, segment->file->Size());
      const std::uint64_t torn = file_bytes - std::min(file_bytes, reader.frame_position());
      if (is_last) {
        metrics_.torn_bytes->Add(torn);
        Log(LogLevel::kWarn, "stream tail cut: bytes of records never acknowledged",
            {{"file", segment->path}, {"at", reader.frame_position()}, {"bytes", torn}});
        TICKSCOPE_ASSIGN_OR_RETURN(const auto writable,
                                   fs_.OpenAppend(segment->path, io::OpenMode::kOpenExisting));
        TICKSCOPE_RETURN_IF_ERROR(writable->Truncate(std::min(file_bytes, reader.frame_position())));
        TICKSCOPE_RETURN_IF_ERROR(writable->Sync());
      } else {
        metrics_.damaged_stretches->Add();
        Log(LogLevel::kError, "stream segment damaged: records at its end are lost",
            {{"file", segment->path}, {"at", reader.frame_position()}, {"bytes", torn}});
      }
      break;
    }
    const Frame& frame = reader.frame();
    if (outcome == SegmentReader::Outcome::kDamaged || frame.offset != segment->end_offset) {
      metrics_.damaged_stretches->Add();
      Log(LogLevel::kError, "stream segment damaged: records lost",
          {{"file", segment->path},
           {"before", reader.frame_position()},
           {"first_lost", segment->end_offset},
           {"next_whole", frame.offset}});
    }
    if (frame.offset < segment->end_offset) continue;
    if (segment->positions.empty() ||
        reader.frame_position() >= segment->positions.rbegin()->second + kPositionEveryBytes) {
      segment->positions.emplace(frame.offset, reader.frame_position());
    }
    segment->end_offset = frame.offset + 1;
    segment->newest_ms = frame.appended_ms;
    segment->bytes = reader.position();
  }
  return segment;
}

Epoch LogPartition::CurrentEpoch() const {
  const MutexLock lock(mu_);
  return epoch_;
}

Offset LogPartition::StartOffset() const {
  const MutexLock lock(mu_);
  return start_offset_;
}

Offset LogPartition::EndOffset() const {
  const MutexLock lock(mu_);
  return end_offset_;
}

Status LogPartition::Append(Epoch epoch, Bytes payload, AppendCallback done) {
  if (payload.size() > kPayloadBytesMax) {
    return Fail(ErrorCode::kOutOfRange, fmt::format("stream record: got {} bytes, want at most {}",
                                                    payload.size(), kPayloadBytesMax));
  }
  {
    const MutexLock lock(mu_);
    if (failed_ || closing_) {
      metrics_.refused_failed->Add();
      return Fail(ErrorCode::kUnavailable,
                  failed_ ? "the stream stopped after a failed sync" : "the stream is closing");
    }
    if (queue_bytes_ + payload.size() > options_.queue_bytes_max) {
      metrics_.refused_queue_full->Add();
      return Fail(ErrorCode::kResourceExhausted, "the stream's queue is full: the disk does not keep up");
    }
    const std::uint64_t frame_bytes = kFrameHeaderBytes + payload.size();
    if (epoch == epoch_ && epoch_bytes_ > 0 && epoch_bytes_ + frame_bytes > options_.segment_bytes_max) {
      ++epoch_;
      epoch_bytes_ = 0;
    }
    if (epoch != epoch_) return Fail(ErrorCode::kFailedPrecondition, std::string(kEpochMoved));
    epoch_bytes_ += frame_bytes;
    queue_bytes_ += payload.size();
    queue_.push_back({epoch, std::move(payload), std::move(done)});
  }
  writer_->Wake();
  return {};
}

Turn LogPartition::CommitWaiting() {
  std::vector<Pending> group;
  {
    const MutexLock lock(mu_);
    if (queue_.empty()) return closing_ ? Turn::Done() : Turn::Wait();
    const Epoch epoch = queue_.front().epoch;
    std::uint64_t group_bytes = 0;
    while (!queue_.empty() && queue_.front().epoch == epoch && group_bytes < kGroupBytesMax) {
      group_bytes += queue_.front().payload.size();
      group.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    queue_bytes_ -= group_bytes;
  }
  CommitGroup(std::move(group));
  return Turn::Again();
}

void LogPartition::CommitGroup(std::vector<Pending> group) {
  const Epoch epoch = group.front().epoch;
  Offset first_offset = 0;
  bool failed = false;
  {
    const MutexLock lock(mu_);
    first_offset = end_offset_;
    failed = failed_;
  }
  bool may_continue = !failed;
  const Status status = failed ? Fail(ErrorCode::kUnavailable, "the stream stopped after a failed sync")
                               : WriteGroup(group, first_offset, may_continue);
  if (status) {
    progress_.NotifyAll();
    for (std::size_t i = 0; i < group.size(); ++i)
      group[i].done(first_offset + i);
    return;
  }

  // A full disk may have room again later. Any other failure leaves the state on disk unknown.
  may_continue = may_continue && status.error().code == ErrorCode::kResourceExhausted;

  // What waits for the same epoch may rely on the records that failed, so it fails with them.
  {
    const MutexLock lock(mu_);
    failed_ = !may_continue;
    for (auto waiting = queue_.begin(); waiting != queue_.end();) {
      if (waiting->epoch == epoch || failed_) {
        queue_bytes_ -= waiting->payload.size();
        group.push_back(std::move(*waiting));
        waiting = queue_.erase(waiting);
      } else {
        ++waiting;
      }
    }
    if (epoch == epoch_) {
      ++epoch_;
      epoch_bytes_ = 0;
    }
  }
  file_.reset();
  open_segment_.reset();
  (may_continue ? metrics_.refused_disk_full : metrics_.refused_failed)->Add(group.size());
  Log(LogLevel::kError, "stream append failed",
      {{"records", group.size()}, {"error", status.error().message}});
  for (Pending& pending : group)
    pending.done(std::unexpected(status.error()));
  if (!may_continue && !failed && options_.on_failure) options_.on_failure();
}

Status LogPartition::WriteGroup(const std::vector<Pending>& group, Offset first_offset, bool& may_continue) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t free_bytes, fs_.FreeBytes(directory_));
  if (free_bytes < options_.disk_free_bytes_min) {
    return Fail(ErrorCode::kResourceExhausted, fmt::format("disk full: {} bytes free, want at least {}",
                                                           free_bytes, options_.disk_free_bytes_min));
  }
  if (open_segment_ == nullptr || open_segment_->name.epoch != group.front().epoch) {
    TICKSCOPE_RETURN_IF_ERROR(StartSegment({first_offset, group.front().epoch}));
  }
  const std::chrono::nanoseconds started = clock_.Monotonic();
  const TimeMs now_ms = clock_.NowMs();
  Bytes headers;
  headers.reserve(group.size() * kFrameHeaderBytes);
  for (std::size_t i = 0; i < group.size(); ++i) {
    PutFrameHeader(first_offset + i, now_ms, group[i].payload, headers);
  }
  std::vector<ByteView> pieces;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    pieces.push_back(ByteView(headers).subspan(i * kFrameHeaderBytes, kFrameHeaderBytes));
    pieces.push_back(group[i].payload);
    bytes += kFrameHeaderBytes + group[i].payload.size();
  }
  const std::uint64_t durable_bytes = file_->size();
  if (const Status appended = file_->Append(pieces); !appended) {
    // Cut the prefix off again, so that no record is half-written. If even that fails the tail is unknown.
    const Status cut = file_->Truncate(durable_bytes);
    may_continue = cut.has_value();
    return appended;
  }
  if (const Status synced = file_->Sync(); !synced) {
    may_continue = false;
    return synced;
  }
  metrics_.sync_seconds->Observe(std::chrono::duration<double>(clock_.Monotonic() - started).count());
  metrics_.commits->Add();
  metrics_.appended_records->Add(group.size());
  metrics_.appended_bytes->Add(bytes);
  metrics_.bytes->Add(static_cast<double>(bytes));

  const MutexLock lock(mu_);
  Segment& segment = *open_segment_;
  std::uint64_t position = durable_bytes;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (segment.positions.empty() || position >= segment.positions.rbegin()->second + kPositionEveryBytes) {
      segment.positions.emplace(first_offset + i, position);
    }
    position += kFrameHeaderBytes + group[i].payload.size();
  }
  segment.bytes = position;
  segment.end_offset = first_offset + group.size();
  segment.newest_ms = now_ms;
  end_offset_ = segment.end_offset;
  return {};
}

Status LogPartition::StartSegment(SegmentName name) {
  file_.reset();
  open_segment_.reset();
  ApplyRetention();
  auto segment = std::make_shared<Segment>();
  segment->name = name;
  segment->path = directory_ + "/" + FormatSegmentName(name);
  segment->end_offset = name.first_offset;
  segment->bytes = kSegmentHeaderBytes;
  Bytes header;
  PutSegmentHeader(name, header);
  const ByteView pieces[] = {header};
  TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs_.OpenAppend(segment->path, io::OpenMode::kTruncate));
  TICKSCOPE_RETURN_IF_ERROR(file->Append(pieces));
  TICKSCOPE_RETURN_IF_ERROR(file->Sync());
  TICKSCOPE_RETURN_IF_ERROR(fs_.SyncDirectory(directory_));
  TICKSCOPE_ASSIGN_OR_RETURN(segment->file, fs_.OpenRead(segment->path));
  file_ = std::move(file);
  open_segment_ = segment;
  const MutexLock lock(mu_);
  metrics_.bytes->Add(static_cast<double>(segment->bytes));
  segments_.push_back(std::move(segment));
  return {};
}

Offset LogPartition::EpochStart(Offset offset) const {
  const MutexLock lock(mu_);
  Offset start = start_offset_;
  for (const SegmentPtr& segment : segments_) {
    if (segment->name.first_offset > offset) break;
    start = segment->name.first_offset;
  }
  return start;
}

void LogPartition::Release(Offset offset) {
  const MutexLock lock(mu_);
  released_ = std::max(released_.value_or(0), offset);
}

void LogPartition::ApplyRetention() {
  const TimeMs oldest_ms = clock_.NowMs() - options_.retention_age_ms;
  std::vector<SegmentPtr> removed;
  {
    const MutexLock lock(mu_);
    std::uint64_t total = 0;
    for (const SegmentPtr& segment : segments_)
      total += segment->bytes;
    const auto is_released = [this](const Segment& segment) TICKSCOPE_REQUIRES(mu_) {
      return !released_ || segment.end_offset <= *released_;
    };
    while (!segments_.empty() && is_released(*segments_.front()) &&
           (total > options_.retention_bytes_max || segments_.front()->newest_ms < oldest_ms)) {
      total -= segments_.front()->bytes;
      removed.push_back(std::move(segments_.front()));
      segments_.pop_front();
    }
    start_offset_ = segments_.empty() ? end_offset_ : segments_.front()->name.first_offset;
  }
  for (const SegmentPtr& segment : removed) {
    metrics_.removed_segments->Add();
    metrics_.bytes->Add(-static_cast<double>(segment->bytes));
    if (const Status status = fs_.Remove(segment->path); !status) {
      Log(LogLevel::kWarn, "stream segment not removed",
          {{"file", segment->path}, {"error", status.error().message}});
    }
  }
}

Result<std::vector<Record>> LogPartition::Read(Offset from, std::size_t bytes_max) {
  SegmentPtr segment;
  std::uint64_t position = kSegmentHeaderBytes;
  Offset position_offset = 0;  // Offset of the frame at `position`.
  Offset segment_end = 0;
  {
    const MutexLock lock(mu_);
    if (from < start_offset_) {
      return Fail(
          ErrorCode::kOutOfRange,
          fmt::format("stream offset removed by retention: got {}, want at least {}", from, start_offset_));
    }
    if (hint_segment_ != nullptr && hint_offset_ == from && from < hint_segment_->end_offset) {
      segment = hint_segment_;
      position = hint_position_;
      position_offset = hint_offset_;
    } else {
      for (const SegmentPtr& candidate : segments_) {
        if (from < candidate->end_offset) {
          segment = candidate;
          break;
        }
      }
      if (segment == nullptr) return std::vector<Record>{};
      position_offset = segment->name.first_offset;
      const auto after = segment->positions.upper_bound(from);
      if (after != segment->positions.begin()) {
        std::tie(position_offset, position) = *std::prev(after);
      }
    }
    segment_end = segment->end_offset;
  }

  std::vector<Record> records;
  std::size_t bytes = 0;
  SegmentReader reader(*segment->file, position, position_offset);
  Offset next = from;
  while (bytes < bytes_max && next < segment_end) {
    TICKSCOPE_ASSIGN_OR_RETURN(const SegmentReader::Outcome outcome, reader.Next());
    if (outcome == SegmentReader::Outcome::kEnd || outcome == SegmentReader::Outcome::kTorn) {
      // Durable records end before the watermark says: the file was damaged since it was opened.
      metrics_.damaged_stretches->Add();
      Log(LogLevel::kError, "stream segment damaged: records lost",
          {{"file", segment->path}, {"at", reader.frame_position()}, {"first_lost", next}});
      if (records.empty()) {
        const MutexLock lock(mu_);
        segment->end_offset = next;
        return Fail(ErrorCode::kCorruption, "stream segment damaged: " + segment->path);
      }
      break;
    }
    const Frame& frame = reader.frame();
    if (frame.offset >= segment_end) break;
    if (frame.offset < next) continue;
    if (outcome == SegmentReader::Outcome::kDamaged) {
      metrics_.damaged_stretches->Add();
      Log(LogLevel::kError, "stream segment damaged: records lost",
          {{"file", segment->path}, {"first_lost", next}, {"next_whole", frame.offset}});
    }
    next = frame.offset + 1;
    bytes += frame.payload.size();
    records.push_back({frame.offset, segment->name.epoch, {frame.payload.begin(), frame.payload.end()}});
  }
  const MutexLock lock(mu_);
  hint_segment_ = segment;
  hint_offset_ = next;
  hint_position_ = reader.position();
  return records;
}

bool LogPartition::WaitFor(Offset offset, std::chrono::milliseconds timeout) {
  const MutexLock lock(mu_);
  if (end_offset_ <= offset && !closing_ && options_.threads->may_block()) progress_.WaitFor(mu_, timeout);
  return end_offset_ > offset;
}

void LogPartition::Close() {
  {
    const MutexLock lock(mu_);
    closing_ = true;
  }
  progress_.NotifyAll();
  if (writer_ != nullptr) writer_->Join();
}

}  // namespace tickscope::stream
