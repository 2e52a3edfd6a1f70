// BlockOpener: a block of the object store, to be read.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "base/mutex.h"
#include "block/block_reader.h"

namespace tickscope::tier {

using BlockPtr = std::shared_ptr<const block::BlockReader>;

/// Thread-safe.
class BlockOpener {
 public:
  virtual ~BlockOpener() = default;
  /// `size` is what the listing says, bytes. Errors: kNotFound when it is gone; kCorruption; kUnavailable.
  [[nodiscard]] virtual Result<BlockPtr> Open(const std::string& object_name, std::uint64_t size) = 0;
};

/// Keeps the blocks used last open: label texts and times in memory, so that the next query does not read them again.
/// Thread-safe; two that open one block at a time both open it, and one is kept.
class OpenBlocks final : public BlockOpener {
 public:
  /// `opener` outlives this. At most `blocks_max` are held besides those in use.
  OpenBlocks(BlockOpener& opener, std::size_t blocks_max) : opener_(opener), blocks_max_(blocks_max) {}

  [[nodiscard]] Result<BlockPtr> Open(const std::string& object_name, std::uint64_t size) override;
  /// The block if it is held open; null else.
  [[nodiscard]] BlockPtr Held(const std::string& object_name) const;
  /// Lets go of a block that is gone.
  void Forget(const std::string& object_name);
  /// Lets go of all blocks that nobody uses: what they hold of a cache is needed.
  void ForgetIdle();

 private:
  struct Entry {
    std::string name;
    BlockPtr block;
  };

  BlockOpener& opener_;
  const std::size_t blocks_max_;
  mutable Mutex mu_;
  std::list<Entry> entries_ TICKSCOPE_GUARDED_BY(mu_);  // Used last first.
  std::unordered_map<std::string, std::list<Entry>::iterator> by_name_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::tier
