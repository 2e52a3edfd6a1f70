#include "agent/log_record.h"

namespace tickscope::agent {
namespace {

constexpr std::string_view kMagic = "TSL1";
constexpr std::size_t kBatchBytes = 8;
constexpr std::size_t kSizeBytes = 4;

void PutNumber(std::uint64_t number, std::size_t bytes, std::string& out) {
  for (std::size_t i = 0; i < bytes; ++i)
    out.push_back(static_cast<char>(number >> (8 * i) & 0xFFU));
}

std::uint64_t TakeNumber(std::size_t bytes, std::string_view& rest) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    number |= std::uint64_t{static_cast<unsigned char>(rest[i])} << (8 * i);
  rest.remove_prefix(bytes);
  return number;
}

}  // namespace

void EncodeLogRecord(const LogRecord& record, std::string& out) {
  out = kMagic;
  PutNumber(record.batch, kBatchBytes, out);
  PutNumber(record.marks.size(), kSizeBytes, out);
  out += record.marks;
  out += record.body;
}

Result<LogRecord> DecodeLogRecord(std::string_view payload) {
  if (payload.size() < kMagic.size() + kBatchBytes + kSizeBytes || !payload.starts_with(kMagic))
    return Fail(ErrorCode::kCorruption, "not a log record");
  payload.remove_prefix(kMagic.size());
  LogRecord record{.batch = TakeNumber(kBatchBytes, payload), .marks = {}, .body = {}};
  const std::uint64_t marks_bytes = TakeNumber(kSizeBytes, payload);
  if (marks_bytes > payload.size())
    return Fail(ErrorCode::kCorruption, "log record: marks longer than the record");
  record.marks = payload.substr(0, marks_bytes);
  record.body = payload.substr(marks_bytes);
  return record;
}

}  // namespace tickscope::agent
