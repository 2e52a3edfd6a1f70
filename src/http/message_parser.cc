#include "http/message_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <type_traits>

namespace tickscope::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::string_view;

template <bool kIsRequest>
class BeastParser final : public MessageParser, private beast::http::basic_parser<kIsRequest> {
  using Base = beast::http::basic_parser<kIsRequest>;

 public:
  BeastParser(MessageKind kind, std::size_t header_bytes_max) : header_bytes_max_(header_bytes_max) {
    this->header_limit(static_cast<std::uint32_t>(header_bytes_max));
    this->body_limit(boost::none);  // Enforced by BodyBuffer, which can say more.
    if constexpr (!kIsRequest) this->skip(kind == MessageKind::kResponseToHead);
  }

  Result<std::size_t> FeedHead(std::string_view input) override {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t taken, Put(input));
    // Beast holds each piece of a head to the limit, not their sum.
    head_bytes_ += taken;
    if (head_bytes_ > header_bytes_max_) return FailHeadTooLarge();
    return taken;
  }

  bool head_done() const override { return this->is_header_done(); }
  MessageHead& head() override { return head_; }

  Result<std::size_t> FeedChunks(std::string_view input, BodyBuffer& body) override {
    body_ = &body;
    this->eager(true);
    Result<std::size_t> taken = Put(input);
    body_ = nullptr;
    return taken;
  }

  bool body_done() const override { return this->is_done(); }

 private:
  std::unexpected<Error> FailHeadTooLarge() const {
    return Fail(ErrorCode::kOutOfRange, "head too large: bytes_max=" + std::to_string(header_bytes_max_) +
                                            " fields_max=" + std::to_string(kHeaderFieldsMax));
  }

  Result<std::size_t> Put(std::string_view input) {
    if (input.empty()) return std::size_t{0};
    error_code error;
    const std::size_t taken = this->put(boost::asio::const_buffer(input.data(), input.size()), error);
    if (body_error_) return std::unexpected(*std::move(body_error_));
    if (!error || error == beast::http::error::need_more) return taken;
    if (error == beast::http::error::header_limit) return Fail(ErrorCode::kOutOfRange, "head too large");
    if (error == beast::http::error::bad_version)
      return Fail(ErrorCode::kUnsupported, "want HTTP/1.0 or HTTP/1.1");
    return Fail(ErrorCode::kInvalidArgument, "not HTTP/1: " + error.message());
  }

  void on_request_impl(beast::http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    head_.method = method;
    head_.target = target;
    head_.version = version;
  }

  void on_response_impl(int status, string_view, int version, error_code&) override {
    head_.status = status;
    head_.version = version;
  }

  void on_field_impl(beast::http::field, string_view name, string_view value, error_code& error) override {
    if (this->is_header_done()) return;  // A trailer: it must not pass for a header field.
    if (head_.headers.fields().size() == kHeaderFieldsMax) {
      error = beast::http::error::header_limit;
      return;
    }
    head_.headers.Add(name, value);
  }

  void on_header_impl(error_code& error) override {
    head_.keep_alive = this->keep_alive();
    if (head_.headers.Has("Transfer-Encoding")) {
      // A coding we do not take off would leave the message's end a matter of opinion, which is how requests
      // are smuggled.
      const bool plain = head_.headers.Count("Transfer-Encoding") == 1 && head_.version == 11 &&
                         EqualsIgnoreCase(head_.headers.Get("Transfer-Encoding"), "chunked");
      if (!plain) error = beast::http::error::bad_transfer_encoding;
      if (!this->is_done()) head_.framing = BodyFraming::kChunked;
    } else if (const auto length = this->content_length(); length && *length > 0 && !this->is_done()) {
      head_.framing = BodyFraming::kLength;
      head_.content_length = *length;
    } else if (!kIsRequest && this->need_eof() && !this->is_done()) {
      head_.framing = BodyFraming::kUntilEnd;
    }
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code& error) override { return Take(body, error); }
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code& error) override {
    Check(body_->CheckFits(size), error);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
    return Take(body, error);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t Take(string_view piece, error_code& error) {
    Check(body_->Append(AsBytes({piece.data(), piece.size()})), error);
    return piece.size();
  }

  // Stops the parser when the body was not taken, and keeps why.
  void Check(Status taken, error_code& error) {
    if (taken) return;
    body_error_ = std::move(taken).error();
    error = beast::http::error::body_limit;
  }

  const std::size_t header_bytes_max_;
  std::size_t head_bytes_ = 0;
  MessageHead head_;
  BodyBuffer* body_ = nullptr;  // While FeedChunks runs.
  std::optional<Error> body_error_;
};

}  // namespace

std::unique_ptr<MessageParser> MessageParser::Make(MessageKind kind, std::size_t header_bytes_max) {
  if (kind == MessageKind::kRequest) return std::make_unique<BeastParser<true>>(kind, header_bytes_max);
  return std::make_unique<BeastParser<false>>(kind, header_bytes_max);
}

}  // namespace tickscope::http
