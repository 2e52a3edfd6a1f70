#include "http/client.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "http/message_parser.h"

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

// A field that would end early would let its value write fields of its own.
Status CheckSendable(const Request& request) {
  const auto has_line_break = [](std::string_view text) {
    return text.find_first_of("\r\n") != std::string_view::npos;
  };
  bool bad = has_line_break(request.method) || request.target.find_first_of(" \r\n") != std::string::npos;
  for (const auto& [name, value] : request.headers.fields())
    bad = bad || has_line_break(name) || has_line_break(value);
  if (bad) return Fail(ErrorCode::kInvalidArgument, "line break or blank in a request's target or header");
  return {};
}

class ClientImpl final : public Client {
 public:
  ClientImpl(io::Network& network, ClientOptions options)
      : network_(network), options_(options), loop_(network.MakeLoop()) {}

  Result<Response> Fetch(const Url& url, Request request) override {
    if (request.target == "/") request.target = url.target;
    TICKSCOPE_RETURN_IF_ERROR(CheckSendable(request));
    const std::string authority = url.authority();
    if (std::unique_ptr<io::Connection> kept = TakeIdle(authority)) {
      Exchange exchange(*this, std::move(kept), request, url);
      Result<Response> response = exchange.Run();
      if (response || !exchange.was_stale()) return Finish(authority, exchange, std::move(response));
    }
    TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<io::Connection> fresh, Connect(authority));
    Exchange exchange(*this, std::move(fresh), request, url);
    Result<Response> response = exchange.Run();
    return Finish(authority, exchange, std::move(response));
  }

 private:
  // One request and its answer on one connection.
  class Exchange {
   public:
    Exchange(ClientImpl& client, std::unique_ptr<io::Connection> connection, const Request& request,
             const Url& url)
        : client_(client),
          connection_(std::move(connection)),
          request_(request),
          head_(RequestHead(url, request)),
          budget_(client.options_.response_bytes_max),
          body_(client.options_.response_bytes_max, budget_),
          input_(kInputBytes) {}

    Result<Response> Run() {
      const io::TimerId timer = client_.loop_->After(client_.options_.request_timeout, [this] {
        timed_out_ = true;
        connection_->Close();
      });
      StartParser();
      connection_->Write({AsBytes(head_), AsBytes(request_.body)}, [this](Status written) {
        // A server may answer and close before it has read everything (413): the answer counts, if there is
        // one.
        if (!written) write_error_ = std::move(written).error();
        sent_ = true;
      });
      ReadInput();
      client_.loop_->RunUntil([this] { return outcome_.has_value(); });
      client_.loop_->CancelTimer(timer);
      if (timed_out_) {
        return Fail(ErrorCode::kDeadlineExceeded,
                    "request took too long: address=" + connection_->remote_address());
      }
      if (!outcome_) return Fail(ErrorCode::kCancelled, "the client's loop was stopped");
      return *std::move(outcome_);
    }

    /// The connection broke before it had given a byte, as one does that the server closed while it was idle.
    [[nodiscard]] bool was_stale() const { return !timed_out_ && !got_bytes_; }

    /// The connection, when it can carry another request.
    [[nodiscard]] std::unique_ptr<io::Connection> TakeReusable() {
      const bool clean = reusable_ && sent_ && !write_error_ && !timed_out_;
      return clean ? std::move(connection_) : nullptr;
    }

   private:
    void StartParser() {
      const bool to_head = request_.method == "HEAD";
      parser_ = MessageParser::Make(to_head ? MessageKind::kResponseToHead : MessageKind::kResponse,
                                    kHeaderBytesMax);
    }

    [[nodiscard]] std::string_view Input() const {
      return AsText(ByteView(input_).subspan(input_begin_, input_end_ - input_begin_));
    }

    void ReadInput() {
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

    // Records why there will be no answer; false then.
    bool CheckRead(const Result<std::size_t>& bytes) {
      if (!bytes) {
        outcome_ = std::unexpected(bytes.error());
        return false;
      }
      if (*bytes == 0) {
        GiveUp(
            got_bytes_ ? ErrorCode::kCorruption : ErrorCode::kUnavailable,
            got_bytes_ ? "the answer was cut short" : "the server closed the connection without an answer");
        return false;
      }
      got_bytes_ = true;
      return true;
    }

    void Advance() {
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

    void StartBody() {
      const MessageHead& head = parser_->head();
      if (head.framing == BodyFraming::kNone) return Complete();
      if (head.framing == BodyFraming::kChunked) return Input().empty() ? ReadInput() : ParseChunks();
      if (const Status fits = body_.CheckFits(head.content_length); !fits) {
        return GiveUp(fits.error().code, fits.error().message);
      }
      const bool until_end = head.framing == BodyFraming::kUntilEnd;
      body_left_ = until_end ? client_.options_.response_bytes_max : head.content_length;
      const std::string_view here = Input().substr(0, std::min<std::uint64_t>(Input().size(), body_left_));
      if (const Status added = body_.Append(AsBytes(here)); !added)
        return GiveUp(added.error().code, added.error().message);
      body_left_ -= here.size();
      input_begin_ += here.size();
      ReadBody();
    }

    void ReadBody() {
      const bool until_end = parser_->head().framing == BodyFraming::kUntilEnd;
      if (body_left_ == 0 && !until_end) return Complete();
      const auto room =
          body_.Room(std::min<std::uint64_t>(body_left_, std::max<std::size_t>(body_.size(), kInputBytes)));
      if (!room) return GiveUp(room.error().code, room.error().message);
      connection_->Read(*room, [this, until_end](Result<std::size_t> bytes) {
        if (until_end && bytes && *bytes == 0) return Complete();
        if (!CheckRead(bytes)) return;
        body_.Commit(*bytes);
        body_left_ -= *bytes;
        ReadBody();
      });
    }

    void ParseChunks() {
      while (!parser_->body_done()) {
        const Result<std::size_t> taken = parser_->FeedChunks(Input(), body_);
        if (!taken) {
          const bool too_large = taken.error().code == ErrorCode::kOutOfRange;
          return GiveUp(too_large ? ErrorCode::kOutOfRange : ErrorCode::kCorruption, taken.error().message);
        }
        input_begin_ += *taken;
        if (!parser_->body_done() && (*taken == 0 || Input().empty())) return ReadInput();
      }
      Complete();
    }

    void Complete() {
      MessageHead& head = parser_->head();
      reusable_ = head.keep_alive && head.framing != BodyFraming::kUntilEnd && Input().empty();
      outcome_ = Response{.status = head.status, .headers = std::move(head.headers), .body = body_.Release()};
    }

    void GiveUp(ErrorCode code, const std::string& what) {
      outcome_ = Fail(code, what + ": address=" + connection_->remote_address());
    }

    ClientImpl& client_;
    std::unique_ptr<io::Connection> connection_;
    const Request& request_;
    const std::string head_;
    ByteBudget budget_;
    BodyBuffer body_;
    std::uint64_t body_left_ = 0;
    std::vector<std::byte> input_;
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;
    std::unique_ptr<MessageParser> parser_;
    int interim_count_ = 0;
    std::optional<Error> write_error_;
    bool sent_ = false;
    bool got_bytes_ = false;
    bool timed_out_ = false;
    bool reusable_ = false;
    std::optional<Result<Response>> outcome_;
  };

  Result<std::unique_ptr<io::Connection>> Connect(const std::string& authority) {
    std::optional<Result<std::unique_ptr<io::Connection>>> made;
    network_.Connect(*loop_, authority, options_.connect_timeout,
                     [&](Result<std::unique_ptr<io::Connection>> result) { made = std::move(result); });
    loop_->RunUntil([&] { return made.has_value(); });
    if (!made) return Fail(ErrorCode::kCancelled, "the client's loop was stopped");
    return *std::move(made);
  }

  std::unique_ptr<io::Connection> TakeIdle(const std::string& authority) {
    const auto found = std::ranges::find(idle_, authority, &Idle::authority);
    if (found == idle_.end()) return nullptr;
    std::unique_ptr<io::Connection> connection = std::move(found->connection);
    idle_.erase(found);
    return connection;
  }

  Result<Response> Finish(const std::string& authority, Exchange& exchange, Result<Response> response) {
    std::unique_ptr<io::Connection> connection = response ? exchange.TakeReusable() : nullptr;
    if (connection && options_.idle_connections_max > 0) {
      if (idle_.size() >= options_.idle_connections_max) idle_.erase(idle_.begin());
      idle_.push_back({authority, std::move(connection)});
    }
    return response;
  }

  struct Idle {
    std::string authority;
    std::unique_ptr<io::Connection> connection;
  };

  io::Network& network_;
  const ClientOptions options_;
  const std::unique_ptr<io::EventLoop> loop_;
  std::vector<Idle> idle_;  // Longest unused first.
};

}  // namespace

std::unique_ptr<Client> Client::Make(io::Network& network, ClientOptions options) {
  return std::make_unique<ClientImpl>(network, options);
}

}  // namespace tickscope::http
