#include "http/server_session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "http/abandonment.h"

namespace tickscope::http {
namespace {

// Enough for the head of any usual request; 10,000 idle connections hold 40 MB.
constexpr std::size_t kInputBytesInitial = 4096;
// A client must take this much of an answer in each write_timeout. Also what one client can hold in the
// kernel.
constexpr std::size_t kWriteBytesMax = 256 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// What a handler answers a request with; answers 500 when it is dropped.
class PendingReply {
 public:
  PendingReply(std::shared_ptr<ReplyPath> path, SessionId session)
      : path_(std::move(path)), session_(session) {}
  ~PendingReply() {
    if (path_) path_->Send(session_, TextResponse(500, "the handler gave no answer"));
  }
  PendingReply(PendingReply&&) = default;
  PendingReply(const PendingReply&) = delete;
  PendingReply& operator=(const PendingReply&) = delete;

  void operator()(Response response) {
    TICKSCOPE_CHECK(path_ != nullptr);  // Answer exactly once.
    std::exchange(path_, nullptr)->Send(session_, std::move(response));
  }

 private:
  std::shared_ptr<ReplyPath> path_;
  SessionId session_;
};

bool MayHaveBody(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// These say how the message ends and whether the connection goes on: the session's business.
bool IsFramingField(std::string_view name) {
  return EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "Connection") ||
         EqualsIgnoreCase(name, "Transfer-Encoding");
}

// A line break in a value would let whoever chose it write fields, or whole answers, of their own.
bool HasLineBreak(const Headers& headers) {
  return std::ranges::any_of(headers.fields(), [](const auto& field) {
    return field.first.find_first_of("\r\n") != std::string::npos ||
           field.second.find_first_of("\r\n") != std::string::npos;
  });
}

// "http://host/path" as a proxy's client sends it names the same thing as "/path".
std::string OriginForm(std::string target) {
  const std::size_t scheme_end = target.find("://");
  if (target.starts_with('/') || scheme_end == std::string::npos) return target;
  const std::size_t path = target.find_first_of("/?", scheme_end + 3);
  if (path == std::string::npos) return "/";
  std::string origin = target[path] == '/' ? "" : "/";
  return origin.append(target, path);
}

std::string SecondsText(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + "ms";
}

}  // namespace

ServerSession::ServerSession(ServerShared& shared, SessionId id, std::unique_ptr<io::Connection> connection,
                             const tls::SecureConnection* secure)
    : shared_(shared), id_(id), connection_(std::move(connection)), secure_(secure) {
  shared_.metrics.connections->Add(1);
}

ServerSession::~ServerSession() {
  DropStream();
  SetPhase(Phase::kLingering);
  Disarm();
  shared_.metrics.connections->Add(-1);
}

void ServerSession::Start() {
  input_.resize(kInputBytesInitial);
  parser_ = MessageParser::Make(MessageKind::kRequest, shared_.options.header_bytes_max);
  // Who connects is expected to ask something, sooner than who asked before.
  Arm(shared_.options.header_timeout);
  ReadInput();
}

void ServerSession::RefuseConnection() {
  Reject(503, Limit::kConnections,
         "too many connections: connections_max=" + std::to_string(shared_.options.connections_max));
}

void ServerSession::Drain() {
  if (phase_ == Phase::kIdle) return End();
  if (stream_) stream_->End();
}

std::string_view ServerSession::Input() const {
  return AsText(ByteView(input_).subspan(input_begin_, input_end_ - input_begin_));
}

void ServerSession::ConsumeInput(std::size_t bytes) {
  input_begin_ += bytes;
  if (input_begin_ == input_end_) input_begin_ = input_end_ = 0;
}

bool ServerSession::GrowInput() {
  if (input_begin_ > 0) {
    std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
    input_end_ -= input_begin_;
    input_begin_ = 0;
  }
  if (input_end_ < input_.size()) return true;
  if (input_.size() >= shared_.options.header_bytes_max) return false;
  input_.resize(std::min(input_.size() * 2, shared_.options.header_bytes_max));
  return true;
}

void ServerSession::ReadInput() {
  if (input_ended_) return OnInputEnd();
  TICKSCOPE_DCHECK(input_end_ < input_.size());
  read_pending_ = true;
  connection_->Read(std::span(input_).subspan(input_end_),
                    [this](Result<std::size_t> bytes) { OnInput(std::move(bytes)); });
}

void ServerSession::OnInput(Result<std::size_t> bytes) {
  read_pending_ = false;
  if (phase_ == Phase::kWriting || phase_ == Phase::kStreaming || phase_ == Phase::kLingering) body_.reset();
  if (!bytes) {
    if (phase_ == Phase::kHandling) abandonment_->Tell();
    return End();
  }
  if (*bytes == 0) {
    input_ended_ = true;
    return OnInputEnd();
  }
  // A limit struck while the read was pending: what came is not wanted any more.
  if (phase_ == Phase::kWriting && !keep_alive_) return;
  if (phase_ == Phase::kLingering) return ReadDiscarding();
  input_end_ += *bytes;
  // The next request, sent before the answer to this one; it waits.
  if (phase_ == Phase::kHandling || phase_ == Phase::kWriting || phase_ == Phase::kStreaming) return;
  Advance();
}

void ServerSession::OnInputEnd() {
  switch (phase_) {
    case Phase::kIdle:
    case Phase::kLingering:
    case Phase::kStreaming:  // Whoever follows a stream keeps both halves open.
      return End();
    case Phase::kHead:
      return Reject(400, Limit::kMalformed, "the stream ended inside the head of a request");
    case Phase::kBody: {
      std::string why = "the stream ended inside the body of a request: got=" + std::to_string(body_->size());
      if (body_left_ > 0) why += " want=" + std::to_string(body_->size() + body_left_);
      return Reject(400, Limit::kMalformed, why);
    }
    case Phase::kHandling:
      abandonment_->Tell();
      return;  // Half-closed: an answer may still be read.
    case Phase::kWriting:
      return;
  }
}

void ServerSession::Advance() {
  if (phase_ == Phase::kBody) return ParseChunks();
  ParseHead();
}

void ServerSession::ParseHead() {
  while (!parser_->head_done()) {
    const Result<std::size_t> taken = parser_->FeedHead(Input());
    if (!taken && taken.error().code == ErrorCode::kOutOfRange) return RejectHead(taken.error().message);
    if (!taken) return Reject(400, Limit::kMalformed, taken.error().message);
    ConsumeInput(*taken);
    if (parser_->head_done() || *taken > 0) continue;
    if (!GrowInput()) {
      return RejectHead("head too large: bytes_max=" + std::to_string(shared_.options.header_bytes_max));
    }
    if (phase_ == Phase::kIdle) {
      SetPhase(Phase::kHead);
      Arm(shared_.options.header_timeout);
    }
    return ReadInput();
  }
  OnHead();
}

std::optional<std::string> ServerSession::FindFlaw() const {
  const MessageHead& head = parser_->head();
  const std::size_t hosts = head.headers.Count("Host");
  if (hosts > 1 || (hosts == 0 && head.version == 11)) {
    return "want one Host field, got " + std::to_string(hosts);
  }
  if (!head.target.starts_with('/') && !head.target.contains("://")) return "bad request target";
  return std::nullopt;
}

void ServerSession::OnHead() {
  const MessageHead& head = parser_->head();
  keep_alive_ = head.keep_alive;
  version_ = head.version;
  is_head_request_ = head.method == "HEAD";
  SetPhase(Phase::kBody);
  if (const std::optional<std::string> flaw = FindFlaw()) return Reject(400, Limit::kMalformed, *flaw);
  const std::string_view expectation = head.headers.Get("Expect");
  if (!expectation.empty() && !EqualsIgnoreCase(expectation, "100-continue")) {
    return Reject(417, Limit::kMalformed, "want no expectation but 100-continue");
  }
  if (head.framing == BodyFraming::kNone) return Dispatch();
  body_.emplace(shared_.options.body_bytes_max, shared_.body_budget);
  if (const Status fits = body_->CheckFits(head.content_length); !fits) return RejectBody(fits.error());
  body_left_ = head.content_length;
  body_time_ = {};
  body_bytes_then_ = 0;
  ArmBody();
  const bool waits_for_leave = !expectation.empty() && version_ == 11 && Input().empty();
  if (!waits_for_leave) return StartBody();
  write_pending_ = true;
  connection_->Write({AsBytes(kContinue)}, [this](const Status& written) {
    write_pending_ = false;
    if (!written) return End();
    if (phase_ == Phase::kWriting) return WriteNext();  // A timeout struck meanwhile.
    StartBody();
  });
}

void ServerSession::StartBody() {
  if (parser_->head().framing == BodyFraming::kChunked) return ParseChunks();
  const std::size_t here = std::min<std::uint64_t>(Input().size(), body_left_);
  if (here > 0) {
    // Asks for room for all of it, so that what follows needs no second allocation.
    const auto room = body_->Room(body_left_);
    if (!room) return RejectBody(room.error());
    const std::size_t copied = std::min(room->size(), here);
    std::memcpy(room->data(), Input().data(), copied);
    body_->Commit(copied);
    if (const Status added = body_->Append(AsBytes(Input().substr(copied, here - copied))); !added) {
      return RejectBody(added.error());
    }
    ConsumeInput(here);
    body_left_ -= here;
  }
  ReadBody();
}

void ServerSession::ReadBody() {
  if (body_left_ == 0) return Dispatch();
  if (input_ended_) return OnInputEnd();
  const auto room = body_->Room(body_left_);
  if (!room) return RejectBody(room.error());
  read_pending_ = true;
  connection_->Read(*room, [this](Result<std::size_t> bytes) {
    if (phase_ != Phase::kBody || !bytes || *bytes == 0) return OnInput(std::move(bytes));
    read_pending_ = false;
    body_->Commit(*bytes);
    body_left_ -= *bytes;
    ReadBody();
  });
}

void ServerSession::ParseChunks() {
  for (;;) {
    const Result<std::size_t> taken = parser_->FeedChunks(Input(), *body_);
    if (!taken) return RejectBody(taken.error());
    ConsumeInput(*taken);
    if (parser_->body_done()) return Dispatch();
    if (*taken > 0 && !Input().empty()) continue;
    if (!GrowInput()) return Reject(400, Limit::kMalformed, "chunk header or trailers too long");
    return ReadInput();
  }
}

void ServerSession::Dispatch() {
  Disarm();
  SetPhase(Phase::kHandling);
  MessageHead& head = parser_->head();
  Request request{.method = std::move(head.method),
                  .target = OriginForm(std::move(head.target)),
                  .headers = std::move(head.headers),
                  .body = body_ ? body_->Release() : std::string(),
                  .remote_address = connection_->remote_address(),
                  .peer = secure_ == nullptr ? nullptr : secure_->peer(),
                  .abandonment = abandonment_ = std::make_shared<Abandonment>()};
  shared_.metrics.body_bytes->Add(request.body.size());
  WatchForEnd();
  shared_.handler(std::move(request), PendingReply(shared_.replies, id_));
}

void ServerSession::WatchForEnd() {
  if (input_ended_) {
    abandonment_->Tell();
    return;
  }
  // With the next request in the buffer the client is known to wait.
  if (Input().empty()) ReadInput();
}

void ServerSession::Reject(int status, Limit limit, std::string_view why) {
  shared_.metrics.CountRejection(limit);
  keep_alive_ = false;
  if (!read_pending_) body_.reset();  // Else the read still fills it.
  Response response = TextResponse(status, why);
  if (status == 503) response.headers.Add("Retry-After", "1");
  StartWriting(std::move(response));
}

void ServerSession::RejectHead(std::string_view why) {
  Reject(431, Limit::kHeaderBytes, why);
}

void ServerSession::RejectBody(const Error& error) {
  switch (error.code) {
    case ErrorCode::kOutOfRange:
      return Reject(413, Limit::kBodyBytes, error.message);
    case ErrorCode::kResourceExhausted:
      return Reject(503, Limit::kBodyBytesInFlight, error.message);
    default:
      return Reject(400, Limit::kMalformed, error.message);
  }
}

void ServerSession::Reply(Response response) {
  TICKSCOPE_CHECK(phase_ == Phase::kHandling);
  body_.reset();
  if (HasLineBreak(response.headers)) {
    if (response.stream) response.stream->Close();
    response = TextResponse(500, "line break in a header field of the answer");
  }
  StartWriting(std::move(response));
}

void ServerSession::StartWriting(Response response) {
  SetPhase(Phase::kWriting);
  shared_.metrics.CountResponse(response.status);
  if (shared_.draining) keep_alive_ = false;
  stream_ = std::move(response.stream);
  if (stream_) {
    shared_.metrics.streams->Add(1);
    // Of unknown length: HTTP/1.0 knows no other end than the connection's.
    if (version_ == 10) keep_alive_ = false;
    if (is_head_request_) DropStream();
    if (shared_.draining && stream_) stream_->End();
  }

  output_head_.clear();
  output_head_.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  output_head_.append(StatusText(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers.fields()) {
    if (!IsFramingField(name)) output_head_.append(name).append(": ").append(value).append("\r\n");
  }
  if (stream_) {
    if (version_ == 11) output_head_.append("Transfer-Encoding: chunked\r\n");
  } else if (MayHaveBody(response.status)) {
    output_head_.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  }
  if (!keep_alive_) {
    output_head_.append("Connection: close\r\n");
  } else if (version_ == 10) {
    output_head_.append("Connection: keep-alive\r\n");
  }
  output_head_.append("\r\n");
  if (stream_) return StartStreaming(std::move(response.body));
  const bool with_body = MayHaveBody(response.status) && !is_head_request_;
  output_body_ = with_body ? std::move(response.body) : std::string();
  output_sent_ = 0;
  WriteNext();
}

void ServerSession::StartStreaming(std::string body) {
  stream_->Attach([path = shared_.replies, id = id_] { path->SendMore(id); });
  output_pieces_.clear();
  // As the stream's first piece, so that it is framed like the others.
  if (!body.empty()) output_pieces_.push_back(std::make_shared<const std::string>(std::move(body)));
  streaming_at_end_ = false;
  FramePieces();
  SetPhase(Phase::kStreaming);
  if (input_ended_) return End();
  WriteStream();
}

// What is to be written next: the head when it is still in output_head_, the pieces in hand as one chunk, and after the
// last the end.
void ServerSession::FramePieces() {
  std::size_t bytes = 0;
  for (const StreamBody::Piece& piece : output_pieces_)
    bytes += piece->size();
  const bool chunked = version_ == 11;
  if (chunked && bytes > 0) {
    std::array<char, 20> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes, 16).ptr;
    output_head_.append(size.data(), end).append("\r\n");
  }
  output_body_.clear();
  if (chunked && bytes > 0) output_body_.append("\r\n");
  if (chunked && streaming_at_end_) output_body_.append("0\r\n\r\n");
  output_views_.clear();
  output_views_.push_back(AsBytes(output_head_));
  for (const StreamBody::Piece& piece : output_pieces_)
    output_views_.push_back(AsBytes(*piece));
  output_views_.push_back(AsBytes(output_body_));
  std::erase_if(output_views_, [](ByteView view) { return view.empty(); });
  stream_bytes_in_hand_ = bytes;
}

// Writes on: at most kWriteBytesMax, so that a client must take each slice within write_timeout.
void ServerSession::WriteStream() {
  if (write_pending_) return;
  if (output_views_.empty()) return OnStreamWritten();
  std::vector<ByteView> slice;
  std::size_t room = kWriteBytesMax;
  std::size_t whole = 0;
  while (whole < output_views_.size() && room > 0) {
    ByteView& view = output_views_[whole];
    const std::size_t bytes = std::min(room, view.size());
    slice.push_back(view.first(bytes));
    view = view.subspan(bytes);
    room -= bytes;
    if (view.empty()) ++whole;
  }
  output_views_.erase(output_views_.begin(), output_views_.begin() + static_cast<std::ptrdiff_t>(whole));
  Arm(shared_.options.write_timeout);
  write_pending_ = true;
  connection_->Write(std::move(slice), [this](const Status& written) {
    write_pending_ = false;
    if (!written) return End();
    WriteStream();
  });
}

void ServerSession::OnStreamWritten() {
  Disarm();
  shared_.metrics.stream_bytes->Add(std::exchange(stream_bytes_in_hand_, 0));
  output_head_.clear();
  output_pieces_.clear();
  if (streaming_at_end_) {
    DropStream();
    output_body_.clear();
    return FinishAnswer();
  }
  StreamBody::Taken taken = stream_->Take(kWriteBytesMax);
  output_pieces_ = std::move(taken.pieces);
  streaming_at_end_ = taken.at_end;
  // Nothing yet: SendMore comes when there is.
  if (output_pieces_.empty() && !streaming_at_end_) return;
  FramePieces();
  // Without a body's end to write (HTTP/1.0) there is nothing that would call back.
  WriteStream();
}

void ServerSession::SendMore() {
  if (stream_ && stream_->aborted()) return End();
  if (phase_ == Phase::kStreaming && output_views_.empty() && !write_pending_) OnStreamWritten();
}

void ServerSession::DropStream() {
  if (!stream_) return;
  shared_.metrics.streams->Add(-1);
  std::exchange(stream_, nullptr)->Close();
}

void ServerSession::WriteNext() {
  if (write_pending_) return;  // Its end comes back here.
  Arm(shared_.options.write_timeout);
  std::vector<ByteView> pieces;
  if (output_sent_ == 0) pieces.push_back(AsBytes(output_head_));
  const std::string_view slice = std::string_view(output_body_).substr(output_sent_, kWriteBytesMax);
  pieces.push_back(AsBytes(slice));
  output_sent_ += slice.size();
  write_pending_ = true;
  connection_->Write(std::move(pieces), [this](const Status& written) {
    write_pending_ = false;
    if (!written) return End();
    OnWritten();
  });
}

void ServerSession::OnWritten() {
  if (output_sent_ < output_body_.size()) return WriteNext();
  output_body_ = {};
  FinishAnswer();
}

void ServerSession::FinishAnswer() {
  if (!keep_alive_ || shared_.draining) return Linger();
  parser_ = MessageParser::Make(MessageKind::kRequest, shared_.options.header_bytes_max);
  SetPhase(Phase::kIdle);
  Arm(shared_.options.idle_timeout);
  if (!Input().empty()) return Advance();
  if (read_pending_) return;
  if (input_.size() > kInputBytesInitial) input_ = std::vector<std::byte>(kInputBytesInitial);
  ReadInput();
}

void ServerSession::Linger() {
  SetPhase(Phase::kLingering);
  connection_->ShutdownWrite();
  if (input_ended_) return End();
  Arm(shared_.options.linger_timeout);
  if (!read_pending_) ReadDiscarding();
}

void ServerSession::ReadDiscarding() {
  connection_->Read(shared_.discard, [this](Result<std::size_t> bytes) {
    if (!bytes || *bytes == 0) return End();
    discarded_bytes_ += *bytes;
    if (discarded_bytes_ > shared_.options.linger_bytes_max) return End();
    ReadDiscarding();
  });
}

void ServerSession::End() {
  shared_.on_ended(id_);
}

void ServerSession::SetPhase(Phase phase) {
  const auto is_busy = [](Phase p) { return p != Phase::kIdle && p != Phase::kLingering; };
  shared_.busy_count += is_busy(phase) ? 1 : 0;
  shared_.busy_count -= is_busy(phase_) ? 1 : 0;
  phase_ = phase;
  if (shared_.draining && shared_.busy_count == 0) shared_.on_quiet();
}

void ServerSession::Arm(std::chrono::milliseconds timeout) {
  Disarm();
  timer_ = shared_.loop.After(timeout, [this] {
    timer_.reset();
    OnTimeout();
  });
}

void ServerSession::Disarm() {
  if (timer_) shared_.loop.CancelTimer(*std::exchange(timer_, std::nullopt));
}

void ServerSession::ArmBody() {
  const ServerOptions& options = shared_.options;
  const std::chrono::milliseconds left = options.body_timeout - body_time_;
  const std::chrono::milliseconds turn =
      options.body_rate_min == 0 ? left : std::min(left, options.body_rate_interval);
  body_time_ += turn;
  Arm(turn);
}

void ServerSession::OnBodyTimeout() {
  const ServerOptions& options = shared_.options;
  if (body_time_ >= options.body_timeout) {
    return Reject(408, Limit::kBodyTime,
                  "body took too long: time_max=" + SecondsText(options.body_timeout) +
                      " got=" + std::to_string(body_->size()));
  }
  const std::size_t came = body_->size() - std::exchange(body_bytes_then_, body_->size());
  const auto interval_ms = static_cast<std::uint64_t>(options.body_rate_interval.count());
  if (came * 1000 < options.body_rate_min * interval_ms) {
    return Reject(408, Limit::kBodyRate,
                  "body comes too slowly: bytes_per_second_min=" + std::to_string(options.body_rate_min) +
                      " got=" + std::to_string(came * 1000 / interval_ms));
  }
  ArmBody();
}

void ServerSession::OnTimeout() {
  switch (phase_) {
    case Phase::kIdle:
    case Phase::kLingering:
      return End();
    case Phase::kHead:
      return Reject(408, Limit::kHeaderTime,
                    "head took too long: time_max=" + SecondsText(shared_.options.header_timeout));
    case Phase::kBody:
      return OnBodyTimeout();
    case Phase::kHandling:
      return;
    case Phase::kWriting:
    case Phase::kStreaming:
      shared_.metrics.CountRejection(Limit::kWriteTime);
      return End();
  }
}

}  // namespace tickscope::http
