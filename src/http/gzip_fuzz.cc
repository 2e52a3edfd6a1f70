// Any bytes as a gzip stream: refused or inflated, within the bound; and any bytes come back from Gzip and Gunzip.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "http/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 1 << 20;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto content = tickscope::http::Gunzip(input, kBytesMax);
  TICKSCOPE_CHECK(!content || content->size() <= kBytesMax);
  const auto again = tickscope::http::Gunzip(tickscope::http::Gzip(input), size);
  TICKSCOPE_CHECK(again && *again == input);
  return 0;
}
