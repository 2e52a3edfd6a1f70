#include "logs/syslog_message.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "guard/text_class.h"

namespace tickscope::logs {
namespace {

constexpr unsigned kPriorityMax = 191;
constexpr std::size_t kTagBytesMax = 128;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// "<165>" off the front.
std::optional<unsigned> TakePriority(std::string_view& rest) {
  const std::size_t end = rest.substr(0, 5).find('>');
  if (!rest.starts_with('<') || end == std::string_view::npos || end < 2) return std::nullopt;
  unsigned priority = 0;
  const auto read = std::from_chars(rest.data() + 1, rest.data() + end, priority);
  if (read.ec != std::errc() || read.ptr != rest.data() + end || priority > kPriorityMax) return std::nullopt;
  rest.remove_prefix(end + 1);
  return priority;
}

// The word up to the next space, and the space.
std::string_view TakeWord(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

std::string_view UnlessNil(std::string_view word) {
  return word == "-" ? std::string_view() : word;
}

// Bytes of "[id name="value"]..." at the front; nullopt when it does not end.
std::optional<std::size_t> StructuredDataBytes(std::string_view rest) {
  if (rest.starts_with('-')) return 1;
  bool is_quoted = false;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    if (is_quoted && rest[at] == '\\') {
      ++at;
    } else if (rest[at] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && rest[at] == ']' && !rest.substr(at + 1).starts_with('[')) {
      return at + 1;
    }
  }
  return std::nullopt;
}

// "1 TIME HOST APP PID ID DATA TEXT"
bool ParseNew(std::string_view rest, SyslogMessage& message) {
  if (!rest.starts_with("1 ")) return false;
  rest.remove_prefix(2);
  TakeWord(rest);
  const std::string_view host = TakeWord(rest);
  const std::string_view app = TakeWord(rest);
  const std::string_view pid = TakeWord(rest);
  const std::string_view id = TakeWord(rest);
  if (!rest.starts_with('-') && !rest.starts_with('[')) return false;
  const std::optional<std::size_t> data = StructuredDataBytes(rest);
  if (!data) return false;
  message.structured_data = UnlessNil(rest.substr(0, *data));
  rest.remove_prefix(*data);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  message.host = UnlessNil(host);
  message.app = UnlessNil(app);
  message.pid = UnlessNil(pid);
  message.id = UnlessNil(id);
  message.text = rest;
  return true;
}

// "Nov 26 15:00:00 " or "2026-11-26T15:00:00... ".
std::size_t TimeBytes(std::string_view rest) {
  const auto has_form = [&](std::string_view form) {
    if (rest.size() < form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
      const char c = rest[i];
      const bool fits = form[i] == '9'   ? guard::IsDigit(c)
                        : form[i] == '_' ? guard::IsDigit(c) || c == ' '
                        : form[i] == 'A' ? guard::IsOf(c, guard::kClassLetter)
                                         : c == form[i];
      if (!fits) return false;
    }
    return true;
  };
  if (has_form("AAA _9 99:99:99 ")) return 16;
  if (!has_form("9999-99-99T99:99:99")) return 0;
  const std::size_t space = rest.substr(0, 40).find(' ');
  return space == std::string_view::npos ? 0 : space + 1;
}

// "TIME HOST TAG[PID]: TEXT"
void ParseOld(std::string_view rest, SyslogMessage& message) {
  message.text = rest;
  const std::size_t time_bytes = TimeBytes(rest);
  if (time_bytes == 0) return;
  rest.remove_prefix(time_bytes);
  message.text = rest;
  const std::string_view host = TakeWord(rest);
  message.host = host;
  message.text = rest;
  const std::size_t end = rest.substr(0, kTagBytesMax).find_first_of(":[ ");
  if (end == std::string_view::npos || end == 0 || rest[end] == ' ') return;
  const std::string_view app = rest.substr(0, end);
  std::string_view behind = rest.substr(end);
  std::string_view pid;
  if (behind.starts_with('[')) {
    const std::size_t close = behind.substr(0, kTagBytesMax).find("]:");
    if (close == std::string_view::npos) return;
    pid = behind.substr(1, close - 1);
    behind.remove_prefix(close + 1);
  }
  behind.remove_prefix(1);
  if (behind.starts_with(' ')) behind.remove_prefix(1);
  message.app = app;
  message.pid = pid;
  message.text = behind;
}

}  // namespace

SyslogMessage ParseSyslog(std::string_view message) {
  SyslogMessage parsed;
  const std::optional<unsigned> priority = TakePriority(message);
  if (!priority) {
    parsed.text = message;
    return parsed;
  }
  parsed.severity = SeverityOfSyslog(*priority % 8);
  if (!ParseNew(message, parsed)) ParseOld(message, parsed);
  return parsed;
}

}  // namespace tickscope::logs
