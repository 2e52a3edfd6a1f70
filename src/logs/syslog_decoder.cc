#include "logs/syslog_decoder.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "guard/text_class.h"
#include "logs/syslog_message.h"

namespace tickscope::logs {
namespace {

constexpr std::size_t kLengthDigitsMax = 9;

}  // namespace

void TakeSyslog(std::string_view message, const LogSource& source, LogIntake& intake) {
  const SyslogMessage parsed = ParseSyslog(message);
  const std::array<LabelView, 5> metadata = {{{"host", parsed.host},
                                              {"app", parsed.app},
                                              {"pid", parsed.pid},
                                              {"msgid", parsed.id},
                                              {"structured_data", parsed.structured_data}}};
  intake.Add(source, {.text = parsed.text, .keep = {}, .severity = parsed.severity, .metadata = metadata});
}

void SyslogDecoder::CountTooLarge() {
  intake_.metrics().refused(source_.input, LogRefusal::kTooLarge).Add();
}

Result<std::size_t> SyslogDecoder::TakeCounted(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kLengthDigitsMax + 1);
  const std::size_t space = head.find(' ');
  std::uint64_t length = 0;
  const auto read = std::from_chars(head.data(), head.data() + std::min(space, head.size()), length);
  const bool is_number = read.ec == std::errc() && read.ptr == head.data() + std::min(space, head.size());
  if (!is_number || (space == std::string_view::npos && head.size() > kLengthDigitsMax)) {
    intake_.metrics().refused(source_.input, LogRefusal::kMalformed).Add();
    return Fail(ErrorCode::kCorruption, "syslog: a length that is none");
  }
  if (space == std::string_view::npos) return 0;
  if (length > message_bytes_max_) {
    CountTooLarge();
    skip_bytes_ = length;
    return space + 1;
  }
  if (bytes.size() - space - 1 < length) return 0;
  TakeSyslog(bytes.substr(space + 1, length), source_, intake_);
  return space + 1 + length;
}

std::size_t SyslogDecoder::TakeLine(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() <= message_bytes_max_) return 0;
    CountTooLarge();
    is_skipping_line_ = true;
    return bytes.size();
  }
  if (end > message_bytes_max_) {
    CountTooLarge();
  } else if (end > 0) {
    TakeSyslog(bytes.substr(0, end), source_, intake_);
  }
  return end + 1;
}

Result<std::size_t> SyslogDecoder::Take(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::string_view rest = bytes.substr(at);
    if (skip_bytes_ > 0) {
      const std::size_t skipped = std::min<std::uint64_t>(skip_bytes_, rest.size());
      skip_bytes_ -= skipped;
      at += skipped;
      continue;
    }
    if (is_skipping_line_) {
      const std::size_t end = rest.find('\n');
      is_skipping_line_ = end == std::string_view::npos;
      at = is_skipping_line_ ? bytes.size() : at + end + 1;
      continue;
    }
    std::size_t taken = 0;
    if (guard::IsDigit(rest.front())) {
      TICKSCOPE_ASSIGN_OR_RETURN(taken, TakeCounted(rest));
    } else {
      taken = TakeLine(rest);
    }
    if (taken == 0) break;
    at += taken;
  }
  return at;
}

}  // namespace tickscope::logs
