// MessageParser: HTTP/1 bytes to messages, for server and client alike. Framing only: who asks decides about
// limits of bodies and time.
//
// The head is parsed when it is there as a whole; until then it is presented again with more bytes behind it.
// A body of known length is not passed through the parser at all: its bytes need no parsing
// (http/body_buffer.h).
//
// Source    RFC 9112. The work is done by Boost.Beast's basic_parser.
// Threads   None: one owner.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/body_buffer.h"
#include "http/message.h"

namespace tickscope::http {

/// Fields a head may have. A field of five bytes takes 64 here, so bytes alone do not bound the memory.
inline constexpr std::size_t kHeaderFieldsMax = 256;

enum class MessageKind : std::uint8_t {
  kRequest,
  kResponse,
  kResponseToHead,  ///< Has no body, whatever its head announces.
};

/// How the end of a body is known.
enum class BodyFraming : std::uint8_t {
  kNone,      ///< There is none.
  kLength,    ///< `content_length` bytes follow.
  kChunked,   ///< Chunks follow: feed them.
  kUntilEnd,  ///< All that comes until the stream ends (responses only).
};

struct MessageHead {
  std::string method;  ///< Requests.
  std::string target;  ///< Requests.
  int status = 0;      ///< Responses.
  int version = 11;    ///< 10 or 11.
  Headers headers;
  BodyFraming framing = BodyFraming::kNone;
  std::uint64_t content_length = 0;  ///< kLength only; not zero.
  bool keep_alive = false;           ///< What version and Connection say together.
};

class MessageParser {
 public:
  virtual ~MessageParser() = default;
  [[nodiscard]] static std::unique_ptr<MessageParser> Make(MessageKind kind, std::size_t header_bytes_max);

  /// Takes bytes of the head; returns how many were taken, 0 when the head is not complete yet. The rest is
  /// presented again. Errors: kOutOfRange when the head exceeds its limit; kUnsupported for a version or
  /// coding that is not served; kInvalidArgument for all else that is no HTTP.
  [[nodiscard]] virtual Result<std::size_t> FeedHead(std::string_view input) = 0;
  [[nodiscard]] virtual bool head_done() const = 0;
  /// Valid once the head is done; may be moved from.
  [[nodiscard]] virtual MessageHead& head() = 0;

  /// Takes bytes of a chunked body and appends its content to `body`; returns how many were taken. The rest
  /// is presented again. Trailers are checked and dropped. Errors: as FeedHead, and as BodyBuffer::Append.
  [[nodiscard]] virtual Result<std::size_t> FeedChunks(std::string_view input, BodyBuffer& body) = 0;
  [[nodiscard]] virtual bool body_done() const = 0;
};

}  // namespace tickscope::http
