// Fuzzes remote read: the first byte says as what the rest is read. A request, a streamed answer, an answer of samples.
#include <cstdint>
#include <string_view>

#include "wire/remote_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  if (size == 0) return 0;
  constexpr std::size_t kBytesMax = 1U << 20;
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto sink = [](const Labels&, SampleColumns&) -> Status { return {}; };
  if (data[0] % 3 == 0) {
    static_cast<void>(wire::DecodeReadRequest(body, kBytesMax));
  } else {
    static_cast<void>(wire::DecodeReadAnswer(
        data[0] % 3 == 1 ? wire::kRemoteReadStreamMediaType : wire::kRemoteReadMediaType, body, kBytesMax,
        sink));
  }
  return 0;
}
