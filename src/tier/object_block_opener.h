// Openers of blocks where they lie: in a directory, mapped; anywhere else, by range through a cache of local files.
#pragma once

#include <string>

#include "io/file_system.h"
#include "objstore/object_cache.h"
#include "tier/block_opener.h"

namespace tickscope::tier {

/// Blocks of an object store that is a directory of this machine. `fs` outlives the opener.
class MappedBlockOpener final : public BlockOpener {
 public:
  MappedBlockOpener(io::FileSystem& fs, std::string root) : fs_(fs), root_(std::move(root)) {}
  [[nodiscard]] Result<BlockPtr> Open(const std::string& object_name, std::uint64_t size) override;

 private:
  io::FileSystem& fs_;
  const std::string root_;
};

/// Blocks of any object store: what a query touches is fetched and kept. `cache` outlives the opener and its blocks.
class CachedBlockOpener final : public BlockOpener {
 public:
  explicit CachedBlockOpener(objstore::ObjectCache& cache) : cache_(cache) {}
  [[nodiscard]] Result<BlockPtr> Open(const std::string& object_name, std::uint64_t size) override;

 private:
  objstore::ObjectCache& cache_;
};

}  // namespace tickscope::tier
