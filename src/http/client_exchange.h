// ClientExchange: one request and its answer on one connection. Internal to the client.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/body_buffer.h"
#include "http/client.h"
#include "http/message_parser.h"
#include "io/network.h"

namespace tickscope::http {

/// Who takes a body as it comes. Called on the loop; an answer that is no success is whole at the end all the same.
struct BodyReceiver {
  std::function<void(const Response& head)> on_head;
  std::function<void(std::string_view content)> on_content;
};

/// Whether a client with these options can speak to the URL's scheme. Errors: kUnsupported.
[[nodiscard]] Status CheckReachable(const Url& url, const ClientOptions& options);
/// Has a request say who sends it, if the options do and it does not.
void Authorize(const ClientOptions& options, Request& request);
/// The connection as the URL's scheme has it: as it is, or with TLS over it.
[[nodiscard]] std::unique_ptr<io::Connection> Secure(io::EventLoop& loop, const Url& url,
                                                     const ClientOptions& options,
                                                     std::unique_ptr<io::Connection> connection);

class ClientExchange {
 public:
  ~ClientExchange();
  ClientExchange(const ClientExchange&) = delete;
  ClientExchange& operator=(const ClientExchange&) = delete;
  /// `loop`, `options`, `request` outlive the exchange; `request` is ready to be sent.
  ClientExchange(io::EventLoop& loop, const ClientOptions& options,
                 std::unique_ptr<io::Connection> connection, const Url& url, const Request& request);

  /// Runs the loop until the answer is there or will not come. Once. Errors as Client::Fetch.
  [[nodiscard]] Result<Response> Run();

  /// The same without waiting: `done` runs on the loop, and the exchange lives until then. With a receiver the
  /// content goes there, and request_timeout counts from one piece of it to the next.
  void Start(std::function<void(Result<Response>)> done, BodyReceiver receiver = {});

  /// After a failure: the connection broke before it had given a byte, as one does that the server closed while it
  /// was idle.
  [[nodiscard]] bool was_stale() const { return !timed_out_ && !got_bytes_; }

  /// After an answer: the connection when it can carry another request, else null.
  [[nodiscard]] std::unique_ptr<io::Connection> TakeReusable();

 private:
  void StartParser();
  void ReadInput();
  void Advance();
  void StartBody();
  void ReadBody();
  void ParseChunks();
  void Complete();
  void GiveUp(ErrorCode code, const std::string& what);
  /// Gives up when the read failed or the stream ended; false then.
  bool CheckRead(const Result<std::size_t>& bytes);
  void SetOutcome(Result<Response> outcome);
  void ArmTimer();
  // Passes on what has come, if somebody receives it.
  void HandOn();
  [[nodiscard]] std::string_view Input() const;

  io::EventLoop& loop_;
  const ClientOptions& options_;
  std::unique_ptr<io::Connection> connection_;
  const Request& request_;
  const std::string head_;

  std::vector<std::byte> input_;  // [input_begin_, input_end_) is received and not consumed.
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::unique_ptr<MessageParser> parser_;
  ByteBudget budget_;
  std::optional<BodyBuffer> body_;
  BodyReceiver receiver_;
  bool hands_on_ = false;
  std::function<void(Result<Response>)> on_done_;
  std::optional<io::TimerId> timer_;
  std::uint64_t body_left_ = 0;
  int interim_count_ = 0;

  bool sent_ = false;
  bool got_bytes_ = false;
  bool timed_out_ = false;
  bool reusable_ = false;
};

}  // namespace tickscope::http
