#include "apiclient/event_stream.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace tickscope::apiclient {
namespace {

// Longer waits are no server's wish.
constexpr std::int64_t kRetryMsMax = 3'600'000;

}  // namespace

void EventStream::Restart() {
  line_.clear();
  after_return_ = is_dropping_ = has_data_ = false;
  event_ = {};
  id_ = last_id_;
}

void EventStream::Feed(std::string_view text) {
  while (!text.empty()) {
    // "\r\n" is one end, also when it comes in two pieces.
    if (std::exchange(after_return_, false) && text.front() == '\n') {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = text.find_first_of("\r\n");
    const std::string_view part = text.substr(0, end);
    if (line_.size() + event_.data.size() + part.size() > kEventBytesMax) is_dropping_ = true;
    if (end == std::string_view::npos) {
      if (!is_dropping_) line_ += part;
      return;
    }
    after_return_ = text[end] == '\r';
    text.remove_prefix(end + 1);
    if (is_dropping_) {
      line_.clear();
      event_.data.clear();
      // Until the event's end, which is an empty line.
      if (part.empty()) {
        ++dropped_;
        is_dropping_ = has_data_ = false;
        event_ = {};
      }
      continue;
    }
    if (line_.empty()) {
      Line(part);
      continue;
    }
    line_ += part;
    const std::string line = std::exchange(line_, {});
    Line(line);
  }
}

void EventStream::Line(std::string_view line) {
  if (line.empty()) return Dispatch();
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // A comment.
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    event_.type = value;
  } else if (field == "data") {
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += value;
  } else if (field == "id") {
    if (!value.contains('\0')) id_ = value;
  } else if (field == "retry") {
    std::int64_t retry_ms = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), retry_ms);
    if (read.ec == std::errc() && read.ptr == value.data() + value.size() && retry_ms >= 0)
      retry_ms_ = std::min(retry_ms, kRetryMsMax);
  }
}

void EventStream::Dispatch() {
  last_id_ = id_;
  ServerEvent event = std::exchange(event_, {});
  if (!std::exchange(has_data_, false)) return;
  if (event.type.empty()) event.type = "message";
  on_event_(event);
}

}  // namespace tickscope::apiclient
