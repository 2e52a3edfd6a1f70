#include "sql/part_files.h"

#include <fmt/format.h>

#include "cold/cold_catalog.h"

namespace tickscope::sql {
namespace {

class PathFile final : public PartFile {
 public:
  explicit PathFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const override { return path_; }

 private:
  const std::string path_;
};

class DirectoryPartFiles final : public PartFiles {
 public:
  explicit DirectoryPartFiles(std::string root) : root_(std::move(root)) {}
  Result<std::shared_ptr<const PartFile>> Acquire(const cold::ColdPart& part) override {
    return std::make_shared<PathFile>(root_ + "/" + part.name);
  }

 private:
  const std::string root_;
};

}  // namespace

std::unique_ptr<PartFiles> MakeDirectoryPartFiles(std::string root) {
  return std::make_unique<DirectoryPartFiles>(std::move(root));
}

class CachedPartFiles::Lease final : public PartFile {
 public:
  Lease(CachedPartFiles& files, std::string name)
      : files_(files), name_(std::move(name)), path_(files_.directory_ + "/" + name_) {}
  ~Lease() override { files_.Release(name_); }
  const std::string& path() const override { return path_; }

 private:
  CachedPartFiles& files_;
  const std::string name_;
  const std::string path_;
};

Result<std::unique_ptr<CachedPartFiles>> CachedPartFiles::Open(objstore::ObjectStore& store,
                                                               io::FileSystem& fs, std::string directory,
                                                               std::uint64_t bytes_max) {
  TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(directory));
  std::unique_ptr<CachedPartFiles> files(new CachedPartFiles(store, fs, std::move(directory), bytes_max));
  TICKSCOPE_RETURN_IF_ERROR(files->TakeOver(""));
  const MutexLock lock(files->mu_);
  TICKSCOPE_RETURN_IF_ERROR(files->MakeRoom(0));
  return files;
}

Status CachedPartFiles::TakeOver(const std::string& below) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto found,
                             fs_.List(below.empty() ? directory_ : directory_ + "/" + below));
  for (const io::DirectoryEntry& entry : found) {
    const std::string name = below.empty() ? entry.name : below + "/" + entry.name;
    if (entry.is_directory) {
      TICKSCOPE_RETURN_IF_ERROR(TakeOver(name));
    } else if (cold::ParsePartName(name)) {
      const MutexLock lock(mu_);
      entries_[name] = {.bytes = entry.size};
      bytes_ += entry.size;
    } else {
      // What a crash left of a fetch.
      TICKSCOPE_RETURN_IF_ERROR(fs_.Remove(directory_ + "/" + name));
    }
  }
  return {};
}

Status CachedPartFiles::MakeRoom(std::uint64_t bytes) {
  while (bytes_ + bytes > bytes_max_) {
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->second.holders > 0) continue;
      if (oldest == entries_.end() || it->second.used_at < oldest->second.used_at) oldest = it;
    }
    if (oldest == entries_.end()) {
      return Fail(
          ErrorCode::kResourceExhausted,
          fmt::format("the query needs more parts of the cold tier than fit the cache of {} bytes: ask for "
                      "fewer days or metrics, or raise the limit",
                      bytes_max_));
    }
    TICKSCOPE_RETURN_IF_ERROR(fs_.Remove(directory_ + "/" + oldest->first));
    bytes_ -= oldest->second.bytes;
    entries_.erase(oldest);
  }
  return {};
}

Result<std::shared_ptr<const PartFile>> CachedPartFiles::Acquire(const cold::ColdPart& part) {
  // The name comes out of a manifest.
  TICKSCOPE_RETURN_IF_ERROR(objstore::CheckObjectName(part.name));
  {
    const MutexLock lock(mu_);
    const auto found = entries_.find(part.name);
    if (found != entries_.end() && found->second.bytes == part.bytes) {
      found->second.used_at = ++turn_;
      ++found->second.holders;
      return std::make_shared<Lease>(*this, part.name);
    }
    TICKSCOPE_RETURN_IF_ERROR(MakeRoom(part.bytes));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string content, cold::LoadPart(store_, part));
  const std::string path = directory_ + "/" + part.name;
  TICKSCOPE_RETURN_IF_ERROR(fs_.CreateDirectories(io::ParentDirectory(path)));
  const MutexLock lock(mu_);
  Entry& entry = entries_[part.name];
  if (entry.bytes != part.bytes || entry.holders == 0) {
    TICKSCOPE_RETURN_IF_ERROR(io::WriteFileAtomically(fs_, path, content));
    bytes_ += part.bytes - entry.bytes;
    entry.bytes = part.bytes;
  }
  entry.used_at = ++turn_;
  ++entry.holders;
  return std::make_shared<Lease>(*this, part.name);
}

void CachedPartFiles::Release(const std::string& name) {
  const MutexLock lock(mu_);
  if (const auto found = entries_.find(name); found != entries_.end() && found->second.holders > 0)
    --found->second.holders;
}

std::uint64_t CachedPartFiles::bytes() const {
  const MutexLock lock(mu_);
  return bytes_;
}

}  // namespace tickscope::sql
