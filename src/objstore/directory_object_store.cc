#include "objstore/directory_object_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"

namespace tickscope::objstore {
namespace {

class DirectoryObjectStore final : public ObjectStore {
 public:
  DirectoryObjectStore(io::FileSystem& files, std::string root) : files_(files), root_(std::move(root)) {}

  Status Put(const std::string& name, std::string_view content) override {
    TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
    const std::string path = PathOf(name);
    const std::string directory = io::ParentDirectory(path);
    TICKSCOPE_RETURN_IF_ERROR(files_.CreateDirectories(directory));
    const std::string temporary = directory + "/." + path.substr(directory.size() + 1) + ".tmp";
    TICKSCOPE_RETURN_IF_ERROR(WriteSynced(temporary, content));
    TICKSCOPE_RETURN_IF_ERROR(files_.Rename(temporary, path));
    return files_.SyncDirectory(directory);
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
