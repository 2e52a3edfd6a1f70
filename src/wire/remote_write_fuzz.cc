// Fuzzes snappy and protobuf of both remote-write versions: no input may crash, hang or allocate beyond its bound.
// The first byte picks the version and whether the rest is a snappy block or the message itself.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/remote_write_decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;
  if (size == 0) return 0;
  const auto protocol = (data[0] & 1) != 0 ? wire::RemoteWriteProtocol::kV2 : wire::RemoteWriteProtocol::kV1;
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  Bytes message;
  if ((data[0] & 2) != 0) {
    if (!wire::DecompressSnappy(body, 1U << 20, message)) return 0;
  } else {
    AppendBytes(AsBytes(body), message);
  }
  wire::RemoteWriteRequest request(1);
  if (!request.Decode(protocol, message)) return 0;
  std::vector<LabelView> labels;
  for (const wire::ReceivedSeries& series : request.series()) {
    static_cast<void>(request.ReadLabels(series, labels));
    static_cast<void>(request.ReadMetadata(series));
  }
  return 0;
}
