// Fuzzes merging: a sound block and one with bytes overwritten and its checksums made right again. Nothing may crash, hang
// or allocate without bound, and a merge that fails leaves no file.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "block/block_writer.h"
#include "block/section_fuzz.h"
#include "codec/start_table.h"
#include "codec/value_column.h"
#include "compact/block_merge.h"
#include "io/memory_file_system.h"

namespace {

using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.

// A family long enough to be copied, a series with gaps and starts, a native histogram.
std::string MakeBlock(TimeMs start_ms) {
  io::MemoryFileSystem fs;
  auto writer = block::BlockWriter::Create(fs, "/a", {.tenant = "t"});
  std::vector<TimeMs> times_ms;
  std::vector<double> values;
  for (int i = 0; i < 600; ++i) {
    times_ms.push_back(start_ms + i * 10);
    values.push_back(i % 7);
  }
  const block::TimesId times = *writer->AddTimes(times_ms);
  std::vector<double> gaps(values.begin(), values.begin() + 12);
  gaps[1] = gaps[5] = gaps[11] = codec::MissingValue();
  TICKSCOPE_CHECK(writer
                      ->AddSeries(Labels::FromPairs({{"__name__", "a"}}),
                                  *writer->AddTimes(std::span(times_ms).first(12)), gaps)
                      .has_value());
  const codec::StartChange start{start_ms, 900};
  writer->AddStarts(std::span(&start, 1));
  SampleColumns native;
  for (std::size_t row = 0; row < 10; ++row) {
    Histogram histogram;
    histogram.positive_spans = {{0, 1}};
    histogram.positive_buckets = {static_cast<double>(row)};
    native.times_ms.push_back(times_ms[row]);
    native.values.push_back(0);
    native.histograms.push_back(row == 3 ? nullptr : std::make_shared<const Histogram>(histogram));
  }
  TICKSCOPE_CHECK(writer->AddMixedSeries(Labels::FromPairs({{"__name__", "a_native"}}), native).has_value());
  for (const char* le : {"1", "2", "+Inf"}) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] += static_cast<double>(i * i % 17);
    TICKSCOPE_CHECK(
        writer->AddSeries(Labels::FromPairs({{"__name__", "b_bucket"}, {"le", le}}), times, values)
            .has_value());
  }
  TICKSCOPE_CHECK(writer->Finish().has_value());
  return io::ReadWholeFile(fs, "/a", 1 << 20).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string first = MakeBlock(1000);
  static const std::string second = MakeBlock(7000);
  std::string file = second;
  // Triples: where (two bytes), what.
  for (std::size_t i = 0; i + 2 < size; i += 3)
    file[(data[i] | static_cast<std::size_t>(data[i + 1]) << 8) % file.size()] =
        static_cast<char>(data[i + 2]);
  block::MakePageChecksumsRight(file);
  block::MakeChecksumsRight(file);
  io::MemoryFileSystem fs;
  TICKSCOPE_CHECK(io::WriteFileAtomically(fs, "/first", first).has_value());
  TICKSCOPE_CHECK(io::WriteFileAtomically(fs, "/second", file).has_value());
  const auto damaged = block::BlockReader::Open(fs, "/second");
  if (!damaged) return 0;
  const auto sound = block::BlockReader::Open(fs, "/first").value();
  compact::MergeOptions options;
  options.tombstones.push_back({.matchers = {Matcher::Equal("le", "2")}, .start_ms = 2000, .end_ms = 3000});
  options.memory_bytes_max = 64 << 20;
  const auto merged = compact::MergeBlocks(fs, "/merged", {sound, *damaged}, options);
  const bool is_there = fs.OpenRead("/merged").has_value();
  TICKSCOPE_CHECK(is_there == (merged && *merged));
  TICKSCOPE_CHECK(!fs.OpenRead("/merged.tmp").has_value());
  return 0;
}
