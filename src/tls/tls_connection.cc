#include "tls/tls_connection.h"

#include <openssl/err.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "tls/peer_certificate.h"

namespace tickscope::tls {
namespace {

constexpr std::size_t kInputBytesIdle = 4096;
constexpr std::size_t kInputBytesBusy = 16 * 1024;
constexpr std::size_t kOutBytesMax = 64 * 1024;
// After a refused handshake what the other end still sends is read and dropped: closing with unread bytes would reset the connection and
// lose the alert that says why.
constexpr std::chrono::milliseconds kRefusalLinger{1'000};

int StateIndex() {
  static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

// What the last error in OpenSSL's queue says about the handshake.
HandshakeResult ResultOfQueue() {
  const unsigned long code = ERR_peek_last_error();
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return HandshakeResult::kProtocol;
  const int reason = ERR_GET_REASON(code);
  if (reason >= SSL_AD_REASON_OFFSET) return HandshakeResult::kRefused;
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return HandshakeResult::kNoCertificate;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return HandshakeResult::kVersion;
    default:
      return HandshakeResult::kProtocol;
  }
}

class State : public std::enable_shared_from_this<State> {
 public:
  State(io::EventLoop& loop, std::unique_ptr<io::Connection> inner, TlsConnectionOptions options)
      : loop_(loop),
        inner_(std::move(inner)),
        options_(std::move(options)),
        ssl_(options_.ssl.get()),
        remote_address_(inner_->remote_address()) {
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    TICKSCOPE_CHECK(in_ != nullptr && out_ != nullptr);
    BIO_set_mem_eof_return(in_, -1);  // No bytes mean none yet.
    BIO_set_mem_eof_return(out_, -1);
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_ex_data(ssl_, StateIndex(), this);
    if (options_.side == Side::kServer) {
      SSL_set_accept_state(ssl_);
    } else {
      SSL_set_connect_state(ssl_);
    }
  }

  void Read(std::span<std::byte> buffer, io::ReadCallback done) {
    TICKSCOPE_CHECK(!read_done_);  // One at a time.
    read_buffer_ = buffer;
    read_done_ = std::move(done);
    Pump();
  }

  void Write(std::vector<ByteView> pieces, io::WriteCallback done) {
    TICKSCOPE_CHECK(!write_done_);
    std::erase_if(pieces, [](ByteView piece) { return piece.empty(); });
    write_pieces_ = std::move(pieces);
    write_index_ = 0;
    write_done_ = std::move(done);
    Pump();
  }

  void ShutdownWrite() {
    shut_wanted_ = true;
    Pump();
  }

  void Close() {
    inner_->Close();
    Fail(tickscope::Fail(ErrorCode::kCancelled, "connection closed: address=" + remote_address_).error());
    failing_ = false;
    Deliver();
  }

  // The user lets go.
  void Drop() {
    CountIncomplete();
    // Else OpenSSL takes the session for a bad one, not to be resumed.
    if (is_open_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    is_dropped_ = true;
    if (linger_timer_) loop_.CancelTimer(*std::exchange(linger_timer_, std::nullopt));
    read_done_ = nullptr;
    write_done_ = nullptr;
    inner_.reset();
  }

  void TakeSession(SessionPtr session) {
    if (options_.on_session) options_.on_session(std::move(session));
  }

  [[nodiscard]] std::shared_ptr<const Peer> peer() const { return peer_; }
  [[nodiscard]] const std::string& remote_address() const { return remote_address_; }

 private:
  void Pump() {
    if (is_dropped_) return;
    if (error_) {
      if (!failing_) Deliver();
      return;
    }
    ERR_clear_error();
    if (!is_open_) Handshake();
    if (is_open_ && !error_) {
      Encrypt();
      Decrypt();
      ShutDown();
    }
    Flush();
    CompleteWrite();
    FetchInput();
  }

  void Handshake() {
    began_ = true;
    if (options_.turns != nullptr && !has_turn_) return AwaitTurn();
    // Whoever gave up while waiting is not worth the work.
    if (has_turn_ && inner_ended_)
      return Refuse(HandshakeResult::kIncomplete, "ended during the TLS handshake");
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) return Open();
    const int why = SSL_get_error(ssl_, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      if (inner_ended_) Refuse(HandshakeResult::kIncomplete, "ended during the TLS handshake");
      return;
    }
    const long verified = SSL_get_verify_result(ssl_);
    if (verified != X509_V_OK)
      return Refuse(ResultOfVerification(verified),
                    std::string("bad certificate: ").append(X509_verify_cert_error_string(verified)));
    const HandshakeResult reason = ResultOfQueue();
    Refuse(reason, "TLS handshake failed: " + TakeSslReason());
  }

  void AwaitTurn() {
    const bool has_work = BIO_ctrl_pending(in_) > 0 || inner_ended_;
    if (!has_work || std::exchange(is_waiting_, true)) return;
    options_.turns->Wait([weak = weak_from_this()] {
      const std::shared_ptr<State> self = weak.lock();
      if (self == nullptr) return;
      self->is_waiting_ = false;
      self->has_turn_ = true;
      self->Pump();
      self->has_turn_ = false;
    });
  }

  void Open() {
    const bool is_resumed = SSL_session_reused(ssl_) == 1;
    if (const X509* const certificate = SSL_get0_peer_certificate(ssl_); certificate != nullptr) {
      const time_t now_s = static_cast<time_t>(options_.now_ms / 1000);
      const bool looks = SSL_get_verify_mode(ssl_) != SSL_VERIFY_NONE;
      if (looks && is_resumed && ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate), now_s) < 0)
        return Refuse(HandshakeResult::kExpired, "bad certificate: it expired since the session began");
      peer_ = ReadPeer(*certificate);
    }
    is_open_ = true;
    is_counted_ = true;
    options_.metrics->Count(is_resumed ? HandshakeResult::kResumed : HandshakeResult::kFull);
  }

  void Encrypt() {
    if (!write_done_ || inner_writing_) return;
    while (write_index_ < write_pieces_.size() && BIO_ctrl_pending(out_) < kOutBytesMax) {
      ByteView& piece = write_pieces_[write_index_];
      const int size = static_cast<int>(std::min(piece.size(), kOutBytesMax));
      const int written = SSL_write(ssl_, piece.data(), size);
      if (written <= 0) {
        // Memory takes whatever it is given: anything else is the end of this connection.
        return Fail(tickscope::Fail(ErrorCode::kUnavailable,
                                    "cannot write: address=" + remote_address_ + ": " + TakeSslReason())
                        .error());
      }
      piece = piece.subspan(static_cast<std::size_t>(written));
      if (piece.empty()) ++write_index_;
    }
  }

  void Decrypt() {
    wants_input_ = false;
    if (!read_done_ || BIO_ctrl_pending(out_) >= kOutBytesMax) return;
    const int size = static_cast<int>(std::min(read_buffer_.size(), kInputBytesBusy));
    const int read = SSL_read(ssl_, read_buffer_.data(), size);
    if (read > 0) return FinishRead(static_cast<std::size_t>(read));
    switch (SSL_get_error(ssl_, read)) {
      case SSL_ERROR_WANT_READ:
        wants_input_ = true;
        if (inner_ended_)
          Fail(tickscope::Fail(
                   ErrorCode::kUnavailable,
                   "the stream was cut, without the end that TLS demands: address=" + remote_address_)
                   .error());
        return;
      case SSL_ERROR_ZERO_RETURN:
        return FinishRead(0);
      default:
        // An alert that refuses our certificate comes here: in TLS 1.3 the client's part of the handshake is over before.
        Fail(tickscope::Fail(ErrorCode::kUnavailable,
                             "TLS broke: address=" + remote_address_ + ": " + TakeSslReason())
                 .error());
    }
  }

  void ShutDown() {
    if (!shut_wanted_ || shut_sent_ || write_done_ || error_) return;
    shut_sent_ = true;
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }

  void Flush() {
    if (inner_writing_ || is_dropped_ || inner_ == nullptr) return;
    const std::size_t pending = BIO_ctrl_pending(out_);
    if (pending == 0) {
      output_ = {};
      if ((shut_sent_ || failing_ || (shut_wanted_ && !is_open_ && !write_done_)) && !inner_shut_) {
        inner_shut_ = true;
        inner_->ShutdownWrite();
      }
      if (failing_) Linger();
      return;
    }
    output_.resize(pending);
    const int read = BIO_read(out_, output_.data(), static_cast<int>(pending));
    output_.resize(static_cast<std::size_t>(std::max(read, 0)));
    inner_writing_ = true;
    inner_->Write({output_}, [self = shared_from_this()](const Status& written) {
      self->inner_writing_ = false;
      if (self->is_dropped_) return;
      if (!written) return self->Break(written.error());
      if (self->failing_) return self->Flush();
      self->Pump();
    });
  }

  void CompleteWrite() {
    if (!write_done_ || write_index_ < write_pieces_.size() || inner_writing_ || !is_open_ || error_) return;
    if (BIO_ctrl_pending(out_) > 0) return;
    write_pieces_.clear();
    loop_.Post([self = shared_from_this(), done = std::exchange(write_done_, nullptr)]() mutable {
      if (!self->is_dropped_) done({});
    });
    // The end was asked for while this was on its way.
    if (shut_wanted_ && !shut_sent_) {
      ShutDown();
      Flush();
    }
  }

  void FinishRead(std::size_t bytes) {
    loop_.Post([self = shared_from_this(), done = std::exchange(read_done_, nullptr), bytes]() mutable {
      if (!self->is_dropped_) done(bytes);
    });
  }

  void FetchInput() {
    if (inner_reading_ || inner_ended_ || is_dropped_ || error_) return;
    // Who waits for a turn is read on to see whether it is still there.
    if (is_waiting_ && BIO_ctrl_pending(in_) > kInputBytesBusy) return;
    const bool is_wanted = is_open_ ? read_done_ && wants_input_ : began_ && (read_done_ || write_done_);
    if (!is_wanted) return;
    if (input_.size() != input_bytes_) input_ = Bytes(input_bytes_);
    inner_reading_ = true;
    inner_->Read(input_, [self = shared_from_this()](Result<std::size_t> bytes) {
      self->inner_reading_ = false;
      if (self->is_dropped_) return;
      if (self->linger_timer_) return self->Discarded(bytes);
      if (!bytes) return self->Break(bytes.error());
      if (*bytes == 0) {
        self->inner_ended_ = true;
      } else {
        BIO_write(self->in_, self->input_.data(), static_cast<int>(*bytes));
        self->input_bytes_ = *bytes == self->input_.size() ? kInputBytesBusy : kInputBytesIdle;
      }
      self->Pump();
    });
  }

  // A handshake that comes to nothing.
  void Refuse(HandshakeResult result, const std::string& why) {
    is_counted_ = true;
    options_.metrics->Count(result);
    Fail(tickscope::Fail(ErrorCode::kUnauthenticated, why + ": address=" + remote_address_).error());
  }

  void Fail(Error error) {
    if (error_) return;
    CountIncomplete();
    error_ = std::move(error);
    failing_ = true;
  }

  // The connection beneath is gone: there is nobody to tell.
  void Break(const Error& error) {
    Fail(error);
    failing_ = false;
    Deliver();
  }

  void CountIncomplete() {
    if (!began_ || std::exchange(is_counted_, true)) return;
    options_.metrics->Count(HandshakeResult::kIncomplete);
  }

  void Linger() {
    if (linger_timer_) return;
    if (options_.side == Side::kClient || inner_ended_) {
      failing_ = false;
      return Deliver();
    }
    linger_timer_ = loop_.After(kRefusalLinger, [self = shared_from_this()] {
      self->linger_timer_.reset();
      self->failing_ = false;
      self->Deliver();
    });
    // A read that is under way since a turn was waited for is the first of them.
    if (!inner_reading_) Discard();
  }

  void Discard() {
    input_.resize(kInputBytesIdle);
    inner_->Read(input_,
                 [self = shared_from_this()](const Result<std::size_t>& bytes) { self->Discarded(bytes); });
  }

  void Discarded(const Result<std::size_t>& bytes) {
    if (is_dropped_ || !failing_) return;
    if (bytes && *bytes > 0) return Discard();
    if (linger_timer_) loop_.CancelTimer(*std::exchange(linger_timer_, std::nullopt));
    failing_ = false;
    Deliver();
  }

  // Tells whoever waits that it failed.
  void Deliver() {
    if (read_done_) {
      loop_.Post([self = shared_from_this(), done = std::exchange(read_done_, nullptr)]() mutable {
        if (!self->is_dropped_) done(std::unexpected(*self->error_));
      });
    }
    if (write_done_) {
      loop_.Post([self = shared_from_this(), done = std::exchange(write_done_, nullptr)]() mutable {
        if (!self->is_dropped_) done(std::unexpected(*self->error_));
      });
    }
  }

  io::EventLoop& loop_;
  std::unique_ptr<io::Connection> inner_;
  TlsConnectionOptions options_;
  SSL* const ssl_;
  BIO* in_ = nullptr;  // Owned by ssl_, as out_ is.
  BIO* out_ = nullptr;
  const std::string remote_address_;
  std::shared_ptr<const Peer> peer_;

  bool began_ = false;
  bool is_open_ = false;
  bool is_counted_ = false;
  bool is_waiting_ = false;  // For a turn of the handshake.
  bool has_turn_ = false;
  std::optional<Error> error_;
  bool failing_ = false;  // The other end is still to be told.
  std::optional<io::TimerId> linger_timer_;
  bool is_dropped_ = false;

  std::span<std::byte> read_buffer_;
  io::ReadCallback read_done_;
  bool wants_input_ = false;
  std::vector<ByteView> write_pieces_;
  std::size_t write_index_ = 0;
  io::WriteCallback write_done_;
  bool shut_wanted_ = false;
  bool shut_sent_ = false;

  Bytes input_;
  std::size_t input_bytes_ = kInputBytesIdle;
  bool inner_reading_ = false;
  bool inner_ended_ = false;
  Bytes output_;
  bool inner_writing_ = false;
  bool inner_shut_ = false;
};

class TlsConnection final : public SecureConnection {
 public:
  TlsConnection(io::EventLoop& loop, std::unique_ptr<io::Connection> inner, TlsConnectionOptions options)
      : state_(std::make_shared<State>(loop, std::move(inner), std::move(options))) {}
  ~TlsConnection() override { state_->Drop(); }

  void Read(std::span<std::byte> buffer, io::ReadCallback done) override {
    state_->Read(buffer, std::move(done));
  }
  void Write(std::vector<ByteView> pieces, io::WriteCallback done) override {
    state_->Write(std::move(pieces), std::move(done));
  }
  void ShutdownWrite() override { state_->ShutdownWrite(); }
  void Close() override { state_->Close(); }
  std::string remote_address() const override { return state_->remote_address(); }
  std::shared_ptr<const Peer> peer() const override { return state_->peer(); }

 private:
  const std::shared_ptr<State> state_;
};

int OnNewSession(SSL* ssl, SSL_SESSION* session) {
  auto* const state = static_cast<State*>(SSL_get_ex_data(ssl, StateIndex()));
  if (state == nullptr) return 0;
  state->TakeSession(SessionPtr(session));
  return 1;  // The session is ours now.
}

}  // namespace

std::unique_ptr<SecureConnection> MakeTlsConnection(io::EventLoop& loop,
                                                    std::unique_ptr<io::Connection> inner,
                                                    TlsConnectionOptions options) {
  return std::make_unique<TlsConnection>(loop, std::move(inner), std::move(options));
}

void EnableSessionSinks(SSL_CTX& context) {
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, OnNewSession);
}

}  // namespace tickscope::tls
