#include "aggregate/journal.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"

namespace tickscope::aggregate {
namespace {

constexpr std::string_view kMagic = "TSAGGS01";
constexpr std::string_view kSnapshotName = "snapshot";
constexpr std::string_view kJournalPrefix = "journal-";
constexpr std::size_t kRecordHeaderBytes = 8;
constexpr std::size_t kSnapshotFrameBytes = 8 + sizeof(std::uint64_t) + sizeof(std::uint32_t);
// Bounds what a start reads into memory. A series is about 100 bytes of state.
constexpr std::uint64_t kFileBytesMax = 1ULL << 30U;

}  // namespace

std::string Journal::PathOf(std::uint64_t generation) const {
  return fmt::format("{}/{}{:020}", directory_, kJournalPrefix, generation);
}

Result<std::unique_ptr<Journal>> Journal::Open(io::FileSystem& fs, std::string directory, Loaded& loaded) {
  auto journal = std::unique_ptr<Journal>(new Journal(fs, std::move(directory)));
  TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(journal->directory_));
  TICKSCOPE_ASSIGN_OR_RETURN(journal->lock_, fs.LockDirectory(journal->directory_));
  TICKSCOPE_RETURN_IF_ERROR(journal->LoadSnapshot(loaded.snapshot));
  TICKSCOPE_RETURN_IF_ERROR(journal->LoadRecords(loaded));
  journal->RemoveOthers();
  return journal;
}

Status Journal::SetAside(io::FileSystem& fs, const std::string& directory) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, fs.List(directory));
  for (const io::DirectoryEntry& entry : entries) {
    if (entry.name != kSnapshotName && !entry.name.starts_with(kJournalPrefix)) continue;
    const std::string path = directory + "/" + entry.name;
    TICKSCOPE_RETURN_IF_ERROR(fs.Rename(path, directory + "/damaged-" + entry.name));
  }
  return fs.SyncDirectory(directory);
}

Status Journal::LoadSnapshot(std::string& state) {
  const std::string path = directory_ + "/" + std::string(kSnapshotName);
  Result<std::string> read = io::ReadWholeFile(fs_, path, kFileBytesMax);
  if (!read && read.error().code == ErrorCode::kNotFound) return {};
  if (!read) return std::unexpected(read.error());
  const ByteView bytes = AsBytes(*read);
  const auto is_whole = [&] {
    if (bytes.size() < kSnapshotFrameBytes || !read->starts_with(kMagic)) return false;
    const ByteView checked = bytes.first(bytes.size() - sizeof(std::uint32_t));
    return codec::Crc32c(checked) == codec::LoadFixed<std::uint32_t>(checked.data() + checked.size());
  };
  if (!is_whole()) return Fail(ErrorCode::kCorruption, "aggregation state: snapshot is damaged: " + path);
  generation_ = codec::LoadFixed<std::uint64_t>(bytes.data() + kMagic.size());
  state = read->substr(kMagic.size() + sizeof(std::uint64_t), bytes.size() - kSnapshotFrameBytes);
  snapshot_bytes_ = bytes.size();
  return {};
}

Status Journal::LoadRecords(Loaded& loaded) {
  const Result<std::string> read = io::ReadWholeFile(fs_, PathOf(generation_), kFileBytesMax);
  if (!read && read.error().code == ErrorCode::kNotFound) return StartFile();
  if (!read) return std::unexpected(read.error());
  const ByteView bytes = AsBytes(*read);
  std::size_t at = 0;
  while (bytes.size() - at >= kRecordHeaderBytes) {
    const auto size = codec::LoadFixed<std::uint32_t>(bytes.data() + at);
    const auto crc = codec::LoadFixed<std::uint32_t>(bytes.data() + at + sizeof(std::uint32_t));
    if (size == 0 || size > bytes.size() - at - kRecordHeaderBytes) break;
    const ByteView payload = bytes.subspan(at + kRecordHeaderBytes, size);
    if (codec::Crc32c(payload) != crc) break;
    loaded.records.emplace_back(AsText(payload));
    at += kRecordHeaderBytes + size;
  }
  loaded.torn_bytes = bytes.size() - at;
  bytes_ = at;
  TICKSCOPE_ASSIGN_OR_RETURN(file_, fs_.OpenAppend(PathOf(generation_), io::OpenMode::kOpenExisting));
  return file_->Truncate(at);
}

Status Journal::StartFile() {
  TICKSCOPE_ASSIGN_OR_RETURN(file_, fs_.OpenAppend(PathOf(generation_), io::OpenMode::kTruncate));
  bytes_ = 0;
  is_dirty_ = false;
  return fs_.SyncDirectory(directory_);
}

void Journal::RemoveOthers() {
  const auto entries = fs_.List(directory_);
  if (!entries) return;
  for (const io::DirectoryEntry& entry : *entries) {
    const std::string path = directory_ + "/" + entry.name;
    if (!entry.name.starts_with(kJournalPrefix) || path == PathOf(generation_)) continue;
    // What stays is taken away at the next start.
    if (const Status removed = fs_.Remove(path); !removed)
      Log(LogLevel::kWarn, "old journal not removed", {{"error", removed.error().message}});
  }
}

Status Journal::Append(ByteView payload) {
  if (file_ == nullptr) return Fail(ErrorCode::kUnavailable, "aggregation journal: broken since an error");
  Bytes header;
  codec::PutFixed(static_cast<std::uint32_t>(payload.size()), header);
  codec::PutFixed(codec::Crc32c(payload), header);
  const std::array<ByteView, 2> pieces = {header, payload};
  const Status appended = file_->Append(pieces);
  if (!appended) {
    // Its torn end would hide what comes behind it.
    file_.reset();
    return appended;
  }
  bytes_ += kRecordHeaderBytes + payload.size();
  is_dirty_ = true;
  return {};
}

Status Journal::Sync() {
  if (file_ == nullptr) return Fail(ErrorCode::kUnavailable, "aggregation journal: broken since an error");
  if (!is_dirty_) return {};
  const Status synced = file_->Sync();
  if (!synced) file_.reset();
  is_dirty_ = !synced;
  return synced;
}

Status Journal::Replace(ByteView snapshot) {
  Bytes out;
  out.reserve(kSnapshotFrameBytes + snapshot.size());
  AppendBytes(AsBytes(kMagic), out);
  codec::PutFixed(generation_ + 1, out);
  AppendBytes(snapshot, out);
  codec::PutFixed(codec::Crc32c(out), out);
  TICKSCOPE_RETURN_IF_ERROR(
      io::WriteFileAtomically(fs_, directory_ + "/" + std::string(kSnapshotName), AsText(out)));
  // From here on the old journal says nothing.
  file_.reset();
  ++generation_;
  snapshot_bytes_ = out.size();
  TICKSCOPE_RETURN_IF_ERROR(StartFile());
  RemoveOthers();
  return {};
}

}  // namespace tickscope::aggregate
