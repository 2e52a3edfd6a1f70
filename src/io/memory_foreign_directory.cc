#include "io/memory_foreign_directory.h"

#include <algorithm>
#include <utility>

namespace tickscope::io {

class MemoryForeignDirectory::OpenedFile final : public ReadFile {
 public:
  explicit OpenedFile(std::shared_ptr<const File> file) : file_(std::move(file)) {}
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= file_->text.size()) return std::size_t{0};
    const ByteView bytes = AsBytes(file_->text).subspan(offset);
    const std::size_t size = std::min(bytes.size(), out.size());
    std::copy_n(bytes.begin(), size, out.begin());
    return size;
  }
  Result<std::uint64_t> Size() const override { return file_->text.size(); }

 private:
  const std::shared_ptr<const File> file_;
};

class MemoryForeignDirectory::Opened final : public ForeignDirectory {
 public:
  explicit Opened(MemoryForeignDirectory& directory) : directory_(directory) {}
  Result<std::vector<std::string>> Names(std::string_view suffix) override {
    std::vector<std::string> names;
    for (const auto& [name, file] : directory_.files_) {
      if (name.size() > suffix.size() && name.ends_with(suffix)) names.push_back(name);
    }
    return names;
  }
  Result<FileIdentity> Identify(const std::string& name) override {
    const auto found = directory_.files_.find(name);
    if (found == directory_.files_.end()) return Fail(ErrorCode::kNotFound, "no such file: name=" + name);
    return FileIdentity{.device = 1, .inode = found->second->inode};
  }
  Result<ForeignFile> OpenRead(const std::string& name) override {
    TICKSCOPE_ASSIGN_OR_RETURN(const FileIdentity identity, Identify(name));
    const std::shared_ptr<File>& file = directory_.files_.at(name);
    if (file->is_link) return Fail(ErrorCode::kInvalidArgument, "not a plain file: name=" + name);
    return ForeignFile{.file = std::make_unique<OpenedFile>(file), .identity = identity};
  }
  Status Remove(const std::string& name, const FileIdentity& identity) override {
    TICKSCOPE_ASSIGN_OR_RETURN(const FileIdentity now, Identify(name));
    if (now != identity) return Fail(ErrorCode::kNotFound, "another file has the name by now: name=" + name);
    directory_.Remove(name);
    return {};
  }

 private:
  MemoryForeignDirectory& directory_;
};

std::unique_ptr<ForeignDirectory> MemoryForeignDirectory::Open() {
  return std::make_unique<Opened>(*this);
}

void MemoryForeignDirectory::Append(const std::string& name, std::string_view text) {
  std::shared_ptr<File>& file = files_[name];
  if (file == nullptr) {
    file = std::make_shared<File>();
    file->inode = next_inode_++;
  }
  file->text += text;
}

void MemoryForeignDirectory::Rename(const std::string& from, const std::string& to) {
  files_[to] = files_.at(from);
  files_.erase(from);
}

void MemoryForeignDirectory::Remove(const std::string& name) {
  files_.erase(name);
}

void MemoryForeignDirectory::Truncate(const std::string& name) {
  files_.at(name)->text.clear();
}

void MemoryForeignDirectory::Copy(const std::string& from, const std::string& to) {
  const std::string text = files_.at(from)->text;
  Append(to, text);
}

void MemoryForeignDirectory::AddLink(const std::string& name) {
  Append(name, "");
  files_.at(name)->is_link = true;
}

}  // namespace tickscope::io
