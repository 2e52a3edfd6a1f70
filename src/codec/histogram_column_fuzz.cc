// Fuzzes histogram columns: what decodes is encoded and decoded to the same again.
#include <vector>

#include "base/check.h"
#include "codec/histogram_codec.h"
#include "codec/histogram_column.h"
#include "codec/varint.h"

namespace {

using namespace tickscope;         // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::codec;  // NOLINT(google-build-using-namespace)

Bytes Exact(const std::vector<double>& values, const std::vector<HistogramPtr>& histograms) {
  Bytes bytes;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (histograms[i] != nullptr) {
      PutHistogram(*histograms[i], bytes);
    } else {
      PutFixed(values[i], bytes);
    }
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const std::uint64_t rows = FieldReader(input).Varint();
  if (rows > 4096) return 0;
  std::vector<double> values;
  std::vector<HistogramPtr> histograms;
  if (!DecodeHistogramColumn(input, rows, values, histograms)) return 0;
  TICKSCOPE_CHECK(values.size() == rows && histograms.size() == rows);
  Bytes again;
  EncodeHistogramColumn(values, histograms, again);
  std::vector<double> values_again;
  std::vector<HistogramPtr> histograms_again;
  TICKSCOPE_CHECK(DecodeHistogramColumn(again, rows, values_again, histograms_again).has_value());
  TICKSCOPE_CHECK(Exact(values, histograms) == Exact(values_again, histograms_again));
  return 0;
}
