// Fuzzes what a restart reads: segments with overwritten bytes and right checksums, and manifests.
#include <cstring>
#include <string>

#include "base/check.h"
#include "block/section_fuzz.h"
#include "io/memory_file_system.h"
#include "tsdb/manifest.h"
#include "tsdb/segment.h"

namespace {

using namespace tickscope;        // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::tsdb;  // NOLINT(google-build-using-namespace)

std::string SoundSegment() {
  io::MemoryFileSystem fs;
  Catalog catalog;
  Generation generation(1);
  std::vector<SeriesRef> defined;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const Labels labels = Labels::FromPairs({{"__name__", "m"}, {"i", std::to_string(i)}});
    defined.push_back(static_cast<SeriesRef>(i));
    TICKSCOPE_CHECK(catalog.Define(defined.back(), std::vector<LabelView>(labels.begin(), labels.end()), 1));
  }
  for (TimeMs time_ms = 0; time_ms < 400; time_ms += 10) {
    Row* const row = generation.AddRow(TargetId{0}, SeriesRef{0}, time_ms, 0, 4);
    for (std::uint32_t column = 0; column < 4; ++column)
      Generation::Set(*row, column, static_cast<double>(time_ms * column));
  }
  generation.AddStart(SeriesRef{1}, 0, 5);
  generation.AddBeside(SeriesRef{2}, 5, 1.5, nullptr, 3);
  generation.NoteSamples(161);
  TICKSCOPE_CHECK(WriteSegment(fs, "/s", {.tenant = "t", .number = 1, .next_ref = 4}, generation, catalog,
                               defined, {{"m", {"counter", "h", ""}}})
                      .has_value());
  return io::ReadWholeFile(fs, "/s", 1 << 20).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = ParseManifest(text))
    TICKSCOPE_CHECK(ParseManifest(WriteManifest(*manifest)) == *manifest);
  static const std::string sound = SoundSegment();
  std::string file = sound;
  for (std::size_t i = 0; i + 2 < size; i += 3)
    file[(data[i] | static_cast<std::size_t>(data[i + 1]) << 8) % file.size()] =
        static_cast<char>(data[i + 2]);
  block::MakeChecksumsRight(file);
  io::MemoryFileSystem fs;
  TICKSCOPE_CHECK(io::WriteFileAtomically(fs, "/f", file).has_value());
  const auto segment = SegmentReader::Open(fs, "/f");
  if (!segment) return 0;
  static_cast<void>((*segment)->Verify());
  SampleColumns samples;
  static_cast<void>((*segment)->ReadSamples(SeriesRef{2}, 0, 1000, samples));
  static_cast<void>((*segment)->ForEachSeries([](SeriesRef) {}));
  return 0;
}
