#include "io/file_system.h"

#include <array>

namespace tickscope::io {

std::string ParentDirectory(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

Result<std::string> ReadWholeFile(FileSystem& fs, const std::string& path, std::uint64_t bytes_max) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<ReadFile> file, fs.OpenRead(path));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  if (size > bytes_max) {
    return Fail(ErrorCode::kOutOfRange, "file too large: path=" + path + " bytes=" + std::to_string(size) +
                                            " bytes_max=" + std::to_string(bytes_max));
  }
  std::string content(size, '\0');
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got,
                             file->ReadAt(0, std::as_writable_bytes(std::span(content))));
  content.resize(got);
  return content;
}

Status WriteFileAtomically(FileSystem& fs, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  const auto write_temporary = [&]() -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> file,
                               fs.OpenAppend(temporary, OpenMode::kTruncate));
    const std::array<ByteView, 1> pieces = {AsBytes(content)};
    TICKSCOPE_RETURN_IF_ERROR(file->Append(pieces));
    return file->Sync();
  };
  if (Status written = write_temporary(); !written) {
    // The first error is the one to report; a temporary left behind is replaced by the next attempt.
    static_cast<void>(fs.Remove(temporary));
    return written;
  }
  TICKSCOPE_RETURN_IF_ERROR(fs.Rename(temporary, path));
  return fs.SyncDirectory(ParentDirectory(path));
}

}  // namespace tickscope::io
