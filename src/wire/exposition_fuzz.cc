// Feeds any bytes to an exposition parser; the first byte picks format and mode. Whatever the body says,
// parsing must end, labels() must not crash, and views must stay inside the body (the sanitizers watch).
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wire/exposition.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope::wire;
  if (size == 0) return 0;
  const auto format = static_cast<ExpositionFormat>(data[0] % 3);
  const ExpositionOptions options{
      .mode = (data[0] & 0x40U) != 0 ? ExpositionMode::kStrict : ExpositionMode::kScrape,
      .native_histograms = (data[0] & 0x80U) != 0 ? NativeHistograms::kIgnore : NativeHistograms::kPrefer,
      .line_bytes_max = 4096,
      .labels_max = 64};
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto parser = MakeExpositionParser(format, body, options);
  while (true) {
    const auto entry = parser->Next();
    if (!entry || *entry == ExpositionEntry::kEnd) return 0;
    if (*entry == ExpositionEntry::kSample) (void)parser->labels();
  }
}
