#include "rpc/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <mutex>
#include <string>
#include <utility>

namespace tickscope::rpc {
namespace {

class TlsCredentials final : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(plugin::GrpcCertificateSource source) : source_(std::move(source)) {
    credentials_ = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY, Fetch, this));
  }
  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  // Nothing is asked of a call here.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // At the start, and at each connection.
  static grpc_ssl_certificate_config_reload_status Fetch(void* self,
                                                         grpc_ssl_server_certificate_config** config) {
    return static_cast<TlsCredentials*>(self)->FetchChanged(config);
  }

  grpc_ssl_certificate_config_reload_status FetchChanged(grpc_ssl_server_certificate_config** config) {
    plugin::GrpcCertificate now = source_();
    const std::lock_guard lock(mu_);
    if (now.owner == shown_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    // gRPC reads to a NUL.
    const std::string key(now.key);
    const std::string chain(now.chain);
    // It does not do without (1.51 asserts it), and only tells clients; nobody looks at what they show then.
    const std::string client_ca(now.client_ca.empty() ? now.chain : now.client_ca);
    const grpc_ssl_pem_key_cert_pair pair{.private_key = key.c_str(), .cert_chain = chain.c_str()};
    *config = grpc_ssl_server_certificate_config_create(client_ca.c_str(), &pair, 1);
    shown_ = std::move(now.owner);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const plugin::GrpcCertificateSource source_;
  grpc_server_credentials* credentials_ = nullptr;
  std::mutex mu_;
  std::shared_ptr<const void> shown_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(plugin::GrpcCertificateSource source) {
  return std::make_shared<TlsCredentials>(std::move(source));
}

}  // namespace tickscope::rpc
