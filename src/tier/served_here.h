// ServedHere: blocks that the store on this machine still serves, so that a query does not read them twice.
//
// A block is handed over in two steps: first the tier serves it too (Drop here; what both give is the same and counts once),
// and only a round later the store lets go of its file. A query in between sees it at least once.
//
// Threads   Thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "tier/hot_blocks.h"

namespace tickscope::tier {

class ServedHere {
 public:
  /// Blocks made since the last call are served here; those that are gone are not.
  void Update(const std::vector<HotBlock>& blocks) TICKSCOPE_EXCLUDES(mu_);
  /// From now on the tier serves it.
  void Drop(const TenantId& tenant, const std::string& file) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] bool Has(const TenantId& tenant, const std::string& file) const TICKSCOPE_EXCLUDES(mu_);
  /// All of a tenant's, dropped ones included.
  [[nodiscard]] std::vector<std::string> Files(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);

 private:
  mutable Mutex mu_;
  std::map<TenantId, std::map<std::string, bool>> files_ TICKSCOPE_GUARDED_BY(mu_);  // True once dropped.
};

}  // namespace tickscope::tier
