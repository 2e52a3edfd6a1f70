// Fuzzes block columns: bytes that decode, and values made of the bytes, must round-trip; sums agree with decoding.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "codec/block_column.h"
#include "codec/column_stats.h"
#include "codec/column_steps.h"
#include "codec/time_column.h"
#include "codec/value_column.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;         // NOLINT(google-build-using-namespace): one small program.
  using namespace tickscope::codec;  // NOLINT(google-build-using-namespace)
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  std::vector<double> out(kBlockColumnMax);
  std::vector<double> reference(kBlockColumnMax, 3);
  if (const auto count = DecodeBlockColumn(input, {}, out)) TICKSCOPE_CHECK(*count <= kBlockColumnMax);
  static_cast<void>(
      DecodeBlockColumn(input, std::span(reference).first(std::min<std::size_t>(size, 1024)), out));
  std::vector<std::uint32_t> steps(std::min<std::size_t>(size, kBlockColumnMax), 5);
  static_cast<void>(DecodeColumnSteps(input, {0, steps.size()}, steps));
  std::vector<TimeMs> times;
  static_cast<void>(DecodeTimes(input, times));
  FieldReader reader(input);
  static_cast<void>(DecodeColumnStats(reader, 720));

  std::vector<double> values(std::min(size / sizeof(double), kBlockColumnMax));
  if (values.empty()) return 0;
  std::memcpy(values.data(), data, values.size() * sizeof(double));
  for (const bool referred : {false, true}) {
    const auto beside =
        referred ? std::span<const double>(reference).first(values.size()) : std::span<const double>();
    Bytes column;
    EncodeBlockColumn(values, beside, column);
    const auto count = DecodeBlockColumn(column, beside, out);
    TICKSCOPE_CHECK(count && *count == values.size());
    TICKSCOPE_CHECK(std::memcmp(out.data(), values.data(), values.size() * sizeof(double)) == 0);
  }
  return 0;
}
