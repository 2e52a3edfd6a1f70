// Whatever the bytes, a script is read or refused, and its data loads or is refused.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "promqltest/memory_storage.h"
#include "promqltest/script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope::promqltest;
  const auto commands = ParseScript({reinterpret_cast<const char*>(data), size});
  if (!commands) return 0;
  MemoryStorage storage;
  for (const Command& command : *commands) {
    if (const auto* load = std::get_if<LoadCommand>(&command.body)) static_cast<void>(storage.Load(*load));
  }
  return 0;
}
