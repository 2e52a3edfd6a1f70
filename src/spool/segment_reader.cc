#include "spool/segment_reader.h"

#include <algorithm>

namespace tickscope::spool {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;

}  // namespace

Result<SegmentReader> SegmentReader::Open(io::FileSystem& fs, const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs.OpenRead(path));
  return SegmentReader(std::move(file));
}

Result<ByteView> SegmentReader::View(std::uint64_t at, std::size_t size) {
  if (at < buffer_at_ || at + size > buffer_at_ + buffer_.size()) {
    buffer_.resize(std::max(size, kReadBytes));
    buffer_at_ = at;
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got, file_->ReadAt(at, buffer_));
    buffer_.resize(got);
    // One large record is no reason to keep its room.
    if (size <= kReadBytes && buffer_.capacity() > 2 * kReadBytes) buffer_.shrink_to_fit();
  }
  const std::size_t begin = at - buffer_at_;
  return ByteView(buffer_).subspan(begin, std::min(size, buffer_.size() - begin));
}

Result<std::optional<SegmentHeader>> SegmentReader::Header() {
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteView bytes, View(0, kSegmentHeaderBytes));
  return ReadSegmentHeader(bytes);
}

Result<std::optional<SegmentReader::Record>> SegmentReader::Next(std::uint64_t from, std::uint64_t end) {
  const std::uint64_t first = std::max<std::uint64_t>(from, kSegmentHeaderBytes);
  for (std::uint64_t at = first; at + kRecordHeaderBytes <= end; at += kAlignment) {
    TICKSCOPE_ASSIGN_OR_RETURN(const ByteView header, View(at, kRecordHeaderBytes));
    if (header.size() < kRecordHeaderBytes) break;
    const std::optional<RecordHeader> claim = ReadRecordClaim(header);
    if (!claim || at + kRecordHeaderBytes + claim->payload_bytes > end) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(const ByteView whole, View(at, kRecordHeaderBytes + claim->payload_bytes));
    if (!CheckRecord(*claim, whole)) continue;
    return Record{*claim, whole.subspan(kRecordHeaderBytes), at + RecordBytes(claim->payload_bytes),
                  at - first};
  }
  return std::optional<Record>();
}

}  // namespace tickscope::spool
