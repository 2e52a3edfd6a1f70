#include "io/read_only_file_system.h"

namespace tickscope::io {
namespace {

std::unexpected<Error> Refuse(const std::string& path) {
  return Fail(ErrorCode::kPermissionDenied, "opened for reading only: path=" + path);
}

class ReadOnlyFileSystem final : public FileSystem {
 public:
  explicit ReadOnlyFileSystem(FileSystem& behind) : behind_(behind) {}

  Result<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path, OpenMode) override {
    return Refuse(path);
  }
  Result<std::unique_ptr<ReadFile>> OpenRead(const std::string& path) override {
    return behind_.OpenRead(path);
  }
  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) override { return behind_.Map(path); }
  Result<std::unique_ptr<SparseFile>> CreateSparse(const std::string& path, std::uint64_t) override {
    return Refuse(path);
  }
  Status CreateDirectories(const std::string& path) override {
    const auto there = behind_.List(path);
    if (!there) return std::unexpected(there.error());
    return {};
  }
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    return behind_.List(directory);
  }
  Status Rename(const std::string&, const std::string&) override { return {}; }
  Status Link(const std::string& from, const std::string&) override { return Refuse(from); }
  Status Remove(const std::string&) override { return {}; }
  Status SyncDirectory(const std::string&) override { return {}; }
  Result<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& directory) override {
    return Refuse(directory);
  }
  Result<std::uint64_t> FreeBytes(const std::string& directory) override {
    return behind_.FreeBytes(directory);
  }

 private:
  FileSystem& behind_;
};

}  // namespace

std::unique_ptr<FileSystem> MakeReadOnlyFileSystem(FileSystem& behind) {
  return std::make_unique<ReadOnlyFileSystem>(behind);
}

}  // namespace tickscope::io
