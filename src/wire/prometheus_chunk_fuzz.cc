// Fuzzes chunk decoding, the first byte being the encoding; what decodes is encoded and decoded again and must be the
// same.
#include <bit>
#include <cstdint>

#include "base/check.h"
#include "wire/prometheus_chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  SampleColumns once;
  if (!wire::DecodeChunk(data[0], bytes, once)) return 0;
  std::vector<wire::PrometheusChunk> chunks;
  wire::EncodeChunks(once, chunks);
  SampleColumns twice;
  for (const wire::PrometheusChunk& chunk : chunks)
    TICKSCOPE_CHECK(
        wire::DecodeChunk(static_cast<std::uint8_t>(chunk.encoding), chunk.data, twice).has_value());
  TICKSCOPE_CHECK(once.times_ms == twice.times_ms);
  for (std::size_t i = 0; i < once.size(); ++i) {
    TICKSCOPE_CHECK(std::bit_cast<std::uint64_t>(once.values[i]) ==
                    std::bit_cast<std::uint64_t>(twice.values[i]));
  }
  return 0;
}
