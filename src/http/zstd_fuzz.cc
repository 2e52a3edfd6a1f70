// Fuzzes zstd bodies: no bytes crash the decoder or get past the limit, and what comes out goes in and out again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "http/zstd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;
  constexpr std::size_t kBytesMax = 1U << 20;
  const auto content = http::Unzstd(std::string_view(reinterpret_cast<const char*>(data), size), kBytesMax);
  if (!content) return 0;
  TICKSCOPE_CHECK(content->size() <= kBytesMax);
  TICKSCOPE_CHECK(http::Unzstd(http::Zstd(*content), kBytesMax).value() == *content);
  return 0;
}
