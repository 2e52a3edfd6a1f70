// Any bytes as names of the cold tier's objects, days and manifests: read or refused; what is read is written back the
// same, and no manifest leads out of its tenant's and day's folder.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "cold/cold_layout.h"
#include "cold/cold_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  const std::string text(reinterpret_cast<const char*>(data), size);
  TICKSCOPE_CHECK(cold::DecodePartition(cold::EncodePartition(text)) == text);
  if (const auto day = cold::ParseDay(text)) TICKSCOPE_CHECK(cold::DayText(*day) == text);
  static_cast<void>(cold::ParsePartName(text));
  static_cast<void>(cold::ParseManifestName(text));
  const auto manifest = cold::ReadManifest("fuzz", text);
  if (!manifest) return 0;
  const auto again = cold::ReadManifest("fuzz", cold::WriteManifest(*manifest));
  TICKSCOPE_CHECK(again.has_value() && *again == *manifest);
  for (const cold::ColdPart& part : manifest->parts) {
    const auto place = cold::ParsePartName(part.name);
    TICKSCOPE_CHECK(place && place->tenant == manifest->tenant && place->day == manifest->day);
  }
  return 0;
}
