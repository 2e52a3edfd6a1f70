#include "logs/pushed_test.h"

#include <utility>

namespace tickscope::logs {
namespace {

std::uint64_t TakeVarint(std::string_view& rest) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
}

struct Field {
  unsigned number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

Field TakeField(std::string_view& rest) {
  const std::uint64_t head = TakeVarint(rest);
  Field field{.number = static_cast<unsigned>(head >> 3U), .bytes = {}};
  field.value = TakeVarint(rest);
  if ((head & 7U) == 2) {
    field.bytes = rest.substr(0, field.value);
    rest.remove_prefix(field.value);
  }
  return field;
}

PushedEntry EntryOf(std::string_view rest) {
  PushedEntry entry;
  while (!rest.empty()) {
    Field field = TakeField(rest);
    if (field.number == 2) entry.line = field.bytes;
    if (field.number == 1) {
      while (!field.bytes.empty()) {
        const Field part = TakeField(field.bytes);
        entry.time_ns += static_cast<std::int64_t>(part.value) * (part.number == 1 ? 1'000'000'000 : 1);
      }
    }
    if (field.number == 3) {
      if (!entry.metadata.empty()) entry.metadata += ' ';
      while (!field.bytes.empty()) {
        const Field part = TakeField(field.bytes);
        entry.metadata += part.bytes;
        if (part.number == 1) entry.metadata += '=';
      }
    }
  }
  return entry;
}

}  // namespace

std::vector<PushedEntry> PushedEntries(std::string_view message) {
  std::vector<PushedEntry> entries;
  while (!message.empty()) {
    std::string_view stream = TakeField(message).bytes;
    std::string labels;
    while (!stream.empty()) {
      const Field field = TakeField(stream);
      if (field.number == 1) {
        labels = field.bytes;
      } else {
        PushedEntry entry = EntryOf(field.bytes);
        entry.labels = labels;
        entries.push_back(std::move(entry));
      }
    }
  }
  return entries;
}

}  // namespace tickscope::logs
