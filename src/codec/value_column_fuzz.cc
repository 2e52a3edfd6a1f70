// Any bytes as a value column: refused or decoded within bounds. The same bytes as doubles: encoded and decoded to
// themselves, bit for bit.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "codec/value_column.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  using codec::kColumnValuesMax;
  std::array<double, kColumnValuesMax> out{};
  const auto decoded = codec::DecodeValueColumn({reinterpret_cast<const std::byte*>(data), size}, out);
  if (decoded) TICKSCOPE_CHECK(*decoded <= kColumnValuesMax);

  std::vector<double> values(std::min(size / sizeof(double), kColumnValuesMax));
  if (!values.empty()) std::memcpy(values.data(), data, values.size() * sizeof(double));
  Bytes column;
  codec::EncodeValueColumn(values, column);
  const auto count = codec::DecodeValueColumn(column, out);
  TICKSCOPE_CHECK(count.has_value() && *count == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    TICKSCOPE_CHECK(std::bit_cast<std::uint64_t>(out[i]) == std::bit_cast<std::uint64_t>(values[i]));
  }
  return 0;
}
