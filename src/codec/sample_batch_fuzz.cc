// Any bytes as a record of the stream: refused, or a batch that encodes and decodes to itself again.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "codec/sample_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  codec::SampleBatch batch;
  if (!codec::DecodeSampleBatch(input, batch)) return 0;
  TICKSCOPE_CHECK(batch.floats.refs.size() == batch.floats.size());
  TICKSCOPE_CHECK(batch.floats.times_ms.size() == batch.floats.size());
  TICKSCOPE_CHECK(batch.floats.values.size() == batch.floats.size());
  TICKSCOPE_CHECK(batch.floats.starts_ms.empty() || batch.floats.starts_ms.size() == batch.floats.size());

  Bytes first;
  codec::EncodeSampleBatch(batch, first);
  codec::SampleBatch again;
  TICKSCOPE_CHECK(codec::DecodeSampleBatch(first, again).has_value());
  Bytes second;
  codec::EncodeSampleBatch(again, second);
  TICKSCOPE_CHECK(first == second);
  return 0;
}
