// LogRecord: what one record of the log spool holds: a push request, and how far files were read when it was made.
//
//   | magic "TSL1" | batch: u64 | marks' bytes: u32 | marks (logs/file_mark.h) | body: a push request in a snappy block |
//
// Little-endian. A batch has a record a class; the last one has the marks. A start after a kill finds the newest marks in the file
// `positions` or, when the kill came before that was written, in a record: so what is in the spool is not read from files again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace tickscope::agent {

struct LogRecord {
  std::uint64_t batch = 0;
  std::string_view marks;  ///< Empty for a record that is not the last of its batch.
  std::string_view body;
};

/// Replaces `out`. Requires: marks below 4 GiB.
void EncodeLogRecord(const LogRecord& record, std::string& out);
/// Views into `payload`. Errors: kCorruption.
[[nodiscard]] Result<LogRecord> DecodeLogRecord(std::string_view payload);

}  // namespace tickscope::agent
