// MovedBlocks: the blocks that count in an object store, for commands that read them all.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "io/file_system.h"
#include "objstore/object_cache.h"
#include "roles/store_argument.h"
#include "tier/catalogue.h"
#include "tier/object_block_opener.h"

namespace tickscope::roles {

/// Not thread-safe.
class MovedBlocks {
 public:
  /// Lists the store. What is read of a bucket lies in `cache_directory` meanwhile. Everything given outlives this.
  [[nodiscard]] static Result<std::unique_ptr<MovedBlocks>> Open(io::FileSystem& fs, const OpenedStore& store,
                                                                 const std::string& cache_directory);

  using Sink = std::function<Status(const TenantId& tenant, const tier::ListedBlock& listed,
                                    const tier::BlockPtr& block)>;
  /// Blocks of one tier; of all tenants for an empty name. Ends with the sink's first error.
  [[nodiscard]] Status ForEach(tier::Tier tier, const TenantId& tenant, const Sink& sink);
  /// A tenant's deletes that blocks may still hold samples of.
  [[nodiscard]] std::vector<tier::Tombstone> Deletes(const TenantId& tenant) const {
    return catalogue_->Tenant(tenant)->tombstones;
  }

 private:
  MovedBlocks() = default;

  MetricRegistry metrics_;
  std::unique_ptr<objstore::ObjectCache> cache_;
  std::unique_ptr<tier::BlockOpener> opener_;
  std::unique_ptr<tier::OpenBlocks> blocks_;
  std::unique_ptr<tier::Catalogue> catalogue_;
};

}  // namespace tickscope::roles
