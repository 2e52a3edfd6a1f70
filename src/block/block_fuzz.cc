// Fuzzes block files: a small sound one with bytes overwritten and its checksums made right again, so that what lies
// behind them is reached. Nothing may crash, hang or allocate without bound.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "block/block_reader.h"
#include "block/section_fuzz.h"
#include "io/memory_file_system.h"

namespace {

using namespace tickscope;         // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::block;  // NOLINT(google-build-using-namespace)

std::string SoundBlock() {
  io::MemoryFileSystem fs;
  auto writer = BlockWriter::Create(fs, "/a", {.tenant = "t"});
  std::vector<TimeMs> times_ms;
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) {
    times_ms.push_back(1000 + i * 10);
    values.push_back(i * i);
  }
  const TimesId times = *writer->AddTimes(times_ms);
  for (const char* le : {"1", "2", "+Inf"}) {
    TICKSCOPE_CHECK(
        writer->AddSeries(Labels::FromPairs({{"__name__", "a_bucket"}, {"le", le}}), times, values)
            .has_value());
    writer->AddStarts(std::vector<codec::StartChange>{{1000, 900}, {1200, le[0] == '1' ? 1150 : 1190}});
  }
  TICKSCOPE_CHECK(writer->Finish().has_value());
  return io::ReadWholeFile(fs, "/a", 1 << 20).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string sound = SoundBlock();
  std::string file = sound;
  // Triples: where (two bytes), what.
  for (std::size_t i = 0; i + 2 < size; i += 3)
    file[(data[i] | static_cast<std::size_t>(data[i + 1]) << 8) % file.size()] =
        static_cast<char>(data[i + 2]);
  block::MakeChecksumsRight(file);
  io::MemoryFileSystem fs;
  TICKSCOPE_CHECK(io::WriteFileAtomically(fs, "/f", file).has_value());
  const auto block = BlockReader::Open(fs, "/f");
  if (!block) return 0;
  static_cast<void>((*block)->Verify({}));
  static_cast<void>((*block)->Select({Matcher::Equal("le", "2")}));
  static_cast<void>((*block)->LabelNames({}));
  static_cast<void>((*block)->LabelValues("le", {Matcher::Equal("__name__", "a_bucket")}));
  return 0;
}
