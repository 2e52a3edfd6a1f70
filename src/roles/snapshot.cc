#include "roles/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "block/block_reader.h"
#include "codec/crc32c.h"
#include "tsdb/manifest.h"
#include "tsdb/segment.h"

namespace tickscope::roles {
namespace {

constexpr std::string_view kListName = "SNAPSHOT";
constexpr std::string_view kFirstLine = "tickscope-snapshot 1";
constexpr std::string_view kNoCrc = "-";
constexpr std::string_view kCrcPrefix = "crc ";
constexpr std::uint64_t kListBytesMax = 256U << 20;
constexpr std::size_t kCopyBytes = 1U << 20;

Status CheckEmpty(io::FileSystem& fs, const std::string& directory) {
  const auto entries = fs.List(directory);
  if (!entries && entries.error().code == ErrorCode::kNotFound) return {};
  TICKSCOPE_RETURN_IF_ERROR(entries);
  if (entries->empty()) return {};
  return Fail(ErrorCode::kFailedPrecondition,
              fmt::format("{} is not empty: got {} and {} more; choose another directory, or move it away",
                          directory, entries->front().name, entries->size() - 1));
}

// Copies the first bytes of a file, as many as it has now, durably but for its name.
Status CopyFile(io::FileSystem& fs, const std::string& from, const std::string& to) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto source, fs.OpenRead(from));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, source->Size());
  TICKSCOPE_ASSIGN_OR_RETURN(const auto target, fs.OpenAppend(to, io::OpenMode::kCreateNew));
  Bytes buffer(kCopyBytes);
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, buffer.size()));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got, source->ReadAt(at, std::span(buffer).first(want)));
    // Cut off meanwhile, as a full disk makes the log do.
    if (got == 0) break;
    const ByteView piece = ByteView(buffer).first(got);
    TICKSCOPE_RETURN_IF_ERROR(target->Append({&piece, 1}));
    at += got;
  }
  return target->Sync();
}

Status LinkOrCopy(io::FileSystem& fs, const std::string& from, const std::string& to) {
  Status linked = fs.Link(from, to);
  if (!linked && linked.error().code == ErrorCode::kUnsupported) return CopyFile(fs, from, to);
  return linked;
}

Result<std::string> CrcOf(io::FileSystem& fs, const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto file, fs.OpenRead(path));
  Bytes buffer(kCopyBytes);
  std::uint32_t crc = 0;
  for (std::uint64_t at = 0;;) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got, file->ReadAt(at, buffer));
    if (got == 0) break;
    crc = codec::Crc32c(ByteView(buffer).first(got), crc);
    at += got;
  }
  return fmt::format("{:08x}", crc);
}

bool ChecksItself(std::string_view name) {
  return name.ends_with(".block") || name.ends_with(".segment") || name.ends_with(".catalog");
}

// The stream's files: closed segments by further names, the newest of a partition as a copy.
Status SnapshotStream(io::FileSystem& fs, const std::string& from, const std::string& to) {
  const auto partitions = fs.List(from);
  if (!partitions && partitions.error().code == ErrorCode::kNotFound) return {};
  TICKSCOPE_RETURN_IF_ERROR(partitions);
  for (const io::DirectoryEntry& partition : *partitions) {
    if (!partition.is_directory) continue;
    const std::string source = from + "/" + partition.name;
    const std::string target = to + "/" + partition.name;
    TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(target));
    TICKSCOPE_ASSIGN_OR_RETURN(auto files, fs.List(source));
    std::erase_if(files, [](const io::DirectoryEntry& file) { return !file.name.ends_with(".log"); });
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string& name = files[i].name;
      TICKSCOPE_RETURN_IF_ERROR(i + 1 < files.size()
                                    ? LinkOrCopy(fs, source + "/" + name, target + "/" + name)
                                    : CopyFile(fs, source + "/" + name, target + "/" + name));
    }
    TICKSCOPE_RETURN_IF_ERROR(fs.SyncDirectory(target));
  }
  return {};
}

Status ListFiles(io::FileSystem& fs, const std::string& root, const std::string& below,
                 std::vector<SnapshotFile>& files) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, fs.List(root + below));
  for (const io::DirectoryEntry& entry : entries) {
    const std::string path = below + "/" + entry.name;
    if (entry.is_directory) {
      TICKSCOPE_RETURN_IF_ERROR(ListFiles(fs, root, path, files));
    } else {
      std::string crc(kNoCrc);
      if (!ChecksItself(entry.name)) {
        TICKSCOPE_ASSIGN_OR_RETURN(crc, CrcOf(fs, root + path));
      }
      files.push_back({path.substr(1), entry.size, std::move(crc)});
    }
  }
  return {};
}

std::string WriteList(const SnapshotSummary& snapshot) {
  std::string text = fmt::format("{}\noffset {}\n", kFirstLine, snapshot.offset);
  for (const SnapshotFile& file : snapshot.files)
    fmt::format_to(std::back_inserter(text), "file {} {} {}\n", file.bytes, file.crc, file.path);
  return text + fmt::format("{}{:08x}\n", kCrcPrefix, codec::Crc32c(AsBytes(text)));
}

// No path may lead out of the snapshot, whoever wrote the list.
bool IsInside(std::string_view path) {
  return !path.empty() && path.front() != '/' && path.find("..") == std::string_view::npos &&
         (path.starts_with("store/") || path.starts_with("stream/"));
}

Result<SnapshotSummary> ParseList(const std::string& path, std::string_view text) {
  const auto damaged = [&path](std::string_view what) {
    return Fail(ErrorCode::kCorruption, fmt::format("{}: {}", path, what));
  };
  const std::size_t crc_at = text.rfind(kCrcPrefix);
  if (crc_at == std::string_view::npos) return damaged("no checksum: the list is cut");
  if (text.substr(crc_at) !=
      fmt::format("{}{:08x}\n", kCrcPrefix, codec::Crc32c(AsBytes(text.substr(0, crc_at)))))
    return damaged("checksum differs");
  text = text.substr(0, crc_at);
  SnapshotSummary snapshot;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line_number == 1) {
      if (line != kFirstLine) return Fail(ErrorCode::kUnsupported, path + ": a snapshot of another version");
      continue;
    }
    const auto number = [](std::string_view digits, std::uint64_t& value) {
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      return error == std::errc() && end == digits.data() + digits.size();
    };
    if (line.starts_with("offset ")) {
      if (!number(line.substr(7), snapshot.offset))
        return damaged(fmt::format("line {}: no offset", line_number));
      continue;
    }
    SnapshotFile file;
    const std::size_t size_end = line.find(' ', 5);
    const std::size_t crc_end = size_end == std::string_view::npos ? size_end : line.find(' ', size_end + 1);
    if (!line.starts_with("file ") || crc_end == std::string_view::npos ||
        !number(line.substr(5, size_end - 5), file.bytes)) {
      return damaged(fmt::format("line {}: no file", line_number));
    }
    file.crc = line.substr(size_end + 1, crc_end - size_end - 1);
    file.path = line.substr(crc_end + 1);
    if (!IsInside(file.path)) return damaged(fmt::format("line {}: a path that leads outside", line_number));
    snapshot.files.push_back(std::move(file));
  }
  return snapshot;
}

Status CheckFile(io::FileSystem& fs, const std::string& path, const SnapshotFile& file) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto open, fs.OpenRead(path));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, open->Size());
  if (size != file.bytes)
    return Fail(ErrorCode::kCorruption, fmt::format("{}: got {} bytes, want {}", path, size, file.bytes));
  if (file.crc != kNoCrc) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string crc, CrcOf(fs, path));
    if (crc != file.crc) return Fail(ErrorCode::kCorruption, fmt::format("{}: checksum differs", path));
    return {};
  }
  if (path.ends_with(".block")) {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto block, block::BlockReader::Open(fs, path));
    return block->Verify({});
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const auto segment, tsdb::SegmentReader::Open(fs, path));
  return segment->CheckPages();
}

// Everything the store's manifest names must be there, or a restored store would begin with holes.
Status CheckComplete(io::FileSystem& fs, const std::string& from, const SnapshotSummary& snapshot) {
  const std::string path = from + "/store/manifest";
  const auto text = io::ReadWholeFile(fs, path, kListBytesMax);
  if (!text) return FailWith(path, text.error());
  const auto manifest = tsdb::ParseManifest(*text);
  if (!manifest) return FailWith(path, manifest.error());
  std::set<std::string> listed;
  for (const SnapshotFile& file : snapshot.files)
    listed.insert(file.path);
  for (const tsdb::ManifestTenant& tenant : manifest->tenants) {
    for (const auto* files : {&tenant.catalogs, &tenant.segments, &tenant.blocks}) {
      for (const auto& file : *files) {
        const std::string name = "store/" + tenant.tenant + "/" + file.name;
        if (!listed.contains(name)) return Fail(ErrorCode::kCorruption, fmt::format("{}: no {}", from, name));
      }
    }
  }
  return {};
}

}  // namespace

std::uint64_t SnapshotSummary::bytes() const {
  std::uint64_t sum = 0;
  for (const SnapshotFile& file : files)
    sum += file.bytes;
  return sum;
}

Result<SnapshotSummary> TakeSnapshot(io::FileSystem& fs, tsdb::Store& store,
                                     const std::string& data_directory, const std::string& to) {
  TICKSCOPE_RETURN_IF_ERROR(CheckEmpty(fs, to));
  SnapshotSummary snapshot;
  TICKSCOPE_ASSIGN_OR_RETURN(snapshot.offset, store.Snapshot(to + "/store", [&] {
    return SnapshotStream(fs, data_directory + "/stream", to + "/stream");
  }));
  for (const char* part : {"/store", "/stream"}) {
    if (fs.List(to + part)) TICKSCOPE_RETURN_IF_ERROR(ListFiles(fs, to, part, snapshot.files));
  }
  TICKSCOPE_RETURN_IF_ERROR(
      io::WriteFileAtomically(fs, fmt::format("{}/{}", to, kListName), WriteList(snapshot)));
  return snapshot;
}

Result<SnapshotSummary> VerifySnapshot(
    io::FileSystem& fs, const std::string& from,
    const std::function<void(const SnapshotFile&, std::size_t index, std::size_t count)>& progress) {
  const std::string list = fmt::format("{}/{}", from, kListName);
  const auto text = io::ReadWholeFile(fs, list, kListBytesMax);
  if (!text) return FailWith(list + " (a directory without it is no whole snapshot)", text.error());
  TICKSCOPE_ASSIGN_OR_RETURN(SnapshotSummary snapshot, ParseList(list, *text));
  TICKSCOPE_RETURN_IF_ERROR(CheckComplete(fs, from, snapshot));
  for (std::size_t i = 0; i < snapshot.files.size(); ++i) {
    const SnapshotFile& file = snapshot.files[i];
    if (progress) progress(file, i, snapshot.files.size());
    const std::string path = from + "/" + file.path;
    if (Status sound = CheckFile(fs, path, file); !sound) {
      // A file that is gone is damage to the snapshot.
      if (sound.error().code == ErrorCode::kNotFound)
        return Fail(ErrorCode::kCorruption, fmt::format("{}: missing", path));
      return std::unexpected(std::move(sound).error());
    }
  }
  return snapshot;
}

Status RestoreSnapshot(io::FileSystem& fs, const std::string& from, const SnapshotSummary& snapshot,
                       const std::string& data_directory) {
  TICKSCOPE_RETURN_IF_ERROR(CheckEmpty(fs, data_directory));
  const std::string half = data_directory + ".restoring";
  TICKSCOPE_RETURN_IF_ERROR(CheckEmpty(fs, half));
  std::set<std::string> directories = {half + "/store", half + "/stream"};
  for (const SnapshotFile& file : snapshot.files)
    directories.insert(io::ParentDirectory(half + "/" + file.path));
  for (const std::string& directory : directories)
    TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(directory));
  for (const SnapshotFile& file : snapshot.files) {
    const std::string source = from + "/" + file.path;
    const std::string target = half + "/" + file.path;
    // The log cuts and goes on from its newest file, so the stream's are never shared.
    TICKSCOPE_RETURN_IF_ERROR(ChecksItself(file.path) ? LinkOrCopy(fs, source, target)
                                                      : CopyFile(fs, source, target));
  }
  for (const std::string& directory : directories)
    TICKSCOPE_RETURN_IF_ERROR(fs.SyncDirectory(directory));
  const auto there = fs.List(data_directory);
  if (there) TICKSCOPE_RETURN_IF_ERROR(fs.Remove(data_directory));
  TICKSCOPE_RETURN_IF_ERROR(fs.Rename(half, data_directory));
  return fs.SyncDirectory(io::ParentDirectory(data_directory));
}

}  // namespace tickscope::roles
