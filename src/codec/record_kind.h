// RecordKind: what the payload of a stream record is, told by its first byte.
//
//   0x01 .. 0x0f   sample batch, the byte is its version     codec/sample_batch.h
//   0x10           logs                                      codec/signal_batch.h
//   0x11           spans                                     codec/signal_batch.h
//
// A reader passes over kinds it does not know and counts them: a store of a release before a kind existed takes it for a
// sample batch of a version to come, which it skips and counts as well.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace tickscope::codec {

enum class RecordKind : std::uint8_t { kUnknown = 0, kSamples = 1, kLogs = 0x10, kSpans = 0x11 };

/// kUnknown for an empty payload too.
[[nodiscard]] constexpr RecordKind RecordKindOf(ByteView payload) {
  if (payload.empty()) return RecordKind::kUnknown;
  const auto first = static_cast<std::uint8_t>(payload.front());
  if (first >= 0x01 && first <= 0x0f) return RecordKind::kSamples;
  if (first == 0x10 || first == 0x11) return static_cast<RecordKind>(first);
  return RecordKind::kUnknown;
}

/// "samples", "logs", "spans", "unknown".
[[nodiscard]] constexpr std::string_view RecordKindName(RecordKind kind) {
  switch (kind) {
    case RecordKind::kSamples:
      return "samples";
    case RecordKind::kLogs:
      return "logs";
    case RecordKind::kSpans:
      return "spans";
    case RecordKind::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace tickscope::codec
