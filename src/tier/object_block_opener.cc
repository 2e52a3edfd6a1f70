#include "tier/object_block_opener.h"

#include "block/block_bytes.h"

namespace tickscope::tier {
namespace {

class CachedBytes final : public block::BlockBytes {
 public:
  explicit CachedBytes(std::shared_ptr<objstore::CachedObject> object) : object_(std::move(object)) {}

  [[nodiscard]] ByteView bytes() const override { return object_->bytes(); }
  [[nodiscard]] Status Ensure(std::uint64_t offset, std::uint64_t size) const override {
    return object_->Ensure(offset, size);
  }
  // The cache's files are pages the kernel may drop by itself.
  void Release(std::uint64_t /*offset*/, std::uint64_t /*size*/) const override {}

 private:
  const std::shared_ptr<objstore::CachedObject> object_;
};

}  // namespace

Result<BlockPtr> MappedBlockOpener::Open(const std::string& object_name, std::uint64_t /*size*/) {
  return block::BlockReader::Open(fs_, root_ + "/" + object_name);
}

Result<BlockPtr> CachedBlockOpener::Open(const std::string& object_name, std::uint64_t size) {
  TICKSCOPE_ASSIGN_OR_RETURN(std::shared_ptr<objstore::CachedObject> object, cache_.Open(object_name, size));
  return block::BlockReader::Open(std::make_unique<CachedBytes>(std::move(object)), object_name);
}

}  // namespace tickscope::tier
