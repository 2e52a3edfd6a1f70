#include "spool/spool_queue.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace tickscope::spool {
namespace {

constexpr std::string_view kCursorName = "cursor";
constexpr std::uint64_t kCursorBytesMax = 1U << 20;
constexpr std::uint8_t kReadFailuresMax = 5;

// "ordinal offset" off a line.
std::optional<std::pair<std::uint64_t, std::uint64_t>> ParseCursorLine(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::pair<std::uint64_t, std::uint64_t> found;
  const char* const end = line.data() + line.size();
  const auto ordinal = std::from_chars(line.data(), line.data() + space, found.first);
  const auto offset = std::from_chars(line.data() + space + 1, end, found.second);
  if (ordinal.ec != std::errc() || offset.ec != std::errc() || offset.ptr != end) return std::nullopt;
  return found;
}

}  // namespace

Result<std::unique_ptr<SpoolQueue>> SpoolQueue::Open(io::FileSystem& fs, Random& random,
                                                     SpoolQueueOptions options) {
  auto queue = std::unique_ptr<SpoolQueue>(new SpoolQueue(fs, random, std::move(options)));
  TICKSCOPE_RETURN_IF_ERROR(queue->Load());
  return queue;
}

std::string SpoolQueue::PathOf(std::uint64_t ordinal) const {
  return options_.directory + "/" + SegmentName(ordinal);
}

Status SpoolQueue::Load() {
  TICKSCOPE_RETURN_IF_ERROR(fs_.CreateDirectories(options_.directory));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<io::DirectoryEntry> entries, fs_.List(options_.directory));
  for (const io::DirectoryEntry& entry : entries) {
    const std::optional<std::uint64_t> ordinal = ParseSegmentName(entry.name);
    if (!ordinal || entry.is_directory) continue;
    next_ordinal_ = *ordinal + 1;
    bytes_ += entry.size;
    segments_.push_back({.ordinal = *ordinal,
                         .size = entry.size,
                         .read_at = kSegmentHeaderBytes,
                         .done_at = kSegmentHeaderBytes});
  }
  return LoadCursor();
}

Status SpoolQueue::LoadCursor() {
  const Result<std::string> text =
      io::ReadWholeFile(fs_, options_.directory + "/" + std::string(kCursorName), kCursorBytesMax);
  // What it cannot say comes again, and receivers know it by its identity.
  if (!text)
    return text.error().code == ErrorCode::kNotFound ? Status() : Status(std::unexpected(text.error()));
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t length = std::min(rest.find('\n'), rest.size());
    const auto place = ParseCursorLine(rest.substr(0, length));
    rest.remove_prefix(std::min(length + 1, rest.size()));
    if (!place) {
      ++damages_;
      continue;
    }
    // Also of a segment that was removed after this was written: a new one of its name would be taken for done up to there.
    next_ordinal_ = std::max(next_ordinal_, place->first + 1);
    const auto segment = std::ranges::lower_bound(segments_, place->first, {}, &Segment::ordinal);
    if (segment == segments_.end() || segment->ordinal != place->first) continue;
    segment->read_at = segment->done_at =
        std::clamp<std::uint64_t>(place->second, kSegmentHeaderBytes, segment->size);
  }
  return {};
}

Status SpoolQueue::SaveCursor() {
  std::string text;
  for (const Segment& segment : segments_) {
    if (segment.done_at > kSegmentHeaderBytes)
      fmt::format_to(std::back_inserter(text), "{} {}\n", segment.ordinal, segment.done_at);
  }
  return io::WriteFileAtomically(fs_, options_.directory + "/" + std::string(kCursorName), text);
}

Status SpoolQueue::StartSegment() {
  const std::uint64_t ordinal = next_ordinal_++;
  TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs_.OpenAppend(PathOf(ordinal), io::OpenMode::kCreateNew));
  names_are_dirty_ = true;
  frame_.clear();
  PutSegmentHeader({epoch_, next_number_}, frame_);
  const std::array<ByteView, 1> pieces = {frame_};
  if (Status made = file->Reserve(options_.segment_bytes); !made || !(made = file->Append(pieces))) {
    static_cast<void>(fs_.Remove(PathOf(ordinal)));
    return made;
  }
  active_ = std::move(file);
  bytes_ += kSegmentHeaderBytes;
  segments_.push_back({.ordinal = ordinal,
                       .size = kSegmentHeaderBytes,
                       .read_at = kSegmentHeaderBytes,
                       .done_at = kSegmentHeaderBytes,
                       .epoch = epoch_,
                       .is_known = true});
  return {};
}

void SpoolQueue::Seal() {
  if (is_dirty_) {
    // The next Commit speaks for these records too.
    const Status synced = active_->Sync();
    if (!synced) unsynced_ = synced;
  }
  // Gives back what was reserved, and a torn end.
  static_cast<void>(active_->Truncate(segments_.back().size));
  active_.reset();
  is_dirty_ = false;
  RemoveFinished();
}

Status SpoolQueue::Append(ByteView payload, std::uint32_t items, TimeMs made_ms) {
  if (payload.size() > kPayloadBytesMax) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("spool record of {} bytes; at most {} fit", payload.size(), kPayloadBytesMax));
  }
  const std::uint64_t need = RecordBytes(payload.size());
  if (active_ != nullptr && segments_.back().size + need > options_.segment_bytes &&
      segments_.back().size > kSegmentHeaderBytes) {
    Seal();
  }
  if (active_ == nullptr) TICKSCOPE_RETURN_IF_ERROR(StartSegment());
  frame_.clear();
  PutRecordHeader({.number = next_number_, .made_ms = made_ms, .items = items}, payload, frame_);
  static constexpr std::array<std::byte, kAlignment> kZeros{};
  const std::array<ByteView, 3> pieces = {frame_, payload,
                                          ByteView(kZeros).first(need - kRecordHeaderBytes - payload.size())};
  if (const Status appended = active_->Append(pieces); !appended) {
    Seal();
    return appended;
  }
  ++next_number_;
  segments_.back().size += need;
  bytes_ += need;
  is_dirty_ = true;
  return {};
}

Status SpoolQueue::Commit() {
  Status status = std::exchange(unsynced_, Status());
  if (is_dirty_) {
    const Status synced = active_->Sync();
    is_dirty_ = false;
    // A file whose sync failed takes no more.
    if (!synced) Seal();
    if (status && !synced) status = synced;
  }
  if (names_are_dirty_) {
    const Status synced = fs_.SyncDirectory(options_.directory);
    names_are_dirty_ = !synced;
    if (status && !synced) status = synced;
  }
  if (cursor_is_dirty_) {
    const Status saved = SaveCursor();
    cursor_is_dirty_ = !saved;
    if (status && !saved) status = saved;
  }
  return status;
}

SpoolQueue::Segment* SpoolQueue::NextToRead() {
  const auto has_more = [](const Segment& segment) {
    return segment.read_at + kRecordHeaderBytes <= segment.size;
  };
  if (!options_.newest_first) {
    const auto found = std::ranges::find_if(segments_, has_more);
    return found == segments_.end() ? nullptr : &*found;
  }
  const auto found = std::find_if(segments_.rbegin(), segments_.rend(), has_more);
  return found == segments_.rend() ? nullptr : &*found;
}

Result<std::optional<SpoolRecord>> SpoolQueue::ReadFrom(Segment& segment) {
  if (!reader_ || reader_of_ != segment.ordinal) {
    reader_.reset();
    TICKSCOPE_ASSIGN_OR_RETURN(reader_, SegmentReader::Open(fs_, PathOf(segment.ordinal)));
    reader_of_ = segment.ordinal;
  }
  if (!segment.is_known) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::optional<SegmentHeader> header, reader_->Header());
    segment.epoch = header ? header->epoch : 0;
    segment.is_known = true;
    damages_ += header ? 0 : 1;
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const auto record, reader_->Next(segment.read_at, segment.size));
  if (!record) return std::optional<SpoolRecord>();
  damages_ += record->skipped > 0 ? 1 : 0;
  segment.read_at = record->end;
  ++segment.in_flight;
  return SpoolRecord{.epoch = segment.epoch,
                     .number = record->header.number,
                     .made_ms = record->header.made_ms,
                     .items = record->header.items,
                     .payload = std::string(AsText(record->payload)),
                     .segment = segment.ordinal,
                     .end = record->end};
}

Result<std::optional<SpoolRecord>> SpoolQueue::Next() {
  while (Segment* const segment = NextToRead()) {
    auto record = ReadFrom(*segment);
    if (!record && ++segment->read_failures < kReadFailuresMax) {
      reader_.reset();
      return record;
    }
    if (record && *record) {
      segment->read_failures = 0;
      return record;
    }
    // What a crash tore, nothing but damage, or a disk that does not give it back.
    ++damages_;
    segment->read_at = segment->size;
    RemoveFinished();
  }
  return std::optional<SpoolRecord>();
}

void SpoolQueue::Done(const SpoolRecord& record) {
  const auto segment = std::ranges::lower_bound(segments_, record.segment, {}, &Segment::ordinal);
  if (segment == segments_.end() || segment->ordinal != record.segment || segment->in_flight == 0) return;
  segment->done_at = record.end;
  --segment->in_flight;
  cursor_is_dirty_ = true;
  RemoveFinished();
}

Lost SpoolQueue::CountRest(const Segment& segment) const {
  Lost lost;
  Result<SegmentReader> reader = SegmentReader::Open(fs_, PathOf(segment.ordinal));
  std::uint64_t at = segment.done_at;
  while (reader) {
    const auto record = reader->Next(at, segment.size);
    if (!record || !*record) break;
    ++lost.records;
    lost.items += (*record)->header.items;
    at = (*record)->end;
  }
  return lost;
}

std::optional<Lost> SpoolQueue::DropOldest() {
  const auto oldest = std::ranges::find(segments_, 0U, &Segment::in_flight);
  if (oldest == segments_.end()) return std::nullopt;
  const Lost lost = CountRest(*oldest);
  if (IsActive(*oldest)) {
    active_.reset();
    is_dirty_ = false;
  }
  Remove(oldest);
  return lost;
}

void SpoolQueue::RemoveFinished() {
  for (auto segment = segments_.begin(); segment != segments_.end();) {
    const bool is_finished = segment->in_flight == 0 &&
                             segment->read_at + kRecordHeaderBytes > segment->size && !IsActive(*segment);
    if (!is_finished) {
      ++segment;
      continue;
    }
    const auto at = segment - segments_.begin();
    Remove(segment);
    segment = segments_.begin() + at;
  }
}

void SpoolQueue::Remove(std::deque<Segment>::iterator segment) {
  if (reader_of_ == segment->ordinal) reader_.reset();
  // One that stays will be read again after the next start: better twice than not at all.
  if (const Status removed = fs_.Remove(PathOf(segment->ordinal)); !removed) {
    Log(LogLevel::kWarn, "spool segment not removed", {{"error", removed.error().message}});
  }
  names_are_dirty_ = true;
  cursor_is_dirty_ = true;
  bytes_ -= segment->size;
  segments_.erase(segment);
}

Status SpoolQueue::VisitNewest(const std::function<void(ByteView)>& visit) const {
  constexpr std::size_t kNewest = 2;
  for (std::size_t i = segments_.size() - std::min(segments_.size(), kNewest); i < segments_.size(); ++i) {
    TICKSCOPE_ASSIGN_OR_RETURN(SegmentReader reader, SegmentReader::Open(fs_, PathOf(segments_[i].ordinal)));
    for (std::uint64_t at = kSegmentHeaderBytes;;) {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto record, reader.Next(at, segments_[i].size));
      if (!record) break;
      visit(record->payload);
      at = record->end;
    }
  }
  return {};
}

Result<std::uint64_t> SpoolQueue::LastNumber(std::uint64_t epoch) const {
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    TICKSCOPE_ASSIGN_OR_RETURN(SegmentReader reader, SegmentReader::Open(fs_, PathOf(segment->ordinal)));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::optional<SegmentHeader> header, reader.Header());
    if (!header || header->epoch != epoch) continue;
    std::uint64_t last = header->first_number - 1;
    for (std::uint64_t at = kSegmentHeaderBytes;;) {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto record, reader.Next(at, segment->size));
      if (!record) return last;
      last = record->header.number;
      at = record->end;
    }
  }
  return 0;
}

std::uint64_t SpoolQueue::BytesToAppend(std::size_t payload_bytes) const {
  const std::uint64_t record = RecordBytes(payload_bytes);
  if (active_ != nullptr && segments_.back().size + record <= options_.segment_bytes) return 0;
  return std::max(kSegmentHeaderBytes + record, options_.segment_bytes);
}

std::uint64_t SpoolQueue::disk_bytes() const {
  if (active_ == nullptr) return bytes_;
  return bytes_ + options_.segment_bytes - std::min(options_.segment_bytes, segments_.back().size);
}

std::uint64_t SpoolQueue::waiting_bytes() const {
  std::uint64_t bytes = 0;
  for (const Segment& segment : segments_)
    bytes += segment.size - std::min(segment.size, segment.read_at);
  return bytes;
}

}  // namespace tickscope::spool
