#include "objstore/transfer.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>

#include "base/bytes.h"

namespace tickscope::objstore {
namespace {

std::unexpected<Error> Differs(const std::string& name, std::string_view what, std::uint64_t got,
                               std::uint64_t want) {
  std::string message = "object is not what was stored: object=" + name;
  message.append(" ").append(what).append(": got=").append(std::to_string(got));
  message.append(" want=").append(std::to_string(want));
  return Fail(ErrorCode::kCorruption, std::move(message));
}

// Where content of a known size comes from: at most `length` bytes at an offset, valid until the next call.
using Source = std::function<Result<std::string_view>(std::uint64_t offset, std::size_t length)>;

Status Compare(ObjectStore& store, const std::string& name, std::uint64_t size, const Source& source) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t stored, store.Size(name));
  if (stored != size) return Differs(name, "bytes", stored, size);
  for (std::uint64_t offset = 0; offset < size;) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kTransferBytes, size - offset));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string got, store.Get(name, offset, length));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string_view want, source(offset, length));
    if (got.size() != want.size()) return Differs(name, "bytes", offset + got.size(), size);
    const auto place = std::ranges::mismatch(got, want).in1;
    if (place != got.end()) {
      return Fail(ErrorCode::kCorruption,
                  "object is not what was stored: object=" + name +
                      " offset=" + std::to_string(offset + static_cast<std::uint64_t>(place - got.begin())));
    }
    offset += length;
  }
  return {};
}

// Sends what is not there yet and checks what then is.
Status PutAndCompare(const std::function<Status()>& put, const std::function<Status()>& compare) {
  const Status is_there = compare();
  if (is_there) return {};
  // What cannot be read now may be readable when it was sent anew; if not, the comparison below tells.
  TICKSCOPE_RETURN_IF_ERROR(put());
  return compare();
}

Source FileSource(const io::ReadFile& file, std::string& buffer) {
  return [&file, &buffer](std::uint64_t offset, std::size_t length) -> Result<std::string_view> {
    buffer.resize(length);
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got,
                               file.ReadAt(offset, std::as_writable_bytes(std::span(buffer))));
    return std::string_view(buffer).substr(0, got);
  };
}

}  // namespace

Status CompareWithFile(ObjectStore& store, const std::string& name, io::FileSystem& files,
                       const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::ReadFile> file, files.OpenRead(path));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  std::string buffer;
  return Compare(store, name, size, FileSource(*file, buffer));
}

Status PutVerified(ObjectStore& store, const std::string& name, std::string_view content) {
  return PutAndCompare([&] { return store.Put(name, content); },
                       [&] {
                         return Compare(
                             store, name, content.size(),
                             [&](std::uint64_t offset, std::size_t length) -> Result<std::string_view> {
                               return content.substr(offset, length);
                             });
                       });
}

Status PutFileVerified(ObjectStore& store, const std::string& name, io::FileSystem& files,
                       const std::string& path) {
  return PutAndCompare([&] { return store.PutFile(name, files, path); },
                       [&] { return CompareWithFile(store, name, files, path); });
}

Status FetchToFile(ObjectStore& store, const std::string& name, io::FileSystem& files,
                   const std::string& path, std::uint64_t bytes_max) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, store.Size(name));
  if (size > bytes_max) {
    return Fail(ErrorCode::kOutOfRange, "object is too large: object=" + name + " bytes=" +
                                            std::to_string(size) + " bytes_max=" + std::to_string(bytes_max));
  }
  const std::string temporary = path + ".tmp";
  const auto fetch = [&]() -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::AppendFile> file,
                               files.OpenAppend(temporary, io::OpenMode::kTruncate));
    for (std::uint64_t offset = 0; offset < size;) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kTransferBytes, size - offset));
      TICKSCOPE_ASSIGN_OR_RETURN(const std::string got, store.Get(name, offset, length));
      if (got.size() != length) {
        return Fail(ErrorCode::kUnavailable,
                    "object came short: object=" + name + " offset=" + std::to_string(offset + got.size()));
      }
      const std::array<ByteView, 1> pieces = {AsBytes(got)};
      TICKSCOPE_RETURN_IF_ERROR(file->Append(pieces));
      offset += length;
    }
    return file->Sync();
  };
  if (Status fetched = fetch(); !fetched) {
    // The first error is the one to report; a temporary left behind is replaced by the next attempt.
    static_cast<void>(files.Remove(temporary));
    return fetched;
  }
  TICKSCOPE_RETURN_IF_ERROR(files.Rename(temporary, path));
  return files.SyncDirectory(io::ParentDirectory(path));
}

}  // namespace tickscope::objstore
