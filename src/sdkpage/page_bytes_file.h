// PageBytesFile: bytes as a file, for tests and fuzzing of PageReader.
#pragma once

#include <algorithm>

#include "io/file_system.h"

namespace tickscope::sdkpage {

class PageBytesFile final : public io::ReadFile {
 public:
  /// `bytes` outlives the file.
  explicit PageBytesFile(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= bytes_.size()) return 0;
    const std::size_t size = std::min<std::uint64_t>(out.size(), bytes_.size() - offset);
    std::copy_n(bytes_.data() + offset, size, out.data());
    return size;
  }
  [[nodiscard]] Result<std::uint64_t> Size() const override { return bytes_.size(); }

 private:
  const ByteView bytes_;
};

}  // namespace tickscope::sdkpage
