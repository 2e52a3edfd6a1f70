#include "block/block_bytes.h"

#include <utility>

namespace tickscope::block {
namespace {

class MappedBytes final : public BlockBytes {
 public:
  explicit MappedBytes(std::unique_ptr<io::MappedFile> file) : file_(std::move(file)) {}

  [[nodiscard]] ByteView bytes() const override { return file_->bytes(); }
  [[nodiscard]] bool is_here() const override { return true; }
  [[nodiscard]] Status Ensure(std::uint64_t /*offset*/, std::uint64_t /*size*/) const override { return {}; }
  void Release(std::uint64_t offset, std::uint64_t size) const override { file_->Release(offset, size); }

 private:
  const std::unique_ptr<io::MappedFile> file_;
};

}  // namespace

std::unique_ptr<BlockBytes> MakeMappedBytes(std::unique_ptr<io::MappedFile> file) {
  return std::make_unique<MappedBytes>(std::move(file));
}

}  // namespace tickscope::block
