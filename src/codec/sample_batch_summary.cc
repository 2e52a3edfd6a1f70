#include "codec/sample_batch_summary.h"

#include <string>

#include "codec/sample_batch_layout.h"
#include "codec/varint.h"

namespace tickscope::codec {
Result<SampleBatchSummary> SummarizeSampleBatch(ByteView bytes) {
  SampleBatchSummary summary;
  FieldReader reader(bytes);
  const std::uint8_t version = reader.Byte();
  if (reader.ok()) TICKSCOPE_RETURN_IF_ERROR(CheckBatchVersion(version));
  summary.tenant = reader.Text();
  summary.received_ms = reader.ZigZag();
  if (!reader.ok()) return Corrupt("header", "cut");
  while (reader.remaining() > 0) {
    const auto tag = static_cast<Section>(reader.Byte());
    FieldReader body(reader.Take(reader.Varint()));
    if (!reader.ok()) return Corrupt("section", "longer than the batch");
    switch (tag) {
      case Section::kSeries: {
        // Their number is behind the symbols.
        const std::uint64_t symbols = body.Varint();
        for (std::uint64_t i = 0; i < symbols && body.ok(); ++i)
          static_cast<void>(body.Text());
        summary.new_series += body.Varint();
        break;
      }
      case Section::kFloats:
      case Section::kSteps:
        summary.samples += body.Varint();
        break;
      case Section::kHistograms:
        summary.histograms += body.Varint();
        break;
      case Section::kMetadata:
        summary.metadata += body.Varint();
        break;
      case Section::kExemplars:
        summary.exemplars += body.Varint();
        break;
      case Section::kOverflow:
      case Section::kStarts:
      case Section::kDelivery:
      case Section::kDelivered:
        break;
      default:
        return Corrupt("section", "unknown tag");
    }
    if (!body.ok()) return Corrupt("section", "cut");
  }
  return summary;
}

}  // namespace tickscope::codec
