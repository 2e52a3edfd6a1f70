// EventStream: server-sent events read back from their text, in whatever pieces it comes.
//
// Source    WHATWG HTML, section 9.2.6.
// Bounds    One line or event holds at most kEventBytesMax; longer ones are dropped and counted.
// Threads   One owner.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tickscope::apiclient {

inline constexpr std::size_t kEventBytesMax = 256 << 20;

struct ServerEvent {
  std::string type;  ///< "message" when it has none.
  std::string data;
};

class EventStream {
 public:
  explicit EventStream(std::function<void(const ServerEvent& event)> on_event)
      : on_event_(std::move(on_event)) {}

  /// Takes the next bytes; calls back for each event that they complete.
  void Feed(std::string_view text);
  /// A connection begins anew: what was cut is forgotten, the last id stays.
  void Restart();

  /// Of the latest event that had one, also after Restart; what Last-Event-ID says.
  [[nodiscard]] const std::string& last_id() const { return last_id_; }
  /// Milliseconds to wait before coming back, as the server said last.
  [[nodiscard]] std::optional<std::int64_t> retry_ms() const { return retry_ms_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  void Line(std::string_view line);
  void Dispatch();

  const std::function<void(const ServerEvent& event)> on_event_;
  std::string line_;  // Not ended yet.
  bool after_return_ = false;
  bool is_dropping_ = false;
  ServerEvent event_;
  bool has_data_ = false;
  std::string id_;
  std::string last_id_;
  std::optional<std::int64_t> retry_ms_;
  std::uint64_t dropped_ = 0;
};

}  // namespace tickscope::apiclient
