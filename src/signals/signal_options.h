// SignalOptions: what one request, and one record in it, may be.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tickscope::signals {

struct SignalOptions {
  std::size_t request_bytes_max = 16U << 20;          ///< After decompression.
  std::size_t line_bytes_max = 256U << 10;            ///< A log's body.
  std::size_t attribute_bytes_max = 64U << 10;        ///< Names and values of one record, or of one origin.
  std::size_t name_bytes_max = 1024;                  ///< One attribute's name.
  std::size_t stream_labels_max = 15;                 ///< Of a Loki stream, as Loki has it.
  std::int64_t past_max_ms = 7LL * 24 * 3600 * 1000;  ///< How far behind the clock a record may be.
  std::int64_t future_max_ms = 600'000;               ///< How far ahead.
};

}  // namespace tickscope::signals
