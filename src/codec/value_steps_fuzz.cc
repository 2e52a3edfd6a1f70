// Fuzzes value steps: hostile bytes never read past the end; values made of the bytes round-trip.
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "codec/value_steps.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;         // NOLINT(google-build-using-namespace): one small program.
  using namespace tickscope::codec;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  const std::size_t count = std::min<std::size_t>(data[0], 64) + 1;
  std::vector<SeriesRef> refs;
  for (std::size_t i = 0; i < count; ++i)
    refs.push_back(static_cast<SeriesRef>(data[1 + i % (size - 1)]));
  std::vector<double> values(count);
  ValueBases hostile;
  FieldReader reader(ByteView(reinterpret_cast<const std::byte*>(data) + 1, size - 1));
  static_cast<void>(hostile.Take(refs, reader, values));

  ValueBases writer;
  ValueBases taker;
  for (std::size_t at = 0; at + count * sizeof(double) <= size; at += count * sizeof(double)) {
    std::memcpy(values.data(), data + at, count * sizeof(double));
    Bytes bytes;
    writer.Put(refs, values, bytes);
    std::vector<double> taken(count);
    FieldReader fields(bytes);
    TICKSCOPE_CHECK(taker.Take(refs, fields, taken) == ValueBases::Outcome::kTaken);
    TICKSCOPE_CHECK(std::memcmp(taken.data(), values.data(), count * sizeof(double)) == 0);
  }
  return 0;
}
