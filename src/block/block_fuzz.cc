// Fuzzes block files: a small sound one with bytes overwritten and its checksums made right again, so that what lies
// behind them is reached. Nothing may crash, hang or allocate without bound.
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "block/block_reader.h"
#include "block/section_fuzz.h"
#include "codec/start_table.h"
#include "codec/value_column.h"
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
  // Times of its own, gaps and starts; a native histogram; a family.
  const TimesId others = *writer->AddTimes(std::span(times_ms).first(12));
  std::vector<double> gaps(values.begin(), values.begin() + 12);
  gaps[1] = gaps[5] = gaps[11] = codec::MissingValue();
  TICKSCOPE_CHECK(
      writer->AddSeries(Labels::FromPairs({{"__name__", "a"}, {"x", "1"}}), others, gaps).has_value());
  const codec::StartChange start{1000, 900};
  writer->AddStarts(std::span(&start, 1));
  TICKSCOPE_CHECK(
      writer->AddSeries(Labels::FromPairs({{"__name__", "a"}, {"x", "2"}}), others, gaps).has_value());
  writer->AddStarts(std::span(&start, 1));
  SampleColumns native;
  for (std::size_t row = 0; row < 10; ++row) {
    Histogram histogram;
    histogram.positive_spans = {{0, 2}};
    histogram.positive_buckets = {static_cast<double>(row), static_cast<double>(row / 2)};
    histogram.count = static_cast<double>(row + row / 2);
    native.times_ms.push_back(times_ms[row]);
    native.values.push_back(0);
    native.histograms.push_back(row == 3 ? nullptr : std::make_shared<const Histogram>(histogram));
  }
  TICKSCOPE_CHECK(writer->AddMixedSeries(Labels::FromPairs({{"__name__", "a_native"}}), native).has_value());
  for (const char* le : {"1", "2", "+Inf"}) {
    TICKSCOPE_CHECK(
        writer->AddSeries(Labels::FromPairs({{"__name__", "b_bucket"}, {"le", le}}), times, values)
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
  block::MakePageChecksumsRight(file);
  block::MakeChecksumsRight(file);
  io::MemoryFileSystem fs;
  TICKSCOPE_CHECK(io::WriteFileAtomically(fs, "/f", file).has_value());
  const auto block = BlockReader::Open(fs, "/f");
  if (!block) return 0;
  static_cast<void>((*block)->Verify({}));
  const std::array<SeriesId, 3> ids = {SeriesId{0}, SeriesId{2}, SeriesId{5}};
  static_cast<void>((*block)->Prefetch(ids, 1000, 1100));
  static_cast<void>((*block)->Select({Matcher::Equal("le", "2")}));
  static_cast<void>((*block)->LabelNames({}));
  static_cast<void>((*block)->LabelValues("le", {Matcher::Equal("__name__", "b_bucket")}));
  return 0;
}
