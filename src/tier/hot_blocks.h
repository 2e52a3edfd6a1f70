// HotBlocks: the blocks a store holds on its own disk, as the tier's worker sees them.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "model/tenant.h"

namespace tickscope::tier {

struct HotBlock {
  TenantId tenant;
  std::string file;  ///< A block name.
  std::string path;
};

/// Thread-safe.
class HotBlocks {
 public:
  virtual ~HotBlocks() = default;
  /// Blocks that queries of the store see now, in order of making.
  [[nodiscard]] virtual std::vector<HotBlock> Blocks() const = 0;
  /// The tier has them: the store may let go of its files. *Durable* when it returns.
  [[nodiscard]] virtual Status Release(const TenantId& tenant, const std::vector<std::string>& files) = 0;
};

}  // namespace tickscope::tier
