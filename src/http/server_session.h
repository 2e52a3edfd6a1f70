// ServerSession: one client's connection, request after request. Internal to the server.
//
//            first byte          head complete        body complete       answer written, kept alive
//   kIdle ------------> kHead ------------------> kBody ----------> kHandling ---> kWriting ---> kIdle
//                         |  limit, timeout, nonsense |                               |
//                         +-------------------------->+-- (4xx, 503) ---> kWriting ---+--> kLingering -->
//                         gone
//
// An answer that goes on is kStreaming between kWriting and its end; each write has write_timeout, and while there is
// nothing to write the session waits without one.
//
// Requests that a client sends before it has its answer (pipelining) wait in the input buffer and in the
// kernel. A closing session lingers: it ends its own half and reads on until the client ends too, for closing
// with unread bytes would reset the connection and lose the answer that explains why.
//
// While the handler works the session reads on, to learn that the client has gone: the request is then marked as
// abandoned, also when only the client's half has ended. Few clients end their half and wait.
//
// Invariants   A1 At most one read is pending; it goes into the input buffer (kIdle, kHead, kBody with
//                 chunks, kHandling and kWriting), the body (kBody with a length) or the discard buffer
//                 (kLingering). While one into the input buffer is pending, the buffer is empty or not touched.
//              A2 Every request that reached the handler is answered once, in order.
//              A3 Memory: the input buffer (at most header_bytes_max) and one body, which is in the budget.
// Threads      The server's loop only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/body_buffer.h"
#include "http/message_parser.h"
#include "http/server_shared.h"
#include "http/stream_body.h"
#include "io/network.h"
#include "tls/secure_connection.h"

namespace tickscope::http {

class ServerSession {
 public:
  /// `secure` is the connection itself when it is over TLS, else null.
  ServerSession(ServerShared& shared, SessionId id, std::unique_ptr<io::Connection> connection,
                const tls::SecureConnection* secure);
  ~ServerSession();
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  /// Serves requests until the client or a limit ends it.
  void Start();
  /// Answers 503 at once and ends, without having read anything.
  void RefuseConnection();
  /// Ends now when idle; a request in progress gets its answer first. May destroy this.
  void Drain();
  /// Sends the handler's answer. May destroy this.
  void Reply(Response response);
  /// Sends what the answer's stream has, if it waited for that. May destroy this.
  void SendMore();

 private:
  enum class Phase : std::uint8_t { kIdle, kHead, kBody, kHandling, kWriting, kStreaming, kLingering };

  // Input.
  void ReadInput();
  void OnInput(Result<std::size_t> bytes);
  void OnInputEnd();
  void Advance();
  void ParseHead();
  void ParseChunks();
  void ReadBody();
  void OnHead();
  void StartBody();
  void Dispatch();
  // Lets the body go on for as long as it may before its rate is looked at.
  void ArmBody();
  void OnBodyTimeout();
  /// Reads while the handler works, so that the client's end is seen.
  void WatchForEnd();
  [[nodiscard]] std::optional<std::string> FindFlaw() const;
  [[nodiscard]] std::string_view Input() const;
  void ConsumeInput(std::size_t bytes);
  /// Makes room behind the input; false when the buffer is at its limit and full.
  [[nodiscard]] bool GrowInput();

  // Output.
  void Reject(int status, Limit limit, std::string_view why);
  void RejectHead(std::string_view why);
  void RejectBody(const Error& error);
  void StartWriting(Response response);
  void WriteNext();
  void OnWritten();
  // The answer is sent: what becomes of the connection.
  void FinishAnswer();
  void StartStreaming(std::string body);
  void FramePieces();
  void WriteStream();
  void OnStreamWritten();
  // Closes the stream, if there is one, so that whoever fills it stops.
  void DropStream();

  // End.
  void Linger();
  void ReadDiscarding();
  void End();

  void SetPhase(Phase phase);
  void Arm(std::chrono::milliseconds timeout);
  void Disarm();
  void OnTimeout();

  ServerShared& shared_;
  const SessionId id_;
  const std::unique_ptr<io::Connection> connection_;
  const tls::SecureConnection* const secure_;  // The same, when it is.
  Phase phase_ = Phase::kIdle;
  std::optional<io::TimerId> timer_;
  bool read_pending_ = false;
  bool input_ended_ = false;
  bool write_pending_ = false;

  std::vector<std::byte> input_;  // [input_begin_, input_end_) is received and not consumed.
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;

  std::unique_ptr<MessageParser> parser_;
  std::uint64_t body_left_ = 0;             // Of a body with a length.
  std::chrono::milliseconds body_time_{0};  // Since the head's end, at the timer's last turn.
  std::size_t body_bytes_then_ = 0;         // What had come then.
  std::optional<BodyBuffer> body_;
  std::shared_ptr<Abandonment> abandonment_;  // Of the request being handled.
  bool keep_alive_ = false;
  bool is_head_request_ = false;
  int version_ = 11;

  std::string output_head_;
  std::string output_body_;
  std::size_t output_sent_ = 0;         // Of output_body_.
  std::shared_ptr<StreamBody> stream_;  // Of the answer, until it has been written to its end.
  bool streaming_at_end_ = false;       // What is being written is the last of it.
  std::vector<StreamBody::Piece> output_pieces_;
  std::vector<ByteView> output_views_;  // Of head, pieces and end, what is still to be written.
  std::size_t stream_bytes_in_hand_ = 0;
  std::uint64_t discarded_bytes_ = 0;
};

}  // namespace tickscope::http
