// Any bytes as a segment that an earlier start left, and as its cursor: opening never fails for what they hold, reading ends, what is read
// proves itself, and the spool works on behind them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "io/memory_file_system.h"
#include "spool/spool_queue.h"

namespace {

using namespace tickscope;         // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::spool;  // NOLINT(google-build-using-namespace)

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cursor_bytes = size == 0 ? 0 : std::min<std::size_t>(data[0], size - 1);
  io::MemoryFileSystem fs;
  SeededRandom random(1);
  TICKSCOPE_CHECK(fs.CreateDirectories("/spool").has_value());
  TICKSCOPE_CHECK(
      io::WriteFileAtomically(fs, "/spool/cursor", text.substr(size == 0 ? 0 : 1, cursor_bytes)).has_value());
  TICKSCOPE_CHECK(
      io::WriteFileAtomically(fs, "/spool/" + SegmentName(7), text.substr(std::min(size, cursor_bytes + 1)))
          .has_value());
  const auto queue = SpoolQueue::Open(fs, random, {.directory = "/spool", .segment_bytes = 4096});
  TICKSCOPE_CHECK(queue.has_value());
  TICKSCOPE_CHECK((*queue)->Append(AsBytes("mine"), 1, 42).has_value());
  bool is_mine_there = false;
  while (true) {
    const auto record = (*queue)->Next();
    TICKSCOPE_CHECK(record.has_value());
    if (!*record) break;
    is_mine_there = is_mine_there || ((*record)->payload == "mine" && (*record)->epoch == (*queue)->epoch());
    (*queue)->Done(**record);
  }
  TICKSCOPE_CHECK(is_mine_there);
  TICKSCOPE_CHECK((*queue)->Commit().has_value());
  TICKSCOPE_CHECK((*queue)->waiting_bytes() == 0);
  return 0;
}
