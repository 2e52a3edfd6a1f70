// FluentDecoder: events of the Forward protocol of Fluentd and Fluent Bit.
//
//   [tag, time, record, options?]          Message
//   [tag, [[time, record]...], options?]   Forward
//   [tag, bytes of [time, record]..., options?]   PackedForward; gzip when options say so: CompressedPackedForward
//
// A record that has nothing but `log` or `message` is that text; any other is JSON. The tag goes with each entry. A chunk is
// acknowledged ({"ack": chunk}) once it is durable. There is no handshake with a shared key: listen where only the machine's own can connect.
//
// Bounds    message_bytes_max for a message and for what it is when inflated; kDepthMax; kEntriesMax entries of a message.
// Source    Forward Protocol Specification v1.5 of Fluentd.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "logs/log_decoder.h"
#include "logs/log_intake.h"
#include "logs/msgpack.h"

namespace tickscope::logs {

inline constexpr std::size_t kFluentDepthMax = 16;
inline constexpr std::size_t kFluentEntriesMax = 100'000;
inline constexpr std::size_t kFluentTagBytesMax = 256;
inline constexpr std::size_t kFluentChunkBytesMax = 255;

/// Inflates gzip, to at most so many bytes.
using Inflate = std::function<Result<std::string>(std::string_view compressed, std::size_t bytes_max)>;

struct FluentOptions {
  std::size_t message_bytes_max = 8U << 20;
  std::size_t line_bytes_max = 64U << 10;
};

class FluentDecoder final : public LogDecoder {
 public:
  /// The intake outlives the decoder.
  FluentDecoder(const LogSource& source, FluentOptions options, Inflate inflate, LogIntake& intake)
      : source_(source), options_(options), inflate_(std::move(inflate)), intake_(intake) {}

  [[nodiscard]] Result<std::size_t> Take(std::string_view bytes) override;
  [[nodiscard]] std::string TakeAnswers() override { return std::exchange(answers_, {}); }
  void Use(const LogSource& source) override { source_ = source; }

  /// Takes entries, and records without a time, one after the other: all of `packed`, all with one tag, which may be empty.
  /// Errors: kCorruption; kOutOfRange past a bound.
  [[nodiscard]] Status TakeAll(std::string_view tag, std::string_view packed);

 private:
  struct MessageOptions {
    bool is_gzip = false;
    std::string_view chunk;
  };
  [[nodiscard]] Status TakeMessage(std::string_view message);
  [[nodiscard]] Result<MessageOptions> ReadOptions(std::string_view rest) const;
  [[nodiscard]] Status TakeEntries(MsgpackReader& reader, std::uint64_t count);
  [[nodiscard]] Status TakeEntry(MsgpackReader& reader);
  [[nodiscard]] Status TakeRecord(MsgpackReader& reader);

  LogSource source_;
  const FluentOptions options_;
  const Inflate inflate_;
  LogIntake& intake_;
  MsgpackSizer sizer_;
  std::string_view tag_;  // Of the message under way.
  std::int64_t time_ns_ = 0;
  std::string answers_;
  std::string json_;
};

/// Whether a tag may be one: letters, digits, and ". _ - / : *", at most kFluentTagBytesMax, no part of it "..".
[[nodiscard]] bool IsFluentTag(std::string_view tag);

/// Appends an item of MessagePack as JSON. Errors: kCorruption; kOutOfRange when it is deeper than `depth`.
[[nodiscard]] Status AppendJson(MsgpackReader& reader, std::size_t depth, std::string& out);

}  // namespace tickscope::logs
