#include "tier/served_here.h"

namespace tickscope::tier {

void ServedHere::Update(const std::vector<HotBlock>& blocks) {
  const MutexLock lock(mu_);
  std::map<TenantId, std::map<std::string, bool>> now;
  for (const HotBlock& block : blocks) {
    const auto tenant = files_.find(block.tenant);
    const bool was_dropped =
        tenant != files_.end() && tenant->second.contains(block.file) && tenant->second.at(block.file);
    now[block.tenant][block.file] = was_dropped;
  }
  files_ = std::move(now);
}

void ServedHere::Drop(const TenantId& tenant, const std::string& file) {
  const MutexLock lock(mu_);
  const auto found = files_.find(tenant);
  if (found == files_.end()) return;
  if (const auto entry = found->second.find(file); entry != found->second.end()) entry->second = true;
}

bool ServedHere::Has(const TenantId& tenant, const std::string& file) const {
  const MutexLock lock(mu_);
  const auto found = files_.find(tenant);
  if (found == files_.end()) return false;
  const auto entry = found->second.find(file);
  return entry != found->second.end() && !entry->second;
}

std::vector<std::string> ServedHere::Files(const TenantId& tenant) const {
  const MutexLock lock(mu_);
  std::vector<std::string> files;
  if (const auto found = files_.find(tenant); found != files_.end()) {
    for (const auto& [file, dropped] : found->second)
      files.push_back(file);
  }
  return files;
}

}  // namespace tickscope::tier
