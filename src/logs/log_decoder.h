// LogDecoder: makes entries of the bytes of a connection.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "logs/log_intake.h"

namespace tickscope::logs {

/// Threads: one; a decoder a connection.
class LogDecoder {
 public:
  virtual ~LogDecoder() = default;
  /// Takes whole messages from the front of what has come and was not taken. Bytes it is done with; the rest, and more, comes with the next
  /// call. Errors: what nothing can be made of behind this; the connection ends then. It is counted here.
  [[nodiscard]] virtual Result<std::size_t> Take(std::string_view bytes) = 0;
  /// What the other end is to be told once everything taken so far is durable; empties it.
  [[nodiscard]] virtual std::string TakeAnswers() { return {}; }
  /// What comes from now on is of that source.
  virtual void Use(const LogSource& source) = 0;
};

}  // namespace tickscope::logs
