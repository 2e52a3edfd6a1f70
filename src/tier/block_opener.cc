#include "tier/block_opener.h"

namespace tickscope::tier {

Result<BlockPtr> OpenBlocks::Open(const std::string& object_name, std::uint64_t size) {
  {
    const MutexLock lock(mu_);
    if (const auto found = by_name_.find(object_name); found != by_name_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->block;
    }
  }
  TICKSCOPE_ASSIGN_OR_RETURN(BlockPtr block, opener_.Open(object_name, size));
  const MutexLock lock(mu_);
  if (by_name_.contains(object_name)) return block;
  entries_.push_front({object_name, block});
  by_name_[object_name] = entries_.begin();
  if (entries_.size() > blocks_max_) {
    by_name_.erase(entries_.back().name);
    entries_.pop_back();
  }
  return block;
}

BlockPtr OpenBlocks::Held(const std::string& object_name) const {
  const MutexLock lock(mu_);
  const auto found = by_name_.find(object_name);
  return found == by_name_.end() ? nullptr : found->second->block;
}

void OpenBlocks::Forget(const std::string& object_name) {
  const MutexLock lock(mu_);
  const auto found = by_name_.find(object_name);
  if (found == by_name_.end()) return;
  entries_.erase(found->second);
  by_name_.erase(found);
}

void OpenBlocks::ForgetIdle() {
  // Blocks end after the lock is given back.
  std::list<Entry> idle;
  const MutexLock lock(mu_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->block.use_count() == 1) {
      by_name_.erase(entry->name);
      idle.splice(idle.end(), entries_, entry);
    }
    entry = next;
  }
}

}  // namespace tickscope::tier
