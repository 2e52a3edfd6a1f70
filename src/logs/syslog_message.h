// SyslogMessage: what is in a message of RFC 5424 or RFC 3164.
//
//   <165>1 2026-11-26T15:00:00.003Z host app 42 ID47 [a@1 b="c"] the text      RFC 5424
//   <34>Nov 26 15:00:00 host su[42]: the text                                 RFC 3164
//   <34>2026-11-26T15:00:00+01:00 host su[42]: the text                       as rsyslog forwards
//
// Nothing is refused: what does not look like one of these is text, as RFC 3164 has it for what comes from old devices.
#pragma once

#include <string_view>

#include "logs/severity.h"

namespace tickscope::logs {

/// Views into the message; empty when it does not say.
struct SyslogMessage {
  Severity severity = Severity::kUnknown;
  std::string_view host;
  std::string_view app;
  std::string_view pid;
  std::string_view id;
  std::string_view structured_data;  ///< With its brackets.
  std::string_view text;
};

[[nodiscard]] SyslogMessage ParseSyslog(std::string_view message);

}  // namespace tickscope::logs
