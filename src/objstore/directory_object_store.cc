#include "objstore/directory_object_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"

namespace tickscope::objstore {
namespace {

constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

class DirectoryObjectStore final : public ObjectStore {
 public:
  DirectoryObjectStore(io::FileSystem& files, std::string root) : files_(files), root_(std::move(root)) {}

  Status Put(const std::string& name, std::string_view content) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
    TICKSCOPE_ASSIGN_OR_RETURN(const Place place, MakePlace(name));
    TICKSCOPE_RETURN_IF_ERROR(WriteSynced(place.temporary, content));
    return Publish(place);
  }

  Status PutFile(const std::string& name, io::FileSystem& files, const std::string& path) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
    TICKSCOPE_ASSIGN_OR_RETURN(const Place place, MakePlace(name));
    TICKSCOPE_ASSIGN_OR_RETURN(const bool is_linked, TryLink(files, path, place));
    if (!is_linked) {
      TICKSCOPE_RETURN_IF_ERROR(CopySynced(files, path, place.temporary));
      return Publish(place);
    }
    TICKSCOPE_RETURN_IF_ERROR(Publish(place));
    // Renaming one name of a file to another of the same file changes nothing, so the temporary one may still be there.
    if (Status removed = files_.Remove(place.temporary);
        !removed && removed.error().code != ErrorCode::kNotFound) {
      return removed;
    }
    return {};
  }

  Result<std::string> Get(const std::string& name, std::uint64_t offset, std::size_t length) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::ReadFile> file, files_.OpenRead(PathOf(name)));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
    const std::uint64_t available = size - std::min(size, offset);
    std::string content(std::min<std::uint64_t>(available, length), '\0');
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got,
                               file->ReadAt(offset, std::as_writable_bytes(std::span(content))));
    content.resize(got);
    return content;
  }

  Result<std::uint64_t> Size(const std::string& name) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::ReadFile> file, files_.OpenRead(PathOf(name)));
    return file->Size();
  }

  Result<std::vector<ObjectInfo>> List(const std::string& prefix) override {
    // Whole directories of the prefix narrow the walk; the rest of it filters.
    const std::size_t slash = prefix.rfind('/');
    const std::string directory = slash == std::string::npos ? "" : prefix.substr(0, slash);
    if (!directory.empty()) TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(directory));
    std::vector<ObjectInfo> objects;
    TICKSCOPE_RETURN_IF_ERROR(Collect(directory, prefix, objects));
    std::ranges::sort(objects, {}, &ObjectInfo::name);
    return objects;
  }

  Status Delete(const std::string& name) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
    const std::string path = PathOf(name);
    if (Status removed = files_.Remove(path); !removed) {
      if (removed.error().code == ErrorCode::kNotFound) return {};
      return removed;
    }
    return files_.SyncDirectory(io::ParentDirectory(path));
  }

 private:
  // Where an object goes, and where it is until it is whole.
  struct Place {
    std::string path;
    std::string directory;
    std::string temporary;
  };

  Result<Place> MakePlace(std::string_view name) {
    Place place;
    place.path = PathOf(name);
    place.directory = io::ParentDirectory(place.path);
    place.temporary = place.directory + "/." + place.path.substr(place.directory.size() + 1) + ".tmp";
    TICKSCOPE_RETURN_IF_ERROR(files_.CreateDirectories(place.directory));
    return place;
  }

  Status Publish(const Place& place) {
    TICKSCOPE_RETURN_IF_ERROR(files_.Rename(place.temporary, place.path));
    return files_.SyncDirectory(place.directory);
  }

  // False when the file is on another disk or in another file system, and has to be copied.
  Result<bool> TryLink(io::FileSystem& files, const std::string& path, const Place& place) {
    if (&files != &files_) return false;
    {
      // The object is durable whether or not the file was. A file that is not ours to sync is copied.
      const auto file = files_.OpenAppend(path, io::OpenMode::kOpenExisting);
      if (!file && file.error().code == ErrorCode::kPermissionDenied) return false;
      if (!file) return std::unexpected(file.error());
      TICKSCOPE_RETURN_IF_ERROR((*file)->Sync());
    }
    if (Status removed = files_.Remove(place.temporary);
        !removed && removed.error().code != ErrorCode::kNotFound) {
      return std::unexpected(removed.error());
    }
    const Status linked = files_.Link(path, place.temporary);
    if (linked) return true;
    if (linked.error().code == ErrorCode::kUnsupported ||
        linked.error().code == ErrorCode::kPermissionDenied) {
      return false;
    }
    return std::unexpected(linked.error());
  }

  Status CopySynced(io::FileSystem& files, const std::string& from, const std::string& to) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::ReadFile> source, files.OpenRead(from));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::AppendFile> target,
                               files_.OpenAppend(to, io::OpenMode::kTruncate));
    Bytes buffer(kCopyBytes);
    for (std::uint64_t offset = 0;;) {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got, source->ReadAt(offset, buffer));
      if (got == 0) return target->Sync();
      const std::array<ByteView, 1> pieces = {ByteView(buffer).first(got)};
      TICKSCOPE_RETURN_IF_ERROR(target->Append(pieces));
      offset += got;
    }
  }

  [[nodiscard]] std::string PathOf(std::string_view name) const {
    std::string path = root_;
    return path.append("/").append(name);
  }

  Status WriteSynced(const std::string& path, std::string_view content) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<io::AppendFile> file,
                               files_.OpenAppend(path, io::OpenMode::kTruncate));
    const std::array<ByteView, 1> pieces = {AsBytes(content)};
    TICKSCOPE_RETURN_IF_ERROR(file->Append(pieces));
    return file->Sync();
  }

  // Adds the objects at and below `directory`, a name relative to the root, that start with `prefix`.
  Status Collect(const std::string& directory, const std::string& prefix, std::vector<ObjectInfo>& objects) {
    const auto entries = files_.List(directory.empty() ? root_ : PathOf(directory));
    if (!entries) {
      if (entries.error().code == ErrorCode::kNotFound) return {};
      return std::unexpected(entries.error());
    }
    for (const io::DirectoryEntry& entry : *entries) {
      if (entry.name.starts_with('.')) continue;
      std::string name = directory;
      if (!name.empty()) name += '/';
      name += entry.name;
      if (entry.is_directory) {
        TICKSCOPE_RETURN_IF_ERROR(Collect(name, prefix, objects));
      } else if (name.starts_with(prefix)) {
        objects.push_back({std::move(name), entry.size});
      }
    }
    return {};
  }

  io::FileSystem& files_;
  const std::string root_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenDirectoryObjectStore(io::FileSystem& files, std::string root) {
  TICKSCOPE_RETURN_IF_ERROR(files.CreateDirectories(root));
  return std::make_unique<DirectoryObjectStore>(files, std::move(root));
}

}  // namespace tickscope::objstore
