// Fuzzes the index of a Prometheus block: a sound one with bytes overwritten and the checksums of what was touched made
// right again, so that what lies behind them is reached. Input: pieces of three bytes, a place (two) and a value.
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "codec/crc32c.h"
#include "codec/varint.h"
#include "exchange/prometheus_index.h"
#include "io/memory_file_system.h"

namespace {

using namespace tickscope;            // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::exchange;  // NOLINT(google-build-using-namespace)

struct Checked {
  std::size_t at = 0;
  std::size_t size = 0;  // The checksum follows.
};

struct Sound {
  Bytes bytes;
  std::vector<Checked> regions;
};

Sound MakeSound() {
  io::MemoryFileSystem fs;
  PrometheusIndexWriter writer;
  for (const char* queue : {"a", "b", "c"}) {
    writer.Add(Labels::FromPairs({{"__name__", "depth"}, {"queue", queue}}),
               {{1000, 2000, 8}, {2001, 2500, 40}, {3000, 3000, std::uint64_t{1} << 32 | 8}});
  }
  TICKSCOPE_CHECK(writer.Write(fs, "/index").has_value());
  const std::string text = io::ReadWholeFile(fs, "/index", 1 << 20).value();
  Sound sound;
  AppendBytes(AsBytes(text), sound.bytes);
  const std::byte* const contents = sound.bytes.data() + sound.bytes.size() - 52;
  sound.regions.push_back({sound.bytes.size() - 52, 48});
  const auto section = [&sound](std::uint64_t at) {
    sound.regions.push_back({at + 4, LoadBig<std::uint32_t>(sound.bytes.data() + at)});
  };
  section(LoadBig<std::uint64_t>(contents));
  section(LoadBig<std::uint64_t>(contents + 32));
  section(LoadBig<std::uint64_t>(contents + 40));
  for (std::size_t at = LoadBig<std::uint64_t>(contents + 8); at < LoadBig<std::uint64_t>(contents + 16);) {
    const auto size = static_cast<std::size_t>(sound.bytes[at]);
    if (size == 0) break;
    sound.regions.push_back({at + 1, size});
    at = (at + 1 + size + 4 + 15) / 16 * 16;
  }
  return sound;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Sound sound = MakeSound();
  Bytes bytes = sound.bytes;
  for (std::size_t i = 0; i + 3 <= size; i += 3) {
    const std::size_t place = (data[i] | static_cast<std::size_t>(data[i + 1]) << 8) % bytes.size();
    bytes[place] = static_cast<std::byte>(data[i + 2]);
  }
  for (const Checked& region : sound.regions) {
    const std::uint32_t crc = codec::Crc32c(ByteView(bytes).subspan(region.at, region.size));
    for (std::size_t b = 0; b < 4; ++b)
      bytes[region.at + region.size + b] = static_cast<std::byte>(crc >> (24 - 8 * b));
  }
  auto reader = PrometheusIndexReader::Open(bytes, "index");
  if (!reader) return 0;
  PrometheusSeries series;
  while (true) {
    const auto more = reader->Next(series);
    if (!more || !*more) return 0;
  }
}
