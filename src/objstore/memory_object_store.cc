#include "objstore/memory_object_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tickscope::objstore {

std::optional<ObjectFault> MemoryObjectStore::TakeFault(ObjectOperation operation) {
  std::optional<ObjectFault> struck;
  for (ObjectFault& fault : faults_) {
    if (fault.operation != operation || fault.times == 0) continue;
    if (fault.nth > 1) {
      --fault.nth;
      continue;
    }
    if (!struck) struck = fault;
    --fault.times;
  }
  return struck;
}

Result<const std::string*> MemoryObjectStore::Find(ObjectOperation operation, const std::string& name) {
  TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
  if (auto fault = TakeFault(operation)) return std::unexpected(std::move(fault->error));
  const auto found = objects_.find(name);
  if (found == objects_.end()) return Fail(ErrorCode::kNotFound, "no such object: " + name);
  return &found->second;
}

Status MemoryObjectStore::Put(const std::string& name, std::string_view content) {
  TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
  const MutexLock lock(mu_);
  const std::optional<ObjectFault> fault = TakeFault(ObjectOperation::kPut);
  if (!fault || fault->effect == ObjectFault::Effect::kDoneAndDisowned) objects_[name] = content;
  if (fault) return std::unexpected(fault->error);
  return {};
}

Status MemoryObjectStore::PutFile(const std::string& name, io::FileSystem& files, const std::string& path) {
  TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string content, io::ReadWholeFile(files, path, kPutFileBytesMax));
  return Put(name, content);
}

Result<std::string> MemoryObjectStore::Get(const std::string& name, std::uint64_t offset,
                                           std::size_t length) {
  const MutexLock lock(mu_);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string* const content, Find(ObjectOperation::kGet, name));
  return content->substr(std::min<std::uint64_t>(offset, content->size()), length);
}

Result<std::uint64_t> MemoryObjectStore::Size(const std::string& name) {
  const MutexLock lock(mu_);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::string* const content, Find(ObjectOperation::kSize, name));
  return content->size();
}

Result<std::vector<ObjectInfo>> MemoryObjectStore::List(const std::string& prefix) {
  const MutexLock lock(mu_);
  if (auto fault = TakeFault(ObjectOperation::kList)) return std::unexpected(std::move(fault->error));
  std::vector<ObjectInfo> objects;
  for (auto at = objects_.lower_bound(prefix); at != objects_.end() && at->first.starts_with(prefix); ++at) {
    objects.push_back({at->first, at->second.size()});
  }
  return objects;
}

Status MemoryObjectStore::Delete(const std::string& name) {
  TICKSCOPE_RETURN_IF_ERROR(CheckObjectName(name));
  const MutexLock lock(mu_);
  const std::optional<ObjectFault> fault = TakeFault(ObjectOperation::kDelete);
  if (!fault || fault->effect == ObjectFault::Effect::kDoneAndDisowned) objects_.erase(name);
  if (fault) return std::unexpected(fault->error);
  return {};
}

void MemoryObjectStore::Inject(ObjectFault fault) {
  TICKSCOPE_CHECK(fault.nth > 0);
  const MutexLock lock(mu_);
  faults_.push_back(std::move(fault));
}

void MemoryObjectStore::FlipBits(const std::string& name, std::uint64_t offset, std::uint8_t mask) {
  const MutexLock lock(mu_);
  const auto found = objects_.find(name);
  TICKSCOPE_CHECK(found != objects_.end() && offset < found->second.size());
  found->second[offset] = static_cast<char>(found->second[offset] ^ mask);
}

}  // namespace tickscope::objstore
