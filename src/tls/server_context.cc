#include "tls/server_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"
#include "tls/credentials.h"
#include "tls/handshake_metrics.h"
#include "tls/peer_certificate.h"
#include "tls/tls_connection.h"

namespace tickscope::tls {
namespace {

constexpr long kSessionSeconds = 3600;

// Certificates that were found good are kept, as many.
constexpr std::size_t kVerifiedMax = 8192;

struct Loaded {
  SslContextPtr context;
  std::shared_ptr<const PemFiles> files;
  std::uint64_t fingerprint = 0;
  std::int64_t expires_s = 0;  // When the certificate does.
};

// HTTP/1.1 is all that is spoken here. A client that offers other protocols only may still try: it gets no choice made.
int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr std::array<unsigned char, 9> kHttp = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, kHttp.data(), kHttp.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

std::int64_t ExpirySeconds(const X509* certificate) {
  std::tm time{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
  return static_cast<std::int64_t>(timegm(&time));
}

Result<Loaded> LoadFiles(io::FileSystem& fs, const ServerOptions& options) {
  const bool asks_clients = options.client_certificates != ClientCertificates::kOff;
  if (asks_clients && options.client_ca_file.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "tls: client certificates are wanted, and no client_ca_file says whose");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(PemFiles files, ReadPemFiles(fs, options.certificate_file, options.key_file,
                                                          asks_clients ? options.client_ca_file : ""));
  Loaded loaded;
  loaded.fingerprint = files.Fingerprint();
  loaded.context = SslContextPtr(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (loaded.context == nullptr) return Fail(ErrorCode::kInternal, "tls: " + TakeSslReason());
  SSL_CTX& context = *loaded.context;
  SetCommonOptions(context, options.version_min);
  TICKSCOPE_RETURN_IF_ERROR(UseCertificate(context, files, options.certificate_file));
  loaded.expires_s = ExpirySeconds(SSL_CTX_get0_certificate(&context));
  if (asks_clients) {
    TICKSCOPE_RETURN_IF_ERROR(TrustAuthorities(context, files.ca, options.client_ca_file));
    const bool is_required = options.client_certificates == ClientCertificates::kRequired;
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       nullptr);
  }
  SSL_CTX_set_options(&context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(&context, ChooseProtocol, nullptr);
  // Sessions are in tickets that clients keep; nothing of them stays here.
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(&context, kSessionSeconds);
  SSL_CTX_set_num_tickets(&context, 1);
  // A session of one listener is none of another's, nor of the same one with other rules.
  std::array<unsigned char, 16> id{};
  if (RAND_bytes(id.data(), id.size()) != 1 ||
      SSL_CTX_set_session_id_context(&context, id.data(), id.size()) != 1)
    return Fail(ErrorCode::kInternal, "tls: " + TakeSslReason());
  loaded.files = std::make_shared<const PemFiles>(std::move(files));
  return loaded;
}

std::string HashOf(std::string_view text) {
  std::string hash(32, '\0');
  unsigned size = 0;
  TICKSCOPE_CHECK(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(hash.data()), &size,
                             EVP_sha256(), nullptr) == 1);
  return hash;
}

class ServerContextImpl final : public ServerContext {
 public:
  ServerContextImpl(io::FileSystem& fs, const Clock& clock, MetricRegistry& metrics, ServerOptions options,
                    Loaded loaded)
      : fs_(fs),
        clock_(clock),
        handshakes_(std::make_shared<HandshakeMetrics>(metrics, Side::kServer)),
        expiry_(metrics.AddGauge("tickscope_tls_certificate_expiry_seconds",
                                 "When the certificate that the server shows expires, since the epoch.", {})),
        waiting_(metrics.AddGauge("tickscope_tls_handshakes_waiting",
                                  "Steps of handshakes that wait for their turn.", {})),
        reloads_ok_(AddReloads(metrics, "ok")),
        reloads_failed_(AddReloads(metrics, "failed")),
        options_(std::move(options)),
        loaded_(std::move(loaded)) {
    expiry_->Set(static_cast<double>(loaded_.expires_s));
  }

  std::unique_ptr<SecureConnection> Accept(io::EventLoop& loop,
                                           std::unique_ptr<io::Connection> connection) override {
    SslContextPtr context;
    TlsConnectionOptions options;
    {
      const MutexLock lock(mu_);
      context = loaded_.context;
      options.turns = TurnsOf(loop);
    }
    options.side = Side::kServer;
    options.ssl = SslPtr(SSL_new(context.get()));  // Keeps the context.
    TICKSCOPE_CHECK(options.ssl != nullptr);
    options.metrics = handshakes_;
    options.now_ms = clock_.NowMs();
    X509_VERIFY_PARAM_set_time(SSL_get0_param(options.ssl.get()), static_cast<time_t>(options.now_ms / 1000));
    return MakeTlsConnection(loop, std::move(connection), std::move(options));
  }

  std::shared_ptr<const PemFiles> files() override {
    const MutexLock lock(mu_);
    return loaded_.files;
  }

  Result<std::shared_ptr<const Peer>> Verify(std::string_view leaf, std::string_view intermediates) override {
    const std::string hash = HashOf(leaf);
    const TimeMs now_ms = clock_.NowMs();
    SslContextPtr context;
    {
      const MutexLock lock(mu_);
      const ClientCertificates wanted = options_.client_certificates;
      if (wanted == ClientCertificates::kOff) return nullptr;
      if (leaf.empty()) {
        if (wanted == ClientCertificates::kOptional) return nullptr;
        return Refuse({HandshakeResult::kNoCertificate, "want a client certificate"});
      }
      // Who showed it before is known, also without the intermediates that a resumed session no longer has.
      const auto known = verified_.find(hash);
      if (known != verified_.end() && now_ms < known->second.expires_ms) return known->second.peer;
      context = loaded_.context;
    }
    auto good = VerifyClient(*context, leaf, intermediates, now_ms);
    if (!good) return Refuse(good.error());
    std::shared_ptr<const Peer> peer = good->peer;
    const MutexLock lock(mu_);
    if (context == loaded_.context) {
      if (verified_.size() >= kVerifiedMax) verified_.clear();
      verified_.insert_or_assign(hash, *std::move(good));
    }
    return peer;
  }

  Result<bool> Reload(const ServerOptions& options) override {
    Result<Loaded> loaded = LoadFiles(fs_, options);
    if (!loaded) {
      reloads_failed_->Add();
      return std::unexpected(std::move(loaded).error());
    }
    const MutexLock lock(mu_);
    if (loaded->fingerprint == loaded_.fingerprint && options == options_) return false;
    options_ = options;
    loaded_ = *std::move(loaded);
    verified_.clear();
    expiry_->Set(static_cast<double>(loaded_.expires_s));
    reloads_ok_->Add();
    return true;
  }

  Result<bool> Reload() override {
    ServerOptions options;
    {
      const MutexLock lock(mu_);
      options = options_;
    }
    return Reload(options);
  }

 private:
  std::unexpected<Error> Refuse(const BadCertificate& bad) {
    handshakes_->Count(bad.result);
    return Fail(ErrorCode::kUnauthenticated, bad.why);
  }

  // A loop's connections share them, and keep them.
  std::shared_ptr<HandshakeTurns> TurnsOf(io::EventLoop& loop) TICKSCOPE_REQUIRES(mu_) {
    std::weak_ptr<HandshakeTurns>& kept = turns_[&loop];
    std::shared_ptr<HandshakeTurns> turns = kept.lock();
    if (turns == nullptr) {
      turns = std::make_shared<HandshakeTurns>(loop, *waiting_);
      kept = turns;
    }
    return turns;
  }

  static Counter* AddReloads(MetricRegistry& metrics, std::string result) {
    return metrics.AddCounter("tickscope_tls_reloads_total",
                              "Changes of certificate files that were taken up, or could not be.",
                              {{"result", std::move(result)}});
  }

  io::FileSystem& fs_;
  const Clock& clock_;
  const std::shared_ptr<HandshakeMetrics> handshakes_;
  Gauge* const expiry_;
  Gauge* const waiting_;
  Counter* const reloads_ok_;
  Counter* const reloads_failed_;
  Mutex mu_;
  ServerOptions options_ TICKSCOPE_GUARDED_BY(mu_);
  Loaded loaded_ TICKSCOPE_GUARDED_BY(mu_);
  std::map<std::string, ClientCertificate> verified_ TICKSCOPE_GUARDED_BY(mu_);  // By the hash of its text.
  std::map<const io::EventLoop*, std::weak_ptr<HandshakeTurns>> turns_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace

Result<std::shared_ptr<ServerContext>> ServerContext::Load(io::FileSystem& fs, const Clock& clock,
                                                           MetricRegistry& metrics,
                                                           const ServerOptions& options) {
  TICKSCOPE_ASSIGN_OR_RETURN(Loaded loaded, LoadFiles(fs, options));
  return std::make_shared<ServerContextImpl>(fs, clock, metrics, options, std::move(loaded));
}

}  // namespace tickscope::tls
