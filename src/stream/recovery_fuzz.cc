// Any bytes as the last segment of a log: opening it never fails for what the file holds, what is read are whole
// records in ascending order, and the log works on: a record appended then is read back, also after another start.
#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "io/memory_file_system.h"
#include "stream/embedded_log.h"
#include "stream/log_format.h"

namespace {

using namespace tickscope;          // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::stream;  // NOLINT(google-build-using-namespace)

constexpr PartitionId kPartition{0};

std::map<Offset, Bytes> ReadAll(Stream& log) {
  std::map<Offset, Bytes> all;
  Offset from = log.StartOffset(kPartition);
  while (true) {
    const auto records = log.Read(kPartition, from, std::size_t{1} << 20U);
    TICKSCOPE_CHECK(records.has_value());
    if (records->empty()) return all;
    for (const Record& record : *records) {
      TICKSCOPE_CHECK(record.offset >= from);
      from = record.offset + 1;
      all.emplace(record.offset, record.payload);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  io::MemoryFileSystem fs;
  const ManualClock clock(1'700'000'000'000);
  MetricRegistry metrics;
  EmbeddedLogOptions options;
  options.directory = "/stream";
  options.disk_free_bytes_min = 0;
  TICKSCOPE_CHECK(fs.CreateDirectories("/stream/p0000").has_value());
  {
    const auto file = fs.OpenAppend("/stream/p0000/" + FormatSegmentName({0, 0}), io::OpenMode::kTruncate);
    const ByteView piece(reinterpret_cast<const std::byte*>(data), size);
    TICKSCOPE_CHECK(file.has_value() && (*file)->Append({&piece, 1}).has_value() &&
                    (*file)->Sync().has_value());
  }

  std::map<Offset, Bytes> expected;
  {
    const auto log = OpenEmbeddedLog(fs, clock, metrics, options);
    TICKSCOPE_CHECK(log.has_value());
    expected = ReadAll(**log);
    const Bytes payload = {std::byte{1}, std::byte{2}};
    std::promise<Result<Offset>> verdict;
    TICKSCOPE_CHECK((*log)
                        ->Append(kPartition, (*log)->CurrentEpoch(kPartition), payload,
                                 [&](Result<Offset> result) { verdict.set_value(std::move(result)); })
                        .has_value());
    const Result<Offset> offset = verdict.get_future().get();
    TICKSCOPE_CHECK(offset.has_value() && expected.emplace(*offset, payload).second);
    TICKSCOPE_CHECK(ReadAll(**log) == expected);
  }
  const auto log = OpenEmbeddedLog(fs, clock, metrics, options);
  TICKSCOPE_CHECK(log.has_value());
  TICKSCOPE_CHECK(ReadAll(**log) == expected);
  return 0;
}
