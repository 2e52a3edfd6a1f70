// SyslogDecoder: syslog of a datagram, or of a TCP connection framed as RFC 6587 has it: "LENGTH MESSAGE", or a message a line.
//
// A message that is too long is skipped and counted; those behind it are taken.
#pragma once

#include <cstdint>

#include "logs/log_decoder.h"
#include "logs/log_intake.h"

namespace tickscope::logs {

/// Takes one message, as a datagram has it.
void TakeSyslog(std::string_view message, const LogSource& source, LogIntake& intake);

class SyslogDecoder final : public LogDecoder {
 public:
  /// The intake outlives the decoder.
  SyslogDecoder(const LogSource& source, std::size_t message_bytes_max, LogIntake& intake)
      : source_(source), message_bytes_max_(message_bytes_max), intake_(intake) {}

  [[nodiscard]] Result<std::size_t> Take(std::string_view bytes) override;
  void Use(const LogSource& source) override { source_ = source; }

 private:
  // Of the message at the front: bytes it is done with; 0 when more are needed.
  [[nodiscard]] Result<std::size_t> TakeCounted(std::string_view bytes);
  [[nodiscard]] std::size_t TakeLine(std::string_view bytes);
  void CountTooLarge();

  LogSource source_;
  const std::size_t message_bytes_max_;
  LogIntake& intake_;
  std::uint64_t skip_bytes_ = 0;
  bool is_skipping_line_ = false;
};

}  // namespace tickscope::logs
