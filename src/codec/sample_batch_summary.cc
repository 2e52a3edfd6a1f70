#include "codec/sample_batch_summary.h"

#include <string>

#include "codec/varint.h"

namespace tickscope::codec {
namespace {

// As sample_batch.h has them.
constexpr std::uint8_t kVersionMin = 1;
constexpr std::uint8_t kVersionMax = 4;

enum class Section : std::uint8_t {
  kSeries = 1,
  kFloats = 2,
  kHistograms = 3,
  kMetadata = 4,
  kSteps = 5,
  kOverflow = 6,
  kStarts = 7,
  kExemplars = 8
};

std::unexpected<Error> Corrupt(const char* section, const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("sample batch: ") + section + ": " + what);
}

}  // namespace

Result<SampleBatchSummary> SummarizeSampleBatch(ByteView bytes) {
  SampleBatchSummary summary;
  FieldReader reader(bytes);
  const std::uint8_t version = reader.Byte();
  if (reader.ok() && (version < kVersionMin || version > kVersionMax))
    return Fail(ErrorCode::kUnsupported, "sample batch version: got " + std::to_string(version));
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
        break;
      default:
        return Corrupt("section", "unknown tag");
    }
    if (!body.ok()) return Corrupt("section", "cut");
  }
  return summary;
}

}  // namespace tickscope::codec
