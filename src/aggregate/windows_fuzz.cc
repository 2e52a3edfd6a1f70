// Any bytes as what a journal says was done: they are refused, or make a state whose snapshot makes the same state again, and which closes its
// windows alike.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "aggregate/windows.h"
#include "base/check.h"

namespace {

using namespace tickscope;             // NOLINT(google-build-using-namespace): one small program.
using namespace tickscope::aggregate;  // NOLINT(google-build-using-namespace)

// What can be compared to the bit.
using Said = std::vector<std::pair<TimeMs, std::uint64_t>>;

Said CloseAt(Windows& windows, TimeMs watermark_ms) {
  Said said;
  windows.Close(watermark_ms, [&](const Emission& emission) {
    TICKSCOPE_CHECK(windows.SpecOf(emission.group) != nullptr);
    said.emplace_back(emission.time_ms, std::bit_cast<std::uint64_t>(emission.value));
  });
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const WindowsOptions options{.series_max = 100};
  const auto nowhere = [](const Emission&) {};
  Windows first(options);
  if (!first.Replay(AsBytes(std::string_view(reinterpret_cast<const char*>(data), size)), nowhere)) return 0;
  if (!first.has_begun()) return 0;

  Windows second(options);
  TICKSCOPE_CHECK(second.Replay(first.Snapshot(), nowhere).has_value());
  TICKSCOPE_CHECK(second.Snapshot() == first.Snapshot());
  TICKSCOPE_CHECK(second.input_count() == first.input_count());
  TICKSCOPE_CHECK(second.group_count() == first.group_count());
  if (const auto end_ms = first.NextEndMs())
    TICKSCOPE_CHECK(CloseAt(first, *end_ms) == CloseAt(second, *end_ms));
  return 0;
}
