// Any bytes as a start table: looked up within bounds. The same bytes as lists of changes: found again as they were.
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "codec/start_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;         // NOLINT(google-build-using-namespace): one small program.
  using namespace tickscope::codec;  // NOLINT(google-build-using-namespace)
  std::vector<StartChange> found;
  if (const auto table = StartTable::Open({reinterpret_cast<const std::byte*>(data), size})) {
    for (std::uint32_t series = 0; series < 40; ++series) {
      static_cast<void>(table->Find(series, found));
      TICKSCOPE_CHECK(found.size() <= size);
    }
  }
  StartTableWriter writer;
  std::vector<std::vector<StartChange>> lists;
  for (std::size_t at = 0; at + 18 <= size && lists.size() < 500; at += 18) {
    std::vector<StartChange> list(data[at] % 3);
    for (std::size_t i = 0; i < list.size(); ++i) {
      std::memcpy(&list[i].from_ms, data + at + 1, sizeof(TimeMs));
      std::memcpy(&list[i].start_ms, data + at + 9 + i, sizeof(TimeMs));
    }
    writer.Add(static_cast<std::uint32_t>(lists.size()), list);
    lists.push_back(list);
  }
  const Bytes bytes = writer.Finish();
  const auto table = StartTable::Open(bytes);
  TICKSCOPE_CHECK(table.has_value());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    TICKSCOPE_CHECK(table->Find(static_cast<std::uint32_t>(i), found));
    TICKSCOPE_CHECK(found == lists[i]);
  }
  return 0;
}
