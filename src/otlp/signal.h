// Signal: what an OTLP request is full of.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tickscope::otlp {

enum class Signal : std::uint8_t { kMetrics, kLogs, kTraces };
inline constexpr std::size_t kSignals = 3;

}  // namespace tickscope::otlp
