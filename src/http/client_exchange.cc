#include "http/client_exchange.h"

#include <algorithm>
#include <utility>

namespace tickscope::http {
namespace {

constexpr std::size_t kHeaderBytesMax = 64 * 1024;
constexpr std::size_t kInputBytes = 16 * 1024;
// Informational answers a server may send before the real one.
constexpr int kInterimResponsesMax = 16;

std::string RequestHead(const Url& url, const Request& request) {
  std::string head;
  head.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (!request.headers.Has("Host")) head.append("Host: ").append(url.authority()).append("\r\n");
  for (const auto& [name, value] : request.headers.fields()) {
    if (EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "Transfer-Encoding")) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  const bool announces_body = !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (announces_body)
    head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  return head.append("\r\n");
}

}  // namespace

Status CheckReachable(const Url& url, const ClientOptions& options) {
  if (!url.is_secure || options.tls != nullptr) return {};
  return Fail(ErrorCode::kUnsupported, "https is not set up here: host=" + url.authority());
}

void Authorize(const ClientOptions& options, Request& request) {
  if (options.authorization.empty() || !request.headers.Get("Authorization").empty()) return;
  request.headers.Set("Authorization", options.authorization);
}

std::unique_ptr<io::Connection> Secure(io::EventLoop& loop, const Url& url, const ClientOptions& options,
                                       std::unique_ptr<io::Connection> connection) {
  if (!url.is_secure) return connection;
  return options.tls->Connect(loop, std::move(connection), url.host);
}

ClientExchange::ClientExchange(io::EventLoop& loop, const ClientOptions& options,
                               std::unique_ptr<io::Connection> connection, const Url& url,
                               const Request& request)
    : loop_(loop),
      options_(options),
      connection_(std::move(connection)),
      request_(request),
      head_(RequestHead(url, request)),
      input_(kInputBytes),
      budget_(options.response_bytes_max),
      body_(std::in_place, options.response_bytes_max, budget_) {}

ClientExchange::~ClientExchange() {
  if (timer_) loop_.CancelTimer(*timer_);
}

void ClientExchange::ArmTimer() {
  if (timer_) loop_.CancelTimer(*timer_);
  timer_ = loop_.After(options_.request_timeout, [this] {
    timer_.reset();
    timed_out_ = true;
    connection_->Close();
  });
}

void ClientExchange::Start(std::function<void(Result<Response>)> done, BodyReceiver receiver) {
  on_done_ = std::move(done);
  receiver_ = std::move(receiver);
  ArmTimer();
  StartParser();
  connection_->Write({AsBytes(head_), AsBytes(request_.body)}, [this](const Status& written) {
    // A server may answer and close before it has read everything (413). So the answer counts, if there is one,
    // and if there is none the read says so.
    sent_ = written.has_value();
  });
  ReadInput();
}

Result<Response> ClientExchange::Run() {
  std::optional<Result<Response>> outcome;
  Start([&](Result<Response> response) { outcome = std::move(response); });
  loop_.RunUntil([&] { return outcome.has_value(); });
  if (timer_) loop_.CancelTimer(*std::exchange(timer_, std::nullopt));
  if (!outcome) return Fail(ErrorCode::kCancelled, "the client's loop was stopped");
  return *std::move(outcome);
}

// Not at once: whoever is told may destroy the exchange, which is being called.
void ClientExchange::SetOutcome(Result<Response> outcome) {
  if (timer_) loop_.CancelTimer(*std::exchange(timer_, std::nullopt));
  if (timed_out_) {
    outcome =
        Fail(ErrorCode::kDeadlineExceeded, "request took too long: address=" + connection_->remote_address());
  }
  loop_.Post([done = std::exchange(on_done_, nullptr), outcome = std::move(outcome)]() mutable {
    if (done) done(std::move(outcome));
  });
}

void ClientExchange::HandOn() {
  if (!hands_on_) return;
  ArmTimer();
  const std::string content = body_->Release();
  body_.emplace(options_.response_bytes_max, budget_);
  if (!content.empty()) receiver_.on_content(content);
}

std::unique_ptr<io::Connection> ClientExchange::TakeReusable() {
  return reusable_ && sent_ && !timed_out_ ? std::move(connection_) : nullptr;
}

void ClientExchange::StartParser() {
  const bool to_head = request_.method == "HEAD";
  parser_ =
      MessageParser::Make(to_head ? MessageKind::kResponseToHead : MessageKind::kResponse, kHeaderBytesMax);
}

std::string_view ClientExchange::Input() const {
  return AsText(ByteView(input_).subspan(input_begin_, input_end_ - input_begin_));
}

void ClientExchange::ReadInput() {
  if (input_begin_ > 0) {
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(input_begin_),
              input_.begin() + static_cast<std::ptrdiff_t>(input_end_), input_.begin());
    input_end_ -= input_begin_;
    input_begin_ = 0;
  }
  if (input_end_ == input_.size()) {
    if (input_.size() >= kHeaderBytesMax)
      return GiveUp(ErrorCode::kOutOfRange, "head or chunk header too large");
    input_.resize(input_.size() * 2);
  }
  connection_->Read(std::span(input_).subspan(input_end_), [this](Result<std::size_t> bytes) {
    if (!CheckRead(bytes)) return;
    input_end_ += *bytes;
    Advance();
  });
}

bool ClientExchange::CheckRead(const Result<std::size_t>& bytes) {
  if (!bytes) {
    SetOutcome(std::unexpected(bytes.error()));
    return false;
  }
  if (*bytes == 0) {
    GiveUp(got_bytes_ ? ErrorCode::kCorruption : ErrorCode::kUnavailable,
           got_bytes_ ? "the answer was cut short" : "the server closed the connection without an answer");
    return false;
  }
  got_bytes_ = true;
  return true;
}

void ClientExchange::Advance() {
  if (parser_->head_done()) return ParseChunks();
  while (!parser_->head_done()) {
    const Result<std::size_t> taken = parser_->FeedHead(Input());
    if (!taken) return GiveUp(ErrorCode::kCorruption, taken.error().message);
    input_begin_ += *taken;
    if (!parser_->head_done() && *taken == 0) return ReadInput();
  }
  if (parser_->head().status / 100 == 1) {
    if (++interim_count_ > kInterimResponsesMax)
      return GiveUp(ErrorCode::kCorruption, "too many 1xx answers");
    StartParser();
    return Input().empty() ? ReadInput() : Advance();
  }
  StartBody();
}

void ClientExchange::StartBody() {
  const MessageHead& head = parser_->head();
  if (receiver_.on_content && head.status / 100 == 2) {
    hands_on_ = true;
    receiver_.on_head(Response{.status = head.status, .headers = head.headers, .body = {}});
  }
  if (head.framing == BodyFraming::kNone) return Complete();
  if (head.framing == BodyFraming::kChunked) return Input().empty() ? ReadInput() : ParseChunks();
  if (const Status fits = body_->CheckFits(head.content_length); !fits) {
    return GiveUp(fits.error().code, fits.error().message);
  }
  const bool until_end = head.framing == BodyFraming::kUntilEnd;
  body_left_ = until_end ? options_.response_bytes_max : head.content_length;
  const std::string_view here = Input().substr(0, std::min<std::uint64_t>(Input().size(), body_left_));
  if (const Status added = body_->Append(AsBytes(here)); !added)
    return GiveUp(added.error().code, added.error().message);
  body_left_ -= here.size();
  input_begin_ += here.size();
  HandOn();
  ReadBody();
}

void ClientExchange::ReadBody() {
  const bool until_end = parser_->head().framing == BodyFraming::kUntilEnd;
  if (body_left_ == 0 && !until_end) return Complete();
  const auto room =
      body_->Room(std::min<std::uint64_t>(body_left_, std::max<std::size_t>(body_->size(), kInputBytes)));
  if (!room) return GiveUp(room.error().code, room.error().message);
  connection_->Read(*room, [this, until_end](Result<std::size_t> bytes) {
    if (until_end && bytes && *bytes == 0) return Complete();
    if (!CheckRead(bytes)) return;
    body_->Commit(*bytes);
    body_left_ -= *bytes;
    HandOn();
    ReadBody();
  });
}

void ClientExchange::ParseChunks() {
  while (!parser_->body_done()) {
    const Result<std::size_t> taken = parser_->FeedChunks(Input(), *body_);
    if (!taken) {
      const bool too_large = taken.error().code == ErrorCode::kOutOfRange;
      return GiveUp(too_large ? ErrorCode::kOutOfRange : ErrorCode::kCorruption, taken.error().message);
    }
    input_begin_ += *taken;
    if (parser_->body_done() || (*taken > 0 && !Input().empty())) continue;
    HandOn();
    return ReadInput();
  }
  HandOn();
  Complete();
}

void ClientExchange::Complete() {
  MessageHead& head = parser_->head();
  reusable_ = head.keep_alive && head.framing != BodyFraming::kUntilEnd && Input().empty();
  SetOutcome(Response{.status = head.status, .headers = std::move(head.headers), .body = body_->Release()});
}

void ClientExchange::GiveUp(ErrorCode code, const std::string& what) {
  SetOutcome(Fail(code, what + ": address=" + connection_->remote_address()));
}

}  // namespace tickscope::http
