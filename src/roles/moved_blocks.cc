#include "roles/moved_blocks.h"

#include "roles/tier_process.h"

namespace tickscope::roles {

Result<std::unique_ptr<MovedBlocks>> MovedBlocks::Open(io::FileSystem& fs, const OpenedStore& store,
                                                       const std::string& cache_directory) {
  std::unique_ptr<MovedBlocks> moved(new MovedBlocks());
  if (store.directory.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        moved->cache_,
        objstore::ObjectCache::Create(*store.store, fs, {.directory = cache_directory}, moved->metrics_));
    moved->opener_ = std::make_unique<tier::CachedBlockOpener>(*moved->cache_);
  } else {
    moved->opener_ = std::make_unique<tier::MappedBlockOpener>(fs, store.directory);
  }
  moved->blocks_ = std::make_unique<tier::OpenBlocks>(*moved->opener_, 1);
  moved->catalogue_ =
      std::make_unique<tier::Catalogue>(*store.store, *moved->blocks_, moved->metrics_, ParseStoredSelector);
  TICKSCOPE_RETURN_IF_ERROR(moved->catalogue_->Refresh());
  return moved;
}

Status MovedBlocks::ForEach(tier::Tier tier, const TenantId& tenant, const Sink& sink) {
  for (const TenantId& each : catalogue_->Tenants()) {
    if (!tenant.empty() && each != tenant) continue;
    const tier::TenantTiersPtr tiers = catalogue_->Tenant(each);
    for (const tier::ListedBlock& listed : tiers->of(tier).live) {
      TICKSCOPE_ASSIGN_OR_RETURN(const tier::BlockPtr block, catalogue_->Open(tier, each, listed));
      TICKSCOPE_RETURN_IF_ERROR(sink(each, listed, block));
    }
  }
  return {};
}

}  // namespace tickscope::roles
