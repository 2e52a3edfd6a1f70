// A ledger is a file people may edit or cut: whatever it holds, reading it ends, within memory, in runs or an error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fleet/ledger.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ledger = tickscope::fleet::ParseLedger(text);
  if (ledger) {
    for (const auto& run : ledger->runs)
      (void)run.TickEnd();
  }
  return 0;
}
