// Any bytes as server-sent events: the same events in one piece and in many.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apiclient/event_stream.h"
#include "base/check.h"

namespace {

std::string Read(std::string_view text, std::size_t piece) {
  std::string events;
  tickscope::apiclient::EventStream stream([&](const tickscope::apiclient::ServerEvent& event) {
    events.append(event.type).append("=").append(event.data).append("\n");
  });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    stream.Feed(text.substr(0, piece));
  return events.append(stream.last_id());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  TICKSCOPE_CHECK(Read(text, text.size() + 1) == Read(text, 1 + data[0] % 8));
  return 0;
}
