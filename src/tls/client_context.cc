#include "tls/client_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"
#include "tls/credentials.h"
#include "tls/handshake_metrics.h"
#include "tls/tls_connection.h"

namespace tickscope::tls {
namespace {

// What to say the next time to servers that were met, a session for each connection there was. Connections outlive it: they share it.
class Sessions {
 public:
  explicit Sessions(std::size_t sessions_max) : sessions_max_(sessions_max) {}

  void Put(const std::string& server, SessionPtr session) TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    if (sessions_max_ == 0) return;
    if (sessions_.size() >= sessions_max_) sessions_.pop_front();
    sessions_.emplace_back(server, std::move(session));
  }
  // A ticket of TLS 1.3 is for one use, so that connections cannot be told to be of one client; the server sends another.
  [[nodiscard]] SessionPtr Take(const std::string& server) TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    // The newest is the likeliest to be good still.
    const auto found = std::find_if(sessions_.rbegin(), sessions_.rend(),
                                    [&](const auto& kept) { return kept.first == server; });
    if (found == sessions_.rend()) return nullptr;
    SessionPtr session = std::move(found->second);
    sessions_.erase(std::next(found).base());
    return session;
  }
  void Clear() TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    sessions_.clear();
  }

 private:
  const std::size_t sessions_max_;
  Mutex mu_;
  std::deque<std::pair<std::string, SessionPtr>> sessions_ TICKSCOPE_GUARDED_BY(mu_);  // Oldest first.
};

struct Loaded {
  SslContextPtr context;
  std::uint64_t fingerprint = 0;
};

Result<Loaded> LoadFiles(io::FileSystem& fs, const ClientOptions& options) {
  TICKSCOPE_ASSIGN_OR_RETURN(const PemFiles files,
                             ReadPemFiles(fs, options.certificate_file, options.key_file, options.ca_file));
  Loaded loaded;
  loaded.fingerprint = files.Fingerprint();
  loaded.context = SslContextPtr(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (loaded.context == nullptr) return Fail(ErrorCode::kInternal, "tls: " + TakeSslReason());
  SSL_CTX& context = *loaded.context;
  SetCommonOptions(context, options.version_min);
  SSL_CTX_set_verify(&context, options.trusts_anyone ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(&context);
  } else {
    TICKSCOPE_RETURN_IF_ERROR(TrustAuthorities(context, files.ca, options.ca_file));
  }
  if (!options.certificate_file.empty())
    TICKSCOPE_RETURN_IF_ERROR(UseCertificate(context, files, options.certificate_file));
  EnableSessionSinks(context);
  return loaded;
}

class ClientContextImpl final : public ClientContext {
 public:
  ClientContextImpl(io::FileSystem& fs, const Clock& clock, MetricRegistry& metrics, ClientOptions options,
                    Loaded loaded)
      : fs_(fs),
        clock_(clock),
        options_(std::move(options)),
        handshakes_(std::make_shared<HandshakeMetrics>(metrics, Side::kClient)),
        loaded_(std::move(loaded)) {}

  std::unique_ptr<SecureConnection> Connect(io::EventLoop& loop, std::unique_ptr<io::Connection> connection,
                                            const std::string& host) override {
    SslContextPtr context;
    {
      const MutexLock lock(mu_);
      context = loaded_.context;
    }
    TlsConnectionOptions options;
    options.side = Side::kClient;
    options.ssl = SslPtr(SSL_new(context.get()));
    TICKSCOPE_CHECK(options.ssl != nullptr);
    options.metrics = handshakes_;
    options.now_ms = clock_.NowMs();
    SSL* const ssl = options.ssl.get();
    const std::string& name = options_.server_name.empty() ? host : options_.server_name;
    X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_time(verify, static_cast<time_t>(options.now_ms / 1000));
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // An address is not said in the handshake (RFC 6066 section 3), and compared as one.
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, name.c_str()) != 1) {
      ERR_clear_error();
      SSL_set_tlsext_host_name(ssl, name.c_str());
      X509_VERIFY_PARAM_set1_host(verify, name.c_str(), 0);
    }
    const std::string server = connection->remote_address() + " " + name;
    if (const SessionPtr session = sessions_->Take(server)) SSL_set_session(ssl, session.get());
    options.on_session = [sessions = sessions_, server](SessionPtr session) {
      sessions->Put(server, std::move(session));
    };
    return MakeTlsConnection(loop, std::move(connection), std::move(options));
  }

  Result<bool> Reload() override {
    TICKSCOPE_ASSIGN_OR_RETURN(Loaded loaded, LoadFiles(fs_, options_));
    const MutexLock lock(mu_);
    if (loaded.fingerprint == loaded_.fingerprint) return false;
    loaded_ = std::move(loaded);
    // They were begun with what is not in force any more.
    sessions_->Clear();
    return true;
  }

 private:
  io::FileSystem& fs_;
  const Clock& clock_;
  const ClientOptions options_;
  const std::shared_ptr<HandshakeMetrics> handshakes_;
  const std::shared_ptr<Sessions> sessions_ = std::make_shared<Sessions>(options_.sessions_max);
  Mutex mu_;
  Loaded loaded_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace

Result<std::shared_ptr<ClientContext>> ClientContext::Load(io::FileSystem& fs, const Clock& clock,
                                                           MetricRegistry& metrics,
                                                           const ClientOptions& options) {
  TICKSCOPE_ASSIGN_OR_RETURN(Loaded loaded, LoadFiles(fs, options));
  return std::make_shared<ClientContextImpl>(fs, clock, metrics, options, std::move(loaded));
}

}  // namespace tickscope::tls
