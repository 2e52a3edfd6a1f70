#include "stream/log_follower.h"

#include <algorithm>
#include <utility>

namespace tickscope::stream {

Result<std::vector<SegmentName>> LogFollower::Segments() const {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<io::DirectoryEntry> entries, fs_.List(directory_));
  std::vector<SegmentName> names;
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto name = ParseSegmentName(entry.name); name && !entry.is_directory) names.push_back(*name);
  }
  std::ranges::sort(names, {},
                    [](const SegmentName& name) { return std::pair(name.first_offset, name.epoch); });
  return names;
}

void LogFollower::Seek(Offset offset) {
  next_ = offset;
  file_.reset();
  reader_.reset();
}

Result<bool> LogFollower::OpenSegment() {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<SegmentName> names, Segments());
  // The last one that begins at or before next_; where several begin there, all but the last are empty.
  const auto after = std::ranges::upper_bound(names, next_, {}, &SegmentName::first_offset);
  auto wanted = after == names.begin() ? names.begin() : std::prev(after);
  if (wanted == names.end()) return false;
  const auto is_open = [&](const SegmentName& name) {
    return file_ != nullptr && name.first_offset == segment_.first_offset && name.epoch == segment_.epoch;
  };
  // What is open has ended: the next one, should there be any.
  if (is_open(*wanted)) {
    if (++wanted == names.end()) return false;
    // It may have grown between its end and the look at the next one: once more, before what is missing is taken for damage.
    if (next_ < wanted->first_offset && !std::exchange(is_end_checked_, true)) {
      reader_.emplace(*file_, position_, next_);
      return true;
    }
  }
  auto file = fs_.OpenRead(directory_ + "/" + FormatSegmentName(*wanted));
  if (!file) {
    // Removed since it was listed: the next look finds another.
    if (file.error().code == ErrorCode::kNotFound) return false;
    return std::unexpected(std::move(file).error());
  }
  file_ = *std::move(file);
  segment_ = *wanted;
  position_ = kSegmentHeaderBytes;
  is_end_checked_ = false;
  reader_.emplace(*file_, position_, segment_.first_offset);
  return true;
}

Result<bool> LogFollower::Next(Record& record) {
  while (true) {
    if (!reader_) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool opened, OpenSegment());
      if (!opened) return false;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const SegmentReader::Outcome outcome, reader_->Next());
    if (outcome == SegmentReader::Outcome::kEnd || outcome == SegmentReader::Outcome::kTorn) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool opened, OpenSegment());
      if (opened) continue;
      // A writer may be about to write the rest: it is looked at anew.
      reader_.emplace(*file_, position_, next_);
      return false;
    }
    position_ = reader_->position();
    const Frame& frame = reader_->frame();
    if (frame.offset < next_) continue;
    next_ = frame.offset + 1;
    record.offset = frame.offset;
    record.epoch = segment_.epoch;
    record.payload.assign(frame.payload.begin(), frame.payload.end());
    return true;
  }
}

}  // namespace tickscope::stream
